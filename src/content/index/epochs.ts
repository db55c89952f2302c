import type { BlobMetadata } from '../../blob/storage.ts';

/**
 * Names and sets of the epoch index manager (spec/repository-format.md sections 11.2 to 11.4). Pure: from a listing of
 * all `x` blobs to the set of index blobs that readers merge.
 */

/** Epoch of an `xn`, `xs`, `xe` name, or the first of an `xr` name; undefined when it cannot be parsed. */
export function epochOf(id: string): number | undefined {
  const digits = id.split('_', 1)[0].replace(/^\D+/, '');
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

export function rangeOf(id: string): { min: number; max: number } | undefined {
  const parts = id.split('_');
  const min = epochOf(id);
  if (parts.length < 3 || min === undefined || !/^\d{1,15}$/.test(parts[1])) return undefined;
  return { min, max: Number(parts[1]) };
}

/** Blobs of the first set that is complete in listing order; names without `-s...-cN` are sets by themselves. */
export function firstCompleteSet<T extends { id: string }>(blobs: readonly T[]): T[] | undefined {
  const sets = new Map<string, T[]>();
  for (const blob of blobs) {
    const parts = blob.id.split('-');
    const count =
      parts.length >= 3 && parts[1].startsWith('s') && /^c\d+$/.test(parts[2]) ? Number(parts[2].slice(1)) : undefined;
    if (count === undefined) return [blob];
    const set = sets.get(parts[1]) ?? [];
    sets.set(parts[1], set);
    if (set.push(blob) === count) return set;
  }
  return undefined;
}

export interface EpochRange {
  min: number;
  max: number;
  blobs: BlobMetadata[];
}

interface Chain {
  range: EpochRange;
  next: Chain | undefined;
  end: number;
  count: number;
}

/** Ranges that start at 0 and follow each other without a gap: as far as possible, then as few as possible. */
export function longestRangeChain(ranges: readonly EpochRange[]): EpochRange[] {
  const best = new Map<number, Chain>();
  // last ones first, so that the best way on from a range is known when it is looked at
  for (const range of ranges.filter(({ min, max }) => max >= min).sort((a, b) => b.min - a.min)) {
    const next = best.get(range.max + 1);
    const chain = { range, next, end: next?.end ?? range.max, count: (next?.count ?? 0) + 1 };
    const known = best.get(range.min);
    if (known === undefined || chain.end > known.end || (chain.end === known.end && chain.count < known.count))
      best.set(range.min, chain);
  }
  const result: EpochRange[] = [];
  for (let chain = best.get(0); chain !== undefined; chain = chain.next) result.push(chain.range);
  return result;
}

/** What one listing of the `x` blobs says. */
export interface EpochState {
  writeEpoch: number;
  /** Deleted entries with a timestamp (Unix seconds) not above this are gone; -1 for none. */
  watermark: number;
  single: Map<number, BlobMetadata[]>;
  ranges: EpochRange[];
  uncompacted: Map<number, BlobMetadata[]>;
}

export function epochState(blobs: Iterable<BlobMetadata>): EpochState {
  let writeEpoch = 0;
  let watermark = -1;
  const singles = new Map<number, BlobMetadata[]>();
  const uncompacted = new Map<number, BlobMetadata[]>();
  const ranges = new Map<string, EpochRange>();
  const add = (map: Map<number, BlobMetadata[]>, epoch: number | undefined, blob: BlobMetadata) => {
    if (epoch === undefined) return;
    const list = map.get(epoch);
    if (list === undefined) map.set(epoch, [blob]);
    else list.push(blob);
  };
  for (const blob of blobs) {
    const { id } = blob;
    if (id.startsWith('xe')) writeEpoch = Math.max(writeEpoch, epochOf(id) ?? 0);
    else if (id.startsWith('xw')) {
      if (/^xw-?\d{1,15}$/.test(id)) watermark = Math.max(watermark, Number(id.slice(2)));
    } else if (id.startsWith('xs')) add(singles, epochOf(id), blob);
    else if (id.startsWith('xn')) add(uncompacted, epochOf(id), blob);
    else if (id.startsWith('xr')) {
      const range = rangeOf(id);
      if (range === undefined) continue;
      const key = `${range.min}_${range.max}`;
      const known = ranges.get(key) ?? { ...range, blobs: [] };
      known.blobs.push(blob);
      ranges.set(key, known);
    }
  }
  const single = new Map<number, BlobMetadata[]>();
  for (const [epoch, list] of singles) {
    const set = firstCompleteSet(list);
    if (set !== undefined) single.set(epoch, set);
  }
  const complete: EpochRange[] = [];
  for (const range of ranges.values()) {
    const set = firstCompleteSet(range.blobs);
    if (set !== undefined) complete.push({ ...range, blobs: set });
  }
  return { writeEpoch, watermark, single, ranges: longestRangeChain(complete), uncompacted };
}

/** Index blobs that together hold everything (section 11.4). */
export function completeIndexSet(state: EpochState): BlobMetadata[] {
  let start = 0;
  const result: BlobMetadata[] = [];
  for (const range of state.ranges)
    if (range.max > start) {
      result.push(...range.blobs);
      start = range.max + 1;
    }
  const present = new Set([...state.single.keys(), ...state.uncompacted.keys()]);
  for (const epoch of [...present].sort((a, b) => a - b)) {
    if (epoch < start || epoch > state.writeEpoch + 1) continue;
    const settled = epoch <= state.writeEpoch - 2;
    const single = settled ? state.single.get(epoch) : undefined;
    result.push(...(single ?? state.uncompacted.get(epoch) ?? []));
  }
  return result;
}
