import { contentIdFromKey } from '../id.ts';
import type { ContentInfo } from '../types.ts';

/** Words of one entry in `EntryList.words`. */
const WORDS = 5;
const TIMESTAMP = 0;
/** Top bit: deleted; the rest: offset in the pack, as in index files. */
const OFFSET = 1;
const PACKED = 2;
const ORIGINAL = 3;
const PACK = 4;
const DELETED = 0x8000_0000;

/** Entries `from` up to `to`, sorted by key. */
export interface Run {
  from: number;
  to: number;
}

/** Compression and format version, shared by many entries. */
export interface EntryFormat {
  compression: number;
  version: number;
}

/** Pack names and formats by number, so that an entry holds no text. */
export class EntryNames {
  readonly packs: string[] = [];
  readonly formats: EntryFormat[] = [];
  readonly #packNumbers = new Map<string, number>();

  pack(name: string): number {
    let number = this.#packNumbers.get(name);
    if (number === undefined) {
      number = this.packs.push(name) - 1;
      this.#packNumbers.set(name, number);
    }
    return number;
  }

  format(compression: number, version: number): number {
    const found = this.formats.findIndex((f) => f.compression === compression && f.version === version);
    return found >= 0 ? found : this.formats.push({ compression, version }) - 1;
  }
}

function bytes(length: number, shared: boolean): ArrayBufferLike {
  return shared && typeof SharedArrayBuffer !== 'undefined' ? new SharedArrayBuffer(length) : new ArrayBuffer(length);
}

/**
 * Index entries as columns of bytes: `keySize + 21` bytes an entry, however many there are. Keys are the binary form of
 * content IDs. With `shared` the columns lie in shared memory, so that workers look contents up for themselves.
 */
export class EntryList {
  readonly keySize: number;
  readonly names: EntryNames;
  count = 0;
  keys: Uint8Array;
  words: Uint32Array;
  formats: Uint8Array;
  readonly #shared: boolean;

  constructor(keySize: number, names = new EntryNames(), capacity = 64, shared = false) {
    this.keySize = keySize;
    this.names = names;
    this.#shared = shared;
    this.keys = new Uint8Array(bytes(capacity * keySize, shared));
    this.words = new Uint32Array(bytes(capacity * WORDS * 4, shared));
    this.formats = new Uint8Array(bytes(capacity, shared));
  }

