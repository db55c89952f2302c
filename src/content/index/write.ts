import { writeU32 } from '../../bytes/integer.ts';
import { CairnError } from '../../errors.ts';
import type { EntryList } from './entries.ts';

/** Entries one index file may hold; more are spread over shards (spec/repository-format.md section 9.3). */
export const MAX_ENTRIES_PER_INDEX = 16_000_000;

/** FNV-1a of a content ID text, which chooses its shard. */
export function shardHash(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * The bytes of an index file of the entries with the given numbers, which must be in key order and without repeats
 * (sections 9.1, 9.2). They depend on nothing but the entries. An empty set cannot be written.
 */
export function writeIndex(entries: EntryList, numbers: Uint32Array, version: number): Uint8Array {
  if (numbers.length === 0) throw new CairnError('internal', 'an index without entries cannot be written');
  return version === 1 ? writeV1(entries, numbers) : writeV2(entries, numbers);
}

/** Numbers by order of first use. */
function firstUse(numbers: Uint32Array, of: (at: number) => number) {
  const position = new Map<number, number>();
  for (const at of numbers) {
    const value = of(at);
    if (!position.has(value)) position.set(value, position.size);
  }
  return position;
}

function limit(ok: boolean, what: string): void {
  if (!ok) throw new CairnError('internal', `index entry out of range: ${what}`);
}

function ascii(target: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
}

function writeV1(entries: EntryList, numbers: Uint32Array): Uint8Array {
  const { keySize, names } = entries;
  const stride = keySize + 20;
  const packs = firstUse(numbers, (at) => entries.pack(at));
  const tables = 8 + numbers.length * stride;
  const nameOffsets = new Map<number, number>();
  let length = tables;
  for (const pack of packs.keys()) {
    nameOffsets.set(pack, length);
    length += names.packs[pack].length;
  }
  const file = new Uint8Array(length);
  file.set([1, keySize, 0, 20]);
  writeU32(file, 4, numbers.length);
  let at = 8;
  for (const n of numbers) {
    const format = names.formats[entries.formats[n]];
    limit(format.compression === 0, 'version 1 has no compression');
    file.set(entries.key(n), at);
    const e = at + keySize;
    writeU32(file, e + 2, entries.timestamp(n));
    file[e + 6] = format.version;
    file[e + 7] = names.packs[entries.pack(n)].length;
    writeU32(file, e + 8, nameOffsets.get(entries.pack(n))!);
    writeU32(file, e + 12, (entries.offset(n) | (entries.deleted(n) ? 0x8000_0000 : 0)) >>> 0);
    writeU32(file, e + 16, entries.packedLength(n));
    at += stride;
  }
  for (const [pack, offset] of nameOffsets) ascii(file, offset, names.packs[pack]);
  return file;
}

function writeV2(entries: EntryList, numbers: Uint32Array): Uint8Array {
  const { keySize, names } = entries;
  const packs = firstUse(numbers, (at) => entries.pack(at));
  const formats = firstUse(numbers, (at) => entries.formats[at]);
  let big = false;
  for (const n of numbers) if (entries.packedLength(n) >= 1 << 24 || entries.originalLength(n) >= 1 << 24) big = true;
  const entrySize = big ? 19 : packs.size > 65536 ? 18 : formats.size > 1 ? 17 : 16;
  limit(formats.size <= 255, 'more than 255 formats');
  limit(packs.size <= 1 << 24, 'more than 2^24 packs');
  const stride = keySize + entrySize;
  const packTable = 17 + numbers.length * stride;
  const formatTable = packTable + packs.size * 5;
  let length = formatTable + formats.size * 6;
  for (const pack of packs.keys()) length += names.packs[pack].length;
  const file = new Uint8Array(length);
  file.set([2, keySize, 0, entrySize]);
  writeU32(file, 4, numbers.length);
  writeU32(file, 8, packs.size);
  file[12] = formats.size;
  let at = 17;
  for (const n of numbers) {
    writeV2Entry(file, at, entries, n, entrySize, packs.get(entries.pack(n))!, formats.get(entries.formats[n])!);
    at += stride;
  }
  let name = formatTable + formats.size * 6;
  for (const pack of packs.keys()) {
    const text = names.packs[pack];
    file[at] = text.length;
    writeU32(file, at + 1, name);
    ascii(file, name, text);
    name += text.length;
    at += 5;
  }
  for (const number of formats.keys()) {
    writeU32(file, at, names.formats[number].compression);
    file[at + 4] = names.formats[number].version;
    at += 6;
  }
  return file;
}

function writeV2Entry(
  file: Uint8Array,
  at: number,
  entries: EntryList,
  n: number,
  entrySize: number,
  pack: number,
  format: number,
): void {
  const original = entries.originalLength(n);
  const packed = entries.packedLength(n);
  limit(original < 1 << 28 && packed < 1 << 28, 'a length of 2^28 or more');
  limit(entries.offset(n) < 1 << 30, 'a pack offset of 2^30 or more');
  file.set(entries.key(n), at);
  const e = at + entries.keySize;
  writeU32(file, e, entries.timestamp(n));
  writeU32(file, e + 4, (entries.offset(n) | (entries.deleted(n) ? 0x8000_0000 : 0)) >>> 0);
  file.set([original >> 16, original >> 8, original, packed >> 16, packed >> 8, packed, pack >> 8, pack], e + 8);
  if (entrySize > 16) file[e + 16] = format;
  if (entrySize > 17) file[e + 17] = pack >> 16;
  if (entrySize > 18) file[e + 18] = ((original >> 24) << 4) | (packed >> 24);
}
