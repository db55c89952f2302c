/** Repairing snapshots: damaged files and directories out of them, or files that should never have been in. */
import { CairnError } from '../errors.ts';
import type { ManifestWriter } from '../manifest/types.ts';
import { compileMatcher } from '../policy/wcmatch.ts';
import { encodeEntry, type DirEntry } from './entry.ts';
import { FileCheck, type FileCheckOptions } from './fix-check.ts';
import { handleDamaged, type Handling } from './fix-stub.ts';
import { TreeFix, type EntryFix, type FixTarget } from './fix-tree.ts';
import type { SnapshotManifest } from './manifest.ts';
import { replaceSnapshot } from './store.ts';

export type { Handling } from './fix-stub.ts';
export type { FixTarget } from './fix-tree.ts';

/** One entry that a fix touched. */
export interface FixStep {
  path: string;
  entry: DirEntry;
  /** Why it could not be read. */
  error?: Error;
  action: Handling;
}

export interface InvalidFilesOptions extends FileCheckOptions {
  fileHandling?: Handling;
  directoryHandling?: Exclude<Handling, 'remove'>;
  onStep?(step: FixStep): void;
}

/** `fix invalid-files`: what verification finds damaged is replaced, removed or left; `fail` ends the run with its error. */
export function invalidFilesFix({ contents, writer }: FixTarget, options: InvalidFilesOptions = {}): EntryFix {
  const { fileHandling = 'stub', directoryHandling = 'stub', onStep } = options;
  const check = new FileCheck(contents, options);
  const handle = (path: string, entry: DirEntry, error: Error, action: Handling) => {
    onStep?.({ path, entry, error, action });
    return handleDamaged(writer, action, path, entry, error);
  };
  return {
    async entry(path, entry) {
      const error = entry.type === 'd' ? undefined : await check.problem(entry);
      return error === undefined ? entry : handle(path, entry, error, fileHandling);
    },
    unreadable: (path, entry, error) => handle(path, entry, error, directoryHandling),
  };
}

export interface RemoveFilesOptions {
  objectIds?: readonly string[];
  /** Wildcards for base names, of files and directories. */
  names?: readonly string[];
  directoryHandling?: Exclude<Handling, 'remove'>;
  onStep?(step: FixStep): void;
}

/** `fix remove-files`: entries with one of the objects or names go, directories with all that is below them. */
export function removeFilesFix({ writer }: FixTarget, options: RemoveFilesOptions): EntryFix {
  const { objectIds = [], names = [], directoryHandling = 'stub', onStep } = options;
  if (objectIds.length === 0 && names.length === 0)
    throw new CairnError('usage', 'must specify files to remove: by --object-id or --filename');
  const objects = new Set(objectIds);
  const globs = names.map((name) => wildcard(name));
  return {
    async entry(path, entry) {
      // the root has nothing above that it could be removed from
      if (path === '') return entry;
      if (!objects.has(entry.objectId) && !globs.some((matches) => matches(entry.name))) return entry;
      onStep?.({ path, entry, action: 'remove' });
      return undefined;
    },
    unreadable(path, entry, error) {
      onStep?.({ path, entry, error, action: directoryHandling });
      return handleDamaged(writer, directoryHandling, path, entry, error);
    },
  };
}

function wildcard(pattern: string): (name: string) => boolean {
  if (pattern === '' || pattern.includes('/'))
    throw new CairnError('invalid-argument', `"${pattern}" is no name: flag '--filename' takes names without folders`);
  const matcher = compileMatcher('/' + pattern);
  return (name) => matcher.covers('/' + name);
}

export interface FixedSnapshot {
  /** As it was. */
  snapshot: SnapshotManifest;
  rootEntry: DirEntry;
  changed: boolean;
  /** As it is stored now; only with `commit`, and when it changed. */
  saved?: SnapshotManifest;
}

export interface FixOptions {
  /** Else manifests stay as they are; objects are written to the session all the same, which is then abandoned. */
  commit: boolean;
  onSnapshot?(fixed: FixedSnapshot): void;
}

/** Applies a fix to snapshots. A changed one is stored anew, then its old manifest is deleted; done after a flush. */
export async function fixSnapshots(
  manifests: ManifestWriter,
  target: FixTarget,
  snapshots: readonly SnapshotManifest[],
  fix: EntryFix,
  { commit, onSnapshot }: FixOptions,
): Promise<FixedSnapshot[]> {
  const tree = new TreeFix(target, fix);
  const results: FixedSnapshot[] = [];
  for (const snapshot of snapshots) {
    if (snapshot.rootEntry === undefined) continue;
    const rootEntry = await tree.root(snapshot.rootEntry);
    if (rootEntry === undefined)
      throw new CairnError('invalid-argument', `nothing would be left of snapshot ${snapshot.id}`, {
        data: { snapshot: snapshot.id },
        hint: "'cairn snapshot delete' removes a snapshot as a whole",
      });
    const changed = encodeEntry(rootEntry) !== encodeEntry(snapshot.rootEntry);
    const fixed: FixedSnapshot = { snapshot, rootEntry, changed };
    if (changed && commit) fixed.saved = await replaceSnapshot(manifests, snapshot.id, { ...snapshot, rootEntry });
    results.push(fixed);
    onSnapshot?.(fixed);
  }
  return results;
}