  #grow(capacity: number): void {
    const keys = new Uint8Array(bytes(capacity * this.keySize, this.#shared));
    const words = new Uint32Array(bytes(capacity * WORDS * 4, this.#shared));
    const formats = new Uint8Array(bytes(capacity, this.#shared));
    keys.set(this.keys);
    words.set(this.words);
    formats.set(this.formats);
    this.keys = keys;
    this.words = words;
    this.formats = formats;
  }

  /** Makes room for so many more entries. */
  reserve(more: number): void {
    const needed = this.count + more;
    if (needed > this.formats.length) this.#grow(Math.max(64, needed, Math.ceil(this.count * 1.5)));
  }

  /** Appends an entry, whose key lies in `key` from `from` on, and returns its number. */
  push(
    key: Uint8Array,
    timestamp: number,
    offset: number,
    deleted: boolean,
    packedLength: number,
    originalLength: number,
    pack: number,
    format: number,
    from = 0,
  ): number {
    const at = this.count;
    if (at >= this.formats.length) this.reserve(1);
    const { keys, keySize } = this;
    // these few bytes cost less one by one than a view of them
    for (let i = 0, to = at * keySize; i < keySize; i++) keys[to + i] = key[from + i];
    this.set(at, timestamp, offset, deleted, packedLength, originalLength, pack, format);
    this.count++;
    return at;
  }

  set(
    at: number,
    timestamp: number,
    offset: number,
    deleted: boolean,
    packedLength: number,
    originalLength: number,
    pack: number,
    format: number,
  ): void {
    const w = at * WORDS;
    this.words[w + TIMESTAMP] = timestamp;
    this.words[w + OFFSET] = (offset | (deleted ? DELETED : 0)) >>> 0;
    this.words[w + PACKED] = packedLength;
    this.words[w + ORIGINAL] = originalLength;
    this.words[w + PACK] = pack;
    this.formats[at] = format;
  }

  pushFrom(other: EntryList, at: number, pack: number, format: number): number {
    const w = at * WORDS;
    return this.push(
      other.keys,
      other.words[w + TIMESTAMP],
      other.offset(at),
      other.deleted(at),
      other.words[w + PACKED],
      other.words[w + ORIGINAL],
      pack,
      format,
      at * this.keySize,
    );
  }

  /** Appends all of another list; returns the numbers they have here. */
  append(other: EntryList): Run {
    const from = this.count;
    this.reserve(other.count);
    const packs = other.names.packs.map((name) => this.names.pack(name));
    const formats = other.names.formats.map((f) => this.names.format(f.compression, f.version));
    for (let at = 0; at < other.count; at++)
      this.pushFrom(other, at, packs[other.pack(at)], formats[other.formats[at]]);
    return { from, to: this.count };
  }

  /** Moves the entries so that `order[i]` comes to `i`; `order` has each number once and is spent. */
  arrange(order: Uint32Array): void {
    const kept = new EntryList(this.keySize, this.names, 1);
    for (let start = 0; start < order.length; start++) {
      if (order[start] === start) continue;
      kept.#copy(0, this, start);
      for (let to = start; ;) {
        const from = order[to];
        order[to] = to;
        if (from === start) {
          this.#copy(to, kept, 0);
          break;
        }
        this.#copy(to, this, from);
        to = from;
      }
    }
  }

  #copy(to: number, other: EntryList, from: number): void {
    const { keys, words, keySize } = this;
    for (let i = to * keySize, j = from * keySize, end = i + keySize; i < end; i++, j++) keys[i] = other.keys[j];
    for (let i = to * WORDS, j = from * WORDS, end = i + WORDS; i < end; i++, j++) words[i] = other.words[j];
    this.formats[to] = other.formats[from];
  }

  key(at: number): Uint8Array {
    return this.keys.subarray(at * this.keySize, (at + 1) * this.keySize);
  }

  timestamp(at: number): number {
    return this.words[at * WORDS + TIMESTAMP];
  }

  offset(at: number): number {
    return (this.words[at * WORDS + OFFSET] & ~DELETED) >>> 0;
  }

  deleted(at: number): boolean {
    return this.words[at * WORDS + OFFSET] >= DELETED;
  }

  packedLength(at: number): number {
    return this.words[at * WORDS + PACKED];
  }

  originalLength(at: number): number {
    return this.words[at * WORDS + ORIGINAL];
  }

  pack(at: number): number {
    return this.words[at * WORDS + PACK];
  }

  packName(at: number): string {
    return this.names.packs[this.pack(at)];
  }

  /** `id` is that of the entry, where it is at hand already. */
  info(at: number, id = contentIdFromKey(this.key(at))): ContentInfo {
    const format = this.names.formats[this.formats[at]];
    return {
      id,
      packBlob: this.packName(at),
      packOffset: this.offset(at),
      packedLength: this.packedLength(at),
      originalLength: this.originalLength(at),
      compression: format.compression,
      formatVersion: format.version,
      timestamp: this.timestamp(at),
      deleted: this.deleted(at),
    };
  }

  /** Byte order of two keys. */
  compareKeys(at: number, other: EntryList, otherAt: number): number {
    const n = this.keySize;
    let a = at * n;
    let b = otherAt * n;
    for (const end = a + n; a < end; a++, b++) if (this.keys[a] !== other.keys[b]) return this.keys[a] - other.keys[b];
    return 0;
  }

  /** Numbers of the entries in key order. */
  order(): Uint32Array {
    const numbers = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) numbers[i] = i;
    return numbers.sort((a, b) => this.compareKeys(a, this, b));
  }

  *[Symbol.iterator](): Generator<ContentInfo> {
    for (let at = 0; at < this.count; at++) yield this.info(at);
  }
}

/**
 * True when entry `a` wins over entry `b` of the same content (spec/repository-format.md section 9.4): the newer, then the
 * not deleted one, then the larger pack name; of equal ones the earlier stays.
 */
export function wins(a: EntryList, i: number, b: EntryList, j: number): boolean {
  if (a.timestamp(i) !== b.timestamp(j)) return a.timestamp(i) > b.timestamp(j);
  if (a.deleted(i) !== b.deleted(j)) return !a.deleted(i);
  return a.packName(i) > b.packName(j);
}
