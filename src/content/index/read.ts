import { readU32 } from '../../bytes/integer.ts';
import { CairnError } from '../../errors.ts';
import { EntryList, type Run } from './entries.ts';

/**
 * Reads an index file (spec/repository-format.md section 9) into columns. Everything is checked against the length of the
 * file before it is used; a damaged file is `corrupt`, never a crash or a large allocation.
 */
export function readIndex(file: Uint8Array): EntryList {
  const entries = read(file);
  check(entries, 0);
  return entries;
}

/** The same behind the entries that are there; a damaged file adds none. */
export function readRun(file: Uint8Array, entries: EntryList): Run {
  const from = entries.count;
  try {
    check(read(file, entries), from);
    return { from, to: entries.count };
  } catch (error) {
    entries.count = from;
    throw error;
  }
}

function read(file: Uint8Array, into?: EntryList): EntryList {
  if (file.length < 8) throw bad('it is too short');
  const entries = file[0] === 1 ? readV1(file, into) : file[0] === 2 ? readV2(file, into) : undefined;
  if (entries === undefined) throw bad(`its version is ${file[0]}`);
  return entries;
}

function check(entries: EntryList, from: number): void {
  for (let at = from; at < entries.count; at++) {
    const prefix = entries.keys[at * entries.keySize];
    if (prefix !== 0 && (prefix < LETTER_G || prefix > LETTER_Z)) throw bad(`a key has the prefix ${prefix}`);
    if (at > from && entries.compareKeys(at - 1, entries, at) >= 0) throw bad('its entries are not in order');
  }
}

/** Room for a file's entries, in `into` if its keys are as long. */
function columns(keySize: number, count: number, into: EntryList | undefined): EntryList {
  if (into === undefined) return new EntryList(keySize, undefined, count);
  if (count > 0 && keySize !== into.keySize)
    throw bad(`its keys have ${keySize} bytes, the repository's ${into.keySize}`);
  into.reserve(count);
  return into;
}

/** The prefixes of content IDs; the fan-out of the merged index counts on them. */
const LETTER_G = 0x67;
const LETTER_Z = 0x7a;

function bad(why: string): CairnError {
  return new CairnError('corrupt', `damaged index: ${why}`);
}

const latin1 = new TextDecoder('latin1');

function name(file: Uint8Array, offset: number, length: number): string {
  if (length === 0 || offset + length > file.length) throw bad('a pack name lies outside the file');
  return latin1.decode(file.subarray(offset, offset + length));
}

/** Bytes that encryption adds: version 1 stores no plaintext length (section 9.1). */
const OVERHEAD = 28;

/** Header: 01 | key size | entry size (2) = 20 | count (4). */
function readV1(file: Uint8Array, into?: EntryList): EntryList {
  const keySize = file[1];
  const entrySize = file[2] * 256 + file[3];
  const count = readU32(file, 4);
  if (count === 0) return columns(keySize === 0xff ? 1 : keySize, 0, into);
  if (keySize < 2 || entrySize !== 20) throw bad(`key size ${keySize}, entry size ${entrySize}`);
  const stride = keySize + entrySize;
  if (8 + count * stride > file.length) throw bad('it is cut off');
  const entries = columns(keySize, count, into);
  for (let i = 0, at = 8; i < count; i++, at += stride) {
    const e = at + keySize;
    // 6-byte timestamp: the upper two bytes stay zero until 2106
    if (file[e] !== 0 || file[e + 1] !== 0) throw bad('a timestamp is out of range');
    const pack = entries.names.pack(name(file, readU32(file, e + 8), file[e + 7]));
    const offset = readU32(file, e + 12);
    const packed = readU32(file, e + 16);
    entries.push(
      file,
      readU32(file, e + 2),
      offset & 0x7fff_ffff,
      offset >= 0x8000_0000,
      packed,
      Math.max(0, packed - OVERHEAD),
      pack,
      entries.names.format(0, file[e + 6]),
      at,
    );
  }
  return entries;
}

/** Header (17): 02 | key size | entry size (2) | count (4) | packs (4) | formats (1) | base timestamp (4). */
function readV2(file: Uint8Array, into?: EntryList): EntryList {
  if (file.length < 17) throw bad('it is too short');
  const keySize = file[1];
  const entrySize = file[2] * 256 + file[3];
  const count = readU32(file, 4);
  const packCount = readU32(file, 8);
  const formatCount = file[12];
  const base = readU32(file, 13);
  if (keySize <= 1 || entrySize < 16 || entrySize > 19 || keySize + entrySize > 256)
    throw bad(`key size ${keySize}, entry size ${entrySize}`);
  const stride = keySize + entrySize;
  const packTable = 17 + count * stride;
  const formatTable = packTable + packCount * 5;
  if (formatTable + formatCount * 6 > file.length) throw bad('it is cut off');
  const entries = columns(keySize, count, into);
  const packs: number[] = [];
  for (let i = 0, at = packTable; i < packCount; i++, at += 5)
    packs.push(entries.names.pack(name(file, readU32(file, at + 1), file[at])));
  const formats: number[] = [];
  for (let i = 0, at = formatTable; i < formatCount; i++, at += 6) {
    if (file[at + 5] !== 0) throw bad(`it needs the encryption key ${file[at + 5]}, which is not supported`);
    formats.push(entries.names.format(readU32(file, at), file[at + 4]));
  }
  for (let i = 0, at = 17; i < count; i++, at += stride) {
    const e = at + keySize;
    const extended = entrySize > 18 ? file[e + 18] : 0;
    const offset = readU32(file, e + 4);
    const pack = packs[file[e + 14] * 256 + file[e + 15] + (entrySize > 17 ? file[e + 17] * 65536 : 0)];
    const format = formats[entrySize > 16 ? file[e + 16] : 0];
    if (pack === undefined || format === undefined)
      throw bad('an entry names a pack or format that is not in its tables');
    entries.push(
      file,
      base + readU32(file, e),
      offset & 0x7fff_ffff,
      offset >= 0x8000_0000,
      ((extended & 15) << 24) | (file[e + 11] << 16) | (file[e + 12] << 8) | file[e + 13],
      ((extended >> 4) << 24) | (file[e + 8] << 16) | (file[e + 9] << 8) | file[e + 10],
      pack,
      format,
      at,
    );
  }
  return entries;
}
