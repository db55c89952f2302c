import type { FileKind, FileStat } from '../ports.ts';
import type { SentRules } from '../policy/ignore-copy.ts';
import type { Comparison, Totals } from './directory-look.ts';
import { joinPath, type LocalEntry } from './local.ts';

/** Owner to thread: `start` once, then directories to look at. */
export type LookRequest =
  | { kind: 'start'; separator: string; own: string[] }
  | { kind: 'look'; rules: SentRules[]; batch: EncodedPlaces };

/** Thread to owner: an answer to each batch, in order; `bytes` are those of the request. */
export type LookAnswer =
  | { kind: 'looked'; found: EncodedComparisons; bytes: ArrayBuffer }
  | { kind: 'failed'; message: string };

/** A directory without ignore rules of its own, and the earlier objects in its place. */
export interface Place {
  path: string;
  relative: string;
  device: number;
  /** The number of the rules in force. */
  rules: number;
  skipsCaches: boolean;
  objects: readonly Uint8Array[];
}

/** Places as they go between threads: objects for each would cost as much as looking. */
export interface EncodedPlaces {
  /** Two for each, joined by NUL. */
  paths: string;
  /** For each: device, rules, 1 where caches are skipped, how many objects, the length of each. */
  numbers: Float64Array;
  bytes: ArrayBuffer;
}

/** `buffer` is used if it is large enough. */
export function encodePlaces(places: readonly Place[], buffer: ArrayBuffer | undefined): EncodedPlaces {
  const paths: string[] = [];
  const numbers: number[] = [];
  let length = 0;
  for (const { path, relative, device, rules, skipsCaches, objects } of places) {
    paths.push(path, relative);
    numbers.push(device, rules, skipsCaches ? 1 : 0, objects.length);
    for (const object of objects) length += numbers[numbers.push(object.length) - 1];
  }
  const bytes = buffer !== undefined && buffer.byteLength >= length ? buffer : new ArrayBuffer(length);
  const into = new Uint8Array(bytes);
  let at = 0;
  for (const { objects } of places)
    for (const object of objects) {
      into.set(object, at);
      at += object.length;
    }
  return { paths: paths.join('\0'), numbers: Float64Array.from(numbers), bytes };
}

export function decodePlaces({ paths, numbers, bytes }: EncodedPlaces): Place[] {
  const texts = paths.split('\0');
  const places: Place[] = [];
  let at = 0;
  let start = 0;
  for (let i = 0; i < texts.length; i += 2) {
    const [device, rules, skipsCaches, count] = numbers.subarray(at, at + 4);
    at += 4;
    const objects: Uint8Array[] = [];
    for (let n = 0; n < count; n++) {
      const length = numbers[at++];
      objects.push(new Uint8Array(bytes, start, length));
      start += length;
    }
    places.push({ path: texts[i], relative: texts[i + 1], device, rules, skipsCaches: skipsCaches === 1, objects });
  }
  return places;
}

/** What was found in some directories; `undefined` where the owner must look itself. */
export interface EncodedComparisons {
  /** Names of entries, each followed by its earlier object IDs, joined by NUL. */
  texts: string;
  /** For each directory: how many entries, -1 for none found, and totals; for each entry: attributes, how many IDs. */
  numbers: Float64Array;
  /** For each directory with totals the newest time; for each entry its time. */
  times: BigInt64Array;
}

const KINDS: readonly FileKind[] = ['file', 'directory', 'symlink', 'other'];
const TOTALS = 9;
const ATTRIBUTES = 8;

/** False where a time would be altered on the way, or an entry could not be looked at. */
function survives({ entries, totals }: Comparison): boolean {
  const fits = (time: bigint) => BigInt.asIntN(64, time) === time;
  if (totals !== undefined && !fits(totals.maxTime)) return false;
  return entries.every(({ stat }) => stat !== undefined && fits(stat.mtime));
}

export function encodeComparisons(comparisons: readonly (Comparison | undefined)[]): EncodedComparisons {
  const texts: string[] = [];
  const numbers: number[] = [];
  const times: bigint[] = [];
  for (const comparison of comparisons) {
    if (comparison === undefined || !survives(comparison)) {
      numbers.push(-1);
      continue;
    }
    const { entries, totals } = comparison;
    numbers.push(entries.length, totals === undefined ? 0 : 1);
    if (totals !== undefined) {
      const { count, files, symlinks, size, bytes, excludedFiles, excludedBytes, start, end, maxTime } = totals;
      numbers.push(count, files, symlinks, size, bytes, excludedFiles, excludedBytes, start, end);
      times.push(maxTime);
    }
    for (const { name, stat, previousIds = [] } of entries) {
      const { kind, mode, size, mtime, uid, gid, device, inode } = stat!;
      texts.push(name, ...previousIds);
      numbers.push(KINDS.indexOf(kind), mode, size, uid, gid, device, inode, previousIds.length);
      times.push(mtime);
    }
  }
  return { texts: texts.join('\0'), numbers: Float64Array.from(numbers), times: BigInt64Array.from(times) };
}

/** `paths` are those of the directories. */
export function decodeComparisons(
  { texts, numbers, times }: EncodedComparisons,
  paths: readonly string[],
  separator: string,
): (Comparison | undefined)[] {
  const words = texts.split('\0');
  let number = 0;
  let time = 0;
  let word = 0;
  const readTotals = (): Totals => {
    const at = numbers.subarray(number, (number += TOTALS));
    const [count, files, symlinks, size, bytes, excludedFiles, excludedBytes, start, end] = at;
    const maxTime = times[time++];
    return { count, files, symlinks, size, bytes, excludedFiles, excludedBytes, start, end, maxTime };
  };
  const readEntry = (directory: string): LocalEntry => {
    const [kind, mode, size, uid, gid, device, inode, ids] = numbers.subarray(number, number + ATTRIBUTES);
    number += ATTRIBUTES;
    const stat: FileStat = { kind: KINDS[kind], mode, size, mtime: times[time++], uid, gid, device, inode };
    const name = words[word++];
    const previousIds = words.slice(word, (word += ids));
    return { name, path: joinPath(directory, name, separator), stat, error: undefined, previousIds };
  };
  return paths.map((path) => {
    const count = numbers[number++];
    if (count < 0) return undefined;
    const totals = numbers[number++] === 1 ? readTotals() : undefined;
    return { entries: Array.from({ length: count }, () => readEntry(path)), totals };
  });
}
