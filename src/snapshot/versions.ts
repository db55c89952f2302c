/** All versions of one path through time: `snapshot versions PATH`. */
import type { SourceInfo } from '../policy/source.ts';
import { encodeEntry, type DirEntry } from './entry.ts';
import type { SnapshotManifest } from './manifest.ts';
import type { StoredRepository } from './resolve.ts';
import { entryIn, snapshotsOfPath } from './resolve-source.ts';

/** A run of snapshots in which the path is one and the same. */
export interface PathVersion {
  /** Undefined while the snapshots do not hold the path: it was not there, or was left out. */
  entry: DirEntry | undefined;
  first: SnapshotManifest;
  last: SnapshotManifest;
  /** Snapshots of the run. */
  count: number;
  /** What differs from the last version that was there. */
  changes: VersionChange[];
}

export type VersionChange = 'created' | 'removed' | 'content' | 'type' | 'mode' | 'owner' | 'time';

/** Versions of a path, oldest first, over the snapshots of it and of every folder above it. */
export async function snapshotVersions(repository: StoredRepository, source: SourceInfo): Promise<PathVersion[]> {
  const versions: PathVersion[] = [];
  let key: string | undefined;
  let before: DirEntry | undefined;
  for (const { snapshot, below } of await snapshotsOfPath(repository, source)) {
    const entry = (await entryIn(repository, snapshot, below))?.entry;
    // totals of a folder follow from its object
    const now = entry === undefined ? '' : encodeEntry({ ...entry, name: '', summary: undefined });
    const last = versions.at(-1);
    if (last !== undefined && now === key) {
      last.last = snapshot;
      last.count++;
      continue;
    }
    key = now;
    // snapshots from before the path was there tell nothing
    if (entry === undefined && before === undefined) continue;
    versions.push({ entry, first: snapshot, last: snapshot, count: 1, changes: changesOf(last?.entry, entry) });
    before = entry ?? before;
  }
  return versions;
}

function changesOf(before: DirEntry | undefined, now: DirEntry | undefined): VersionChange[] {
  if (now === undefined) return ['removed'];
  if (before === undefined) return ['created'];
  const changes: VersionChange[] = [];
  if (before.type !== now.type) changes.push('type');
  if (before.objectId !== now.objectId) changes.push('content');
  if (before.mode !== now.mode) changes.push('mode');
  if (before.uid !== now.uid || before.gid !== now.gid) changes.push('owner');
  if (before.mtime !== now.mtime) changes.push('time');
  return changes;
}
