import { concatBytes } from '../bytes/gather.ts';
import { nameToBytes } from '../bytes/name.ts';
import { civil, toSeconds } from '../bytes/time.ts';
import { crc32 } from '../kernels/crc32.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import type { Archive } from './archive.ts';
import { compressed, type ByteSink } from './archive-sink.ts';

/** Section numbers are those of PKWARE's APPNOTE 6.3.10. */
const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
/** General purpose bits 3 (sizes come after the data) and 11 (names are UTF-8). */
const FLAGS = 0x0808;
const STORED = 0;
const DEFLATED = 8;
const VERSION64 = 45;
const MADE_ON_UNIX = 3 << 8;
const MAX16 = 0xffff;
const MAX32 = 0xffffffff;
const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const SYMLINK = 0o120000;

/**
 * A zip with what Kopia's lacks: folders, symbolic links, owners, full Unix modes and times to 100 ns. It is written in
 * one pass, so that it can go to a pipe; every file may grow beyond 4 GiB (zip64). The central directory is held as
 * bytes, about 120 and the name for each entry.
 */
export class ZipArchive implements Archive {
  readonly #sink: ByteSink;
  readonly #compress: boolean;
  readonly #central: Uint8Array[] = [];
  #centralLength = 0;
  #entries = 0;
  #position = 0;

  constructor(sink: ByteSink, { compress }: { compress: boolean }) {
    this.#sink = sink;
    this.#compress = compress;
  }

  async directory(path: string, entry: DirEntry): Promise<void> {
    await this.#add(path + '/', entry, DIRECTORY, STORED, empty());
  }

  async symlink(path: string, entry: DirEntry, target: string): Promise<void> {
    await this.#add(path, entry, SYMLINK, STORED, once(nameToBytes(target)));
  }

  async file(path: string, entry: DirEntry, length: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#add(path, entry, REGULAR, this.#compress && length > 0 ? DEFLATED : STORED, bytes);
  }

  async end(): Promise<void> {
    const start = this.#position;
    for (const part of this.#central) await this.#write(part);
    await this.#write(endRecords(this.#entries, this.#centralLength, start));
    await this.#sink.end();
  }

  abort(): Promise<void> {
    return this.#sink.abort();
  }

  async #write(data: Uint8Array): Promise<void> {
    await this.#sink.write(data);
    this.#position += data.length;
  }

  /** Section 4.3: local header, data, data descriptor; the central header is kept for the end. */
  async #add(
    path: string,
    entry: DirEntry,
    type: number,
    method: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const name = nameToBytes(path);
    const offset = this.#position;
    const stamp = dosTime(entry.mtime);
    const extra = attributes(entry);
    const local = new Fields().u32(LOCAL).u16(VERSION64).u16(FLAGS).u16(method).u16(stamp.time).u16(stamp.date);
    // sizes of eight bytes in the descriptor are announced by a zip64 field here (4.3.9.2)
    const sizes64 = new Fields().u16(1).u16(16).u64(0).u64(0).bytes();
    local
      .u32(0)
      .u32(MAX32)
      .u32(MAX32)
      .u16(name.length)
      .u16(sizes64.length + extra.length);
    await this.#write(concatBytes([local.bytes(), name, sizes64, extra]));

    const start = this.#position;
    let size = 0;
    let crc = 0;
    async function* measured(): AsyncGenerator<Uint8Array> {
      for await (const piece of bytes) {
        size += piece.length;
        crc = crc32(piece, crc);
        yield piece;
      }
    }
    const data = method === DEFLATED ? compressed('deflate-raw', measured()) : measured();
    for await (const piece of data) await this.#write(piece);
    const packed = this.#position - start;
    await this.#write(new Fields().u32(DESCRIPTOR).u32(crc).u64(packed).u64(size).bytes());

    const zip64 = new Fields();
    if (size >= MAX32) zip64.u64(size);
    if (packed >= MAX32) zip64.u64(packed);
    if (offset >= MAX32) zip64.u64(offset);
    const large = zip64.bytes();
    const all = concatBytes([large.length === 0 ? large : new Fields().u16(1).u16(large.length).bytes(), large, extra]);
    const mode = ((type | (entry.mode & 0o7777)) << 16) >>> 0;
    const central = new Fields()
      .u32(CENTRAL)
      .u16(MADE_ON_UNIX | VERSION64)
      .u16(VERSION64)
      .u16(FLAGS)
      .u16(method);
    central.u16(stamp.time).u16(stamp.date).u32(crc).u32(Math.min(packed, MAX32)).u32(Math.min(size, MAX32));
    central.u16(name.length).u16(all.length).u16(0).u16(0).u16(0);
    central.u32(mode + (type === DIRECTORY ? 0x10 : 0)).u32(Math.min(offset, MAX32));
    const record = concatBytes([central.bytes(), name, all]);
    this.#central.push(record);
    this.#centralLength += record.length;
    this.#entries++;
  }
}

/** Sections 4.3.14 to 4.3.16. */
function endRecords(entries: number, length: number, start: number): Uint8Array {
  const end = new Fields();
  if (entries >= MAX16 || length >= MAX32 || start >= MAX32) {
    end
      .u32(END64)
      .u64(44)
      .u16(MADE_ON_UNIX | VERSION64)
      .u16(VERSION64)
      .u32(0)
      .u32(0);
    end.u64(entries).u64(entries).u64(length).u64(start);
    end
      .u32(LOCATOR64)
      .u32(0)
      .u64(start + length)
      .u32(1);
  }
  const count = Math.min(entries, MAX16);
  end.u32(END).u16(0).u16(0).u16(count).u16(count).u32(Math.min(length, MAX32)).u32(Math.min(start, MAX32)).u16(0);
  return end.bytes();
}

/** Extra fields: Info-ZIP time 0x5455 and owner 0x7875, and NTFS times 0x000a, which reach further and finer. */
function attributes({ mtime, uid, gid }: DirEntry): Uint8Array {
  const fields = new Fields();
  const seconds = toSeconds(mtime);
  if (seconds >= -(2 ** 31) && seconds < 2 ** 31)
    fields
      .u16(0x5455)
      .u16(5)
      .u8(1)
      .u32(seconds >>> 0);
  fields.u16(0x7875).u16(11).u8(1).u8(4).u32(uid).u8(4).u32(gid);
  const ticks = mtime / 100n + 116_444_736_000_000_000n;
  if (ticks >= 0n) fields.u16(0x000a).u16(32).u32(0).u16(1).u16(24).big(ticks).big(ticks).big(ticks);
  return fields.bytes();
}

/** In UTC, from 1980 to 2107, to two seconds. */
function dosTime(mtime: bigint): { time: number; date: number } {
  const { year, month, day, hour, minute, second } = civil(toSeconds(mtime));
  if (year < 1980) return { time: 0, date: 0x21 };
  if (year > 2107) return { time: 0xbf7d, date: 0xff9f };
  return { time: (hour << 11) | (minute << 5) | (second >> 1), date: ((year - 1980) << 9) | (month << 5) | day };
}

/** Little-endian fields one after the other. */
class Fields {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value).u8(value >>> 8);
  }

  u32(value: number): this {
    return this.u16(value).u16(value >>> 16);
  }

  u64(value: number): this {
    return this.big(BigInt(value));
  }

  big(value: bigint): this {
    return this.u32(Number(value & 0xffffffffn)).u32(Number(value >> 32n));
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
