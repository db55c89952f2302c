import { concatBytes, utf8 } from '../bytes/gather.ts';
import { nameToBytes } from '../bytes/name.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import type { Archive } from './archive.ts';
import type { ByteSink } from './archive-sink.ts';

const BLOCK = 512;
const NS = 1_000_000_000n;
/** Largest values of the octal fields. */
const MAX_ID = 0o7777777;
const MAX_LONG = 0o77777777777;
const NAME = 100;

/**
 * A POSIX tar (IEEE 1003.1, pax): what a ustar header cannot hold - long or non-ASCII names, fractions of seconds, big
 * sizes and owners - stands in an extended header before it. Modes are Unix modes, set-ID bits included; Kopia writes
 * Go's numbers there.
 */
export class TarArchive implements Archive {
  readonly #sink: ByteSink;
  #written = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  async directory(path: string, entry: DirEntry): Promise<void> {
    await this.#header(path + '/', entry, '5', 0, '');
  }

  async symlink(path: string, entry: DirEntry, target: string): Promise<void> {
    await this.#header(path, entry, '2', 0, target);
  }

  async file(path: string, entry: DirEntry, length: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#header(path, entry, '0', length, '');
    for await (const piece of bytes) await this.#write(piece);
    await this.#pad(length);
  }

  async end(): Promise<void> {
    await this.#write(new Uint8Array(2 * BLOCK));
    // whole records of twenty blocks, as tar programs read them
    const over = this.#written % (20 * BLOCK);
    if (over > 0) await this.#write(new Uint8Array(20 * BLOCK - over));
    await this.#sink.end();
  }

  abort(): Promise<void> {
    return this.#sink.abort();
  }

  async #write(data: Uint8Array): Promise<void> {
    await this.#sink.write(data);
    this.#written += data.length;
  }

  async #pad(length: number): Promise<void> {
    const over = length % BLOCK;
    if (over > 0) await this.#write(new Uint8Array(BLOCK - over));
  }

  async #header(path: string, entry: DirEntry, type: string, size: number, linkTarget: string): Promise<void> {
    const name = nameToBytes(path);
    const link = nameToBytes(linkTarget);
    const records: Uint8Array[] = [];
    const record = (key: string, value: string | Uint8Array) => records.push(paxRecord(key, value));
    if (name.length > NAME || !isAscii(name)) record('path', name);
    if (link.length > NAME || !isAscii(link)) record('linkpath', link);
    if (size > MAX_LONG) record('size', String(size));
    if (entry.uid > MAX_ID) record('uid', String(entry.uid));
    if (entry.gid > MAX_ID) record('gid', String(entry.gid));
    const seconds = floorSeconds(entry.mtime);
    if (entry.mtime % NS !== 0n || seconds < 0n || seconds > BigInt(MAX_LONG))
      record('mtime', decimalSeconds(entry.mtime));
    if (records.length > 0) {
      const body = concatBytes(records);
      const base = nameToBytes('PaxHeader/' + path.replace(/\/$/, '').split('/').at(-1)!).subarray(0, NAME);
      await this.#write(
        ustar({ name: base, mode: 0o644, uid: 0, gid: 0, size: body.length, seconds: 0n, type: 'x', link: utf8('') }),
      );
      await this.#write(body);
      await this.#pad(body.length);
    }
    const { mode, uid, gid } = entry;
    await this.#write(
      ustar({ name: name.subarray(0, NAME), mode, uid, gid, size, seconds, type, link: link.subarray(0, NAME) }),
    );
  }
}

interface Header {
  name: Uint8Array;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  seconds: bigint;
  type: string;
  link: Uint8Array;
}

function ustar({ name, mode, uid, gid, size, seconds, type, link }: Header): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (value: string, at: number) => block.set(utf8(value), at);
  const octal = (value: number, at: number, digits: number) => text(value.toString(8).padStart(digits, '0'), at);
  block.set(name, 0);
  octal(mode & 0o7777, 100, 7);
  octal(Math.min(uid, MAX_ID), 108, 7);
  octal(Math.min(gid, MAX_ID), 116, 7);
  octal(Math.min(size, MAX_LONG), 124, 11);
  octal(Math.min(Math.max(Number(seconds), 0), MAX_LONG), 136, 11);
  text('        ', 148);
  text(type, 156);
  block.set(link, 157);
  text('ustar', 257);
  text('00', 263);
  octal(0, 329, 7);
  octal(0, 337, 7);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}

/** `LENGTH KEY=VALUE\n`; the length counts its own digits. */
function paxRecord(key: string, value: string | Uint8Array): Uint8Array {
  const rest = concatBytes([utf8(` ${key}=`), typeof value === 'string' ? utf8(value) : value, utf8('\n')]);
  let length = rest.length + 1;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return concatBytes([utf8(String(length)), rest]);
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function floorSeconds(time: bigint): bigint {
  return time >= 0n || time % NS === 0n ? time / NS : time / NS - 1n;
}

/** Of a time before 1970 the whole number with its sign, as pax has it: -1.25 is a second and a quarter before. */
function decimalSeconds(time: bigint): string {
  const size = time < 0n ? -time : time;
  const fraction = String(size % NS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${time < 0n ? '-' : ''}${size / NS}${fraction === '' ? '' : '.' + fraction}`;
}
