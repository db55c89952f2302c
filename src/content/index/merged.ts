import type { ContentInfo } from '../types.ts';
import { contentKey } from '../id.ts';
import { EntryList, EntryNames, wins } from './entries.ts';

/**
 * The winners of all index files, sorted by key, looked up in place. `fanout[b]` is the number of entries whose prefix
 * class and first hash bytes are below bucket b, so that a look-up compares a handful of keys.
 */
export class MergedIndex {
  readonly entries: EntryList;
  readonly fanout: Uint32Array;

  constructor(entries: EntryList) {
    this.entries = entries;
    const buffer =
      typeof SharedArrayBuffer === 'undefined'
        ? new ArrayBuffer((BUCKETS + 1) * 4)
        : new SharedArrayBuffer((BUCKETS + 1) * 4);
    this.fanout = new Uint32Array(buffer);
    for (let at = 0; at < entries.count; at++) this.fanout[bucketOf(entries.keys, at * entries.keySize) + 1]++;
    for (let b = 0; b < BUCKETS; b++) this.fanout[b + 1] += this.fanout[b];
  }

  get count(): number {
    return this.entries.count;
  }

  /** Number of the entry of a key, or -1. */
  find(key: Uint8Array): number {
    return findKey(this.entries.keys, this.entries.keySize, this.fanout, key);
  }

  info(id: string): ContentInfo | undefined {
    const key = contentKey(id);
    if (key.length !== this.entries.keySize) return undefined;
    const at = this.find(key);
    return at < 0 ? undefined : this.entries.info(at);
  }
}

const BUCKETS = 65536;

/** Unprefixed contents in the lower half by 15 bits of their hash, prefixed ones above by letter and 10 bits. */
function bucketOf(keys: Uint8Array, at: number): number {
  if (keys[at] === 0) return (keys[at + 1] << 7) | (keys[at + 2] >> 1);
  return 0x8000 | ((keys[at] & 31) << 10) | (keys[at + 1] << 2) | (keys[at + 2] >> 6);
}

/** Binary search inside one bucket; plain data, so that a worker can do it over shared memory. */
export function findKey(keys: Uint8Array, keySize: number, fanout: Uint32Array, key: Uint8Array): number {
  const bucket = bucketOf(key, 0);
  let low = fanout[bucket];
  let high = fanout[bucket + 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    let order = 0;
    for (let i = 0, at = middle * keySize; i < keySize && order === 0; i++, at++) order = keys[at] - key[i];
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/**
 * Merges sorted lists; per content the winner of section 9.4 stays, and after that deleted entries not newer than
 * `watermark` (Unix seconds) vanish (section 11.4).
 */
export function mergeIndexes(
  lists: readonly EntryList[],
  keySize: number,
  watermark = -1,
  shared = false,
): MergedIndex {
  const inputs = lists.filter((list) => list.count > 0);
  const capacity = inputs.reduce((sum, list) => sum + list.count, 0);
  const names = new EntryNames();
  const result = new EntryList(keySize, names, Math.max(1, capacity), shared);
  const packs = inputs.map((list) => list.names.packs.map((name) => names.pack(name)));
  const formats = inputs.map((list) => list.names.formats.map((f) => names.format(f.compression, f.version)));
  const position = new Uint32Array(inputs.length);
  const heap = new Heap(inputs, position);
  while (heap.size > 0) {
    const first = heap.take();
    let best = first.list;
    let bestAt = first.at;
    while (heap.size > 0) {
      const top = heap.top();
      if (inputs[top.list].compareKeys(top.at, inputs[best], bestAt) !== 0) break;
      heap.take();
      if (wins(inputs[top.list], top.at, inputs[best], bestAt)) {
        best = top.list;
        bestAt = top.at;
      }
    }
    const from = inputs[best];
    if (from.deleted(bestAt) && from.timestamp(bestAt) <= watermark) continue;
    result.pushFrom(from, bestAt, packs[best][from.pack(bestAt)], formats[best][from.formats[bestAt]]);
  }
  return new MergedIndex(result);
}

/** The list with the smallest next key on top. */
class Heap {
  readonly #inputs: readonly EntryList[];
  readonly #position: Uint32Array;
  readonly #heap: number[] = [];

  constructor(inputs: readonly EntryList[], position: Uint32Array) {
    this.#inputs = inputs;
    this.#position = position;
    for (let i = 0; i < inputs.length; i++) this.#heap.push(i);
    for (let i = (inputs.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  get size(): number {
    return this.#heap.length;
  }

  top(): { list: number; at: number } {
    return { list: this.#heap[0], at: this.#position[this.#heap[0]] };
  }

  /** Gives the top and moves its list on. */
  take(): { list: number; at: number } {
    const taken = this.top();
    if (++this.#position[taken.list] >= this.#inputs[taken.list].count) {
      const last = this.#heap.pop()!;
      if (this.#heap.length === 0) return taken;
      this.#heap[0] = last;
    }
    this.#sink(0);
    return taken;
  }

  /** Equal keys come in the order of the lists, so that the earlier of two equal entries stays. */
  #less(a: number, b: number): boolean {
    const order = this.#inputs[a].compareKeys(this.#position[a], this.#inputs[b], this.#position[b]);
    return order < 0 || (order === 0 && a < b);
  }

  #sink(at: number): void {
    const heap = this.#heap;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#less(heap[child], heap[least])) least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least], heap[at]];
      at = least;
    }
  }
}
