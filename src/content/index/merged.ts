import type { ContentInfo } from '../types.ts';
import { keyLength, putKey } from '../id.ts';
import { EntryList, wins, type Run } from './entries.ts';

/**
 * The winners of all index files, sorted by key, looked up in place. `fanout[b]` is the number of entries whose prefix
 * class and first hash bytes are below bucket b, so that a look-up compares a handful of keys.
 */
export class MergedIndex {
  readonly entries: EntryList;
  readonly fanout: Uint32Array;
  /** That of the last look-up. */
  readonly #key: Uint8Array;

  constructor(entries: EntryList) {
    this.entries = entries;
    this.#key = new Uint8Array(entries.keySize);
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

  /** Entries of the contents with this prefix letter, in key order, deleted ones included. */
  *withPrefix(letter: string): Generator<ContentInfo> {
    const first = prefixBucket(letter.charCodeAt(0));
    const end = this.fanout[first + (1 << 10)];
    for (let at = this.fanout[first]; at < end; at++) yield this.entries.info(at);
  }

  info(id: string): ContentInfo | undefined {
    if (keyLength(id) !== this.entries.keySize) return undefined;
    putKey(id, this.#key);
    const at = this.find(this.#key);
    return at < 0 ? undefined : this.entries.info(at, id);
  }
}

const BUCKETS = 65536;

/** Unprefixed contents in the lower half by 15 bits of their hash, prefixed ones above by letter and 10 bits. */
function bucketOf(keys: Uint8Array, at: number): number {
  if (keys[at] === 0) return (keys[at + 1] << 7) | (keys[at + 2] >> 1);
  return prefixBucket(keys[at]) | (keys[at + 1] << 2) | (keys[at + 2] >> 6);
}

/** The first bucket of a prefix letter, of which there are 26 at most. */
function prefixBucket(code: number): number {
  return 0x8000 | ((code & 31) << 10);
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
export function mergeIndexes(lists: readonly EntryList[], keySize: number, watermark = -1): MergedIndex {
  const entries = new EntryList(
    keySize,
    undefined,
    lists.reduce((sum, { count }) => sum + count, 1),
  );
  return mergeRuns(
    entries,
    lists.map((list) => entries.append(list)),
    watermark,
  );
}

/** The same for runs of one list, in place: 4 bytes an entry beside the list. */
export function mergeRuns(entries: EntryList, runs: readonly Run[], watermark = -1): MergedIndex {
  const heap = new Heap(entries, runs);
  const order = new Uint32Array(entries.count);
  let winners = 0;
  let losers = entries.count;
  while (heap.size > 0) {
    let best = heap.take();
    while (heap.size > 0 && entries.compareKeys(heap.top(), entries, best) === 0) {
      const other = heap.take();
      const won = wins(entries, other, entries, best);
      order[--losers] = won ? best : other;
      if (won) best = other;
    }
    if (entries.deleted(best) && entries.timestamp(best) <= watermark) order[--losers] = best;
    else order[winners++] = best;
  }
  entries.arrange(order);
  entries.count = winners;
  return new MergedIndex(entries);
}

/** The run with the smallest next key on top. */
class Heap {
  readonly #entries: EntryList;
  readonly #next: Uint32Array;
  readonly #end: Uint32Array;
  readonly #heap: number[] = [];

  constructor(entries: EntryList, runs: readonly Run[]) {
    this.#entries = entries;
    this.#next = Uint32Array.from(runs, ({ from }) => from);
    this.#end = Uint32Array.from(runs, ({ to }) => to);
    for (let run = 0; run < runs.length; run++) if (this.#next[run] < this.#end[run]) this.#heap.push(run);
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get size(): number {
    return this.#heap.length;
  }

  top(): number {
    return this.#next[this.#heap[0]];
  }

  /** Gives the top's entry and moves its run on. */
  take(): number {
    const run = this.#heap[0];
    const taken = this.#next[run]++;
    if (this.#next[run] >= this.#end[run]) {
      const last = this.#heap.pop()!;
      if (this.#heap.length === 0) return taken;
      this.#heap[0] = last;
    }
    this.#sink(0);
    return taken;
  }

  /** Equal keys come in the order of the runs, so that the earlier of two equal entries stays. */
  #less(a: number, b: number): boolean {
    const order = this.#entries.compareKeys(this.#next[a], this.#entries, this.#next[b]);
    return order < 0 || (order === 0 && a < b);
  }

  #sink(at: number): void {
    const heap = this.#heap;
    for (;;) {
      let least = at;
      const left = 2 * at + 1;
      if (left < heap.length && this.#less(heap[left], heap[least])) least = left;
      if (left + 1 < heap.length && this.#less(heap[left + 1], heap[least])) least = left + 1;
      if (least === at) return;
      const moved = heap[at];
      heap[at] = heap[least];
      heap[least] = moved;
      at = least;
    }
  }
}
