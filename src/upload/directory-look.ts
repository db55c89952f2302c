import type { Candidate, IgnoreContext } from '../policy/ignore.ts';
import type { FileStat, SyncFiles } from '../ports.ts';
import type { EncodedFiles } from '../snapshot/directory-builder.ts';
import { localEntries, type LocalEntry, type OwnPaths } from './local.ts';
import { placeholderName } from './placeholder.ts';
import type { PreviousDirectory, PreviousObject } from './previous.ts';

/** What one look at a directory finds. */
export interface DirectoryLook {
  /** The rules in force in it. */
  rules: IgnoreContext;
  /** What has to be taken in one by one: everything, or only directories where the rest is kept. */
  entries: Iterable<LocalEntry>;
  /** Its files and links, where all of them are unchanged. */
  kept: KeptFiles | undefined;
  /** Earlier entries to compare `entries` with; read on the first call. */
  previous(): PreviousDirectory;
  /** The names of `entries`, and of those that vanished meanwhile. */
  names: readonly string[];
}

/** Files and links that are just those of an earlier directory object, whose text of them is used again. */
export interface KeptFiles extends EncodedFiles, Totals {
  object: PreviousObject;
}

/** Counts of unchanged files and links, and of what the rules leave out. */
export interface Totals extends Omit<EncodedFiles, 'text'> {
  /** Bytes of files and links. */
  bytes: number;
  excludedFiles: number;
  excludedBytes: number;
  /** Where the earlier object holds their text. */
  start: number;
  end: number;
}

/** A directory whose names are known. */
export interface Listed {
  path: string;
  relative: string;
  device: number;
  rules: IgnoreContext;
  names: readonly string[];
}

export interface Comparison {
  /** All of them, or only the directories where there are totals of the rest. */
  entries: LocalEntry[];
  totals: Totals | undefined;
}

export interface CompareOptions {
  syncFiles: SyncFiles;
  separator: string;
  own: OwnPaths;
}

/** Entries of a directory, and those that its earlier ones do not have, beyond which it is not compared as a whole. */
const MOST = 16_384;
const MOST_NEW = 64;

/** Not where the attributes of many entries would have to be in memory: those are taken in one by one. */
export function isComparable(names: readonly string[], previous: PreviousDirectory): boolean {
  return names.length <= Math.min(MOST, 2 * previous.size + MOST_NEW);
}

/**
 * Looks at every entry of a directory and tells whether all that are no directories are as they were. They are not where
 * a single one is new, gone, changed, unreadable or of an odd kind: what to do about that is decided for each by itself.
 */
export function compareEntries(
  { syncFiles, separator, own }: CompareOptions,
  { path, relative, device, rules, names }: Listed,
  previous: PreviousDirectory,
): Comparison {
  const entries: LocalEntry[] = [];
  const directories: LocalEntry[] = [];
  const { takesAll } = rules;
  const someAreOwn = own.areIn(path);
  let totals: Totals | undefined = previous.files && {
    ...previous.files,
    count: 0,
    files: 0,
    symlinks: 0,
    size: 0,
    bytes: 0,
    maxTime: 0n,
    excludedFiles: 0,
    excludedBytes: 0,
  };
  for (const entry of localEntries(syncFiles, path, names, separator)) {
    const { name, stat } = entry;
    entries.push(entry);
    const isDirectory = stat?.kind === 'directory';
    if (isDirectory) {
      entry.previousIds = previous.children(name);
      directories.push(entry);
    }
    if (totals === undefined) continue;
    if (stat === undefined || placeholderName(name) !== undefined) totals = undefined;
    else if (isDirectory) continue;
    else if (someAreOwn && own.has(entry.path)) totals = undefined;
    else if (!takesAll && rules.judge(relative, candidateOf(name, stat), device) !== 'include') {
      totals.excludedFiles++;
      totals.excludedBytes += stat.size;
    } else if (stat.kind === 'other' || !previous.holds(name, stat.kind === 'file' ? 'f' : 's', stat)) {
      totals = undefined;
    } else {
      totals.count++;
      totals.bytes += stat.size;
      if (stat.mtime > totals.maxTime) totals.maxTime = stat.mtime;
      if (stat.kind === 'symlink') totals.symlinks++;
      else {
        totals.files++;
        totals.size += stat.size;
      }
    }
  }
  if (totals?.count !== previous.files?.count) totals = undefined;
  return { entries: totals === undefined ? entries : directories, totals };
}

export function candidateOf(name: string, { kind, size, device }: FileStat): Candidate {
  return { name, kind, size, device };
}

/** What a comparison of a directory's entries with earlier objects found; `makePrevious` reads them, once at most. */
export function lookOf(
  { entries, totals }: Comparison,
  rules: IgnoreContext,
  names: readonly string[],
  objects: readonly PreviousObject[],
  makePrevious: () => PreviousDirectory,
): DirectoryLook {
  let made: PreviousDirectory | undefined;
  const previous = () => (made ??= makePrevious());
  if (totals === undefined) return { rules, entries, kept: undefined, previous, names };
  const object = objects[0];
  const { start, end } = totals;
  return { rules, entries, kept: { ...totals, text: object.bytes.subarray(start, end), object }, previous, names };
}
