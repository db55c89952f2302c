import { CairnError } from '../errors.ts';
import { scanBuzhash } from './buzhash.ts';
import type { CoreKernel } from './core.ts';
import { scanRabinKarp } from './rabinkarp.ts';
import type { Splitter } from './types.ts';

export const DEFAULT_SPLITTER = 'DYNAMIC-4M-BUZHASH';

const sizes: Record<string, number> = {
  '128K': 2 ** 17,
  '256K': 2 ** 18,
  '512K': 2 ** 19,
  '1M': 2 ** 20,
  '2M': 2 ** 21,
  '4M': 2 ** 22,
  '8M': 2 ** 23,
};

const aliases: Record<string, string> = { FIXED: 'FIXED-4M', DYNAMIC: DEFAULT_SPLITTER };

/** All names of spec/repository-format.md section 13.4. */
export const splitterNames: readonly string[] = [
  ...Object.keys(sizes).flatMap((size) => [`FIXED-${size}`, `DYNAMIC-${size}-BUZHASH`, `DYNAMIC-${size}-RABINKARP`]),
  ...Object.keys(aliases),
];

export function isSplitterName(name: string): boolean {
  return splitterNames.includes(name);
}

/** A splitter; with `core` it also scans that kernel's memory. Throws `unknown-algorithm`. */
export function createSplitter(name: string, core?: CoreKernel): Splitter {
  if (!isSplitterName(name))
    throw new CairnError('unknown-algorithm', `unknown splitter '${name}'`, {
      data: { name },
      hint: `use one of ${splitterNames.join(', ')}`,
    });
  const [kind, size, hash] = (aliases[name] ?? name).split('-');
  if (kind === 'FIXED') return fixedSplitter(sizes[size]);
  return core === undefined
    ? dynamicSplitter(sizes[size], hash === 'BUZHASH' ? scanBuzhash : scanRabinKarp)
    : coreSplitter(sizes[size], core, hash === 'BUZHASH' ? core.exports.buzhashScan : core.exports.rabinKarpScan);
}

function fixedSplitter(size: number): Splitter {
  const cut = (_: unknown, __: number, length: number) => (length >= size ? size : -1);
  return { minimum: size, maximum: size, reset() {}, scan: cut, scanAt: cut };
}

/**
 * Cuts at the first position from minimum on whose hash has no bit of the mask, or at maximum. The window lies inside
 * the chunk, because minimum is far above its 64 bytes: nothing is carried from call to call.
 * `find(from, to)` gives the index of the first such byte in [from, to), else `to`.
 */
function dynamicCut(average: number, seen: number, length: number, find: (from: number, to: number) => number): number {
  const from = Math.max(seen, average / 2 - 1);
  const to = Math.min(length, 2 * average - 1);
  if (from < to) {
    const hit = find(from, to);
    if (hit < to) return hit + 1;
  }
  return length >= 2 * average ? 2 * average : -1;
}

function dynamicSplitter(
  average: number,
  scan: (data: Uint8Array, from: number, to: number, mask: number) => number,
): Splitter {
  return {
    minimum: average / 2,
    maximum: 2 * average,
    reset() {},
    scan: (data, seen, length) => dynamicCut(average, seen, length, (from, to) => scan(data, from, to, average - 1)),
  };
}

/** Data outside the kernel's memory goes through its scratch area in pieces, each with the 64 bytes before it. */
const pieceLength = 256 * 1024;

function coreSplitter(
  average: number,
  core: CoreKernel,
  scan: (from: number, to: number, mask: number) => number,
): Splitter {
  const mask = average - 1;
  const scratch = core.exports.SCRATCH.value;

  const scanAt = (address: number, seen: number, length: number) =>
    dynamicCut(average, seen, length, (from, to) => scan(address + from, address + to, mask) - address);

  const findOutside = (data: Uint8Array, from: number, to: number) => {
    for (let at = from; at < to; at += pieceLength) {
      const piece = data.subarray(at - 64, Math.min(at + pieceLength, to));
      core.memory.set(piece, scratch);
      const end = scratch + piece.length;
      const hit = scan(scratch + 64, end, mask);
      if (hit < end) return at - 64 + (hit - scratch);
    }
    return to;
  };

  return {
    minimum: average / 2,
    maximum: 2 * average,
    reset() {},
    scanAt,
    scan(data, seen, length) {
      const address = core.addressOf(data);
      if (address !== undefined) return scanAt(address, seen, length);
      return dynamicCut(average, seen, length, (from, to) => findOutside(data, from, to));
    },
  };
}
