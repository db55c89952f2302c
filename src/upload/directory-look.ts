import type { IgnoreContext } from '../policy/ignore.ts';
import type { SyncFiles } from '../ports.ts';
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
  /** Earlier entries to compare `entries` with. */
  previous: PreviousDirectory;
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

/** Longer directories are not compared as a whole: the attributes of all their entries would have to be in memory. */
const MOST = 16_384;

export function isComparable(names: readonly string[], previous: PreviousDirectory): boolean {
  return previous.files !== undefined && names.length <= MOST;
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
  let totals: Totals | undefined = {
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
    entries.push(entry);
    if (totals === undefined) continue;
    const { name, stat } = entry;
    if (stat === undefined || placeholderName(name) !== undefined) totals = undefined;
    else if (stat.kind === 'directory') directories.push(entry);
    else if (own.has(name, entry.path)) totals = undefined;
    else if (rules.judge(relative, { name, ...stat }, device) !== 'include') {
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
  if (totals?.count !== previous.files?.count) return { entries, totals: undefined };
  for (const entry of directories) entry.previousIds = previous.children(entry.name);
  return { entries: directories, totals };
}

/** What a comparison of entries with one earlier object found. */
export function lookOf(
  { entries, totals }: Comparison,
  rules: IgnoreContext,
  names: readonly string[],
  object: PreviousObject,
  previous: PreviousDirectory,
): DirectoryLook {
  if (totals === undefined) return { rules, entries, kept: undefined, previous, names };
  const { start, end } = previous.files!;
  return { rules, entries, kept: { ...totals, text: object.bytes.subarray(start, end), object }, previous, names };
}
