import { CairnError, isCairnError } from '../errors.ts';
import { parentPath, pathBelow } from '../policy/chain.ts';
import { formatSource, type SourceInfo } from '../policy/source.ts';
import type { SnapshotManifest } from './manifest.ts';
import { descend, type ResolvedEntry, type StoredRepository } from './resolve.ts';
import type { SnapshotTime } from './snapshot-time.ts';
import { byStartTime, listSnapshots } from './store.ts';

/** The entry of a path in one snapshot of it or of a folder above. */
export interface SourceEntry extends ResolvedEntry {
  snapshot: SnapshotManifest;
}

/**
 * All snapshots that may hold a path: those of the path itself and of every folder above it, of the same user and host,
 * oldest first. `below` is the path inside the snapshot.
 */
export async function snapshotsOfPath(
  { manifests }: StoredRepository,
  source: SourceInfo,
): Promise<{ snapshot: SnapshotManifest; below: string[] }[]> {
  const found: { snapshot: SnapshotManifest; below: string[] }[] = [];
  for (let path = source.path; ;) {
    const below =
      path === source.path ? [] : (pathBelow(path, source.path) ?? '').split('/').filter((name) => name !== '');
    const { snapshots } = await listSnapshots(manifests, { source: { ...source, path }, completeOnly: true });
    for (const snapshot of snapshots) found.push({ snapshot, below });
    const parent = parentPath(path);
    if (parent === path || parent === '') break;
    path = parent;
  }
  return found.toSorted((a, b) => byStartTime(a.snapshot, b.snapshot));
}

/**
 * The entry of a path at a time (spec/snapshots-and-policies.md section 9.1): in the newest, oldest or last complete
 * snapshot before a moment that holds the path. Its mode, owner and times are those stored (Kopia loses them here).
 */
export async function resolveSourcePath(
  repository: StoredRepository,
  source: SourceInfo,
  when: SnapshotTime,
): Promise<SourceEntry> {
  const candidates = await snapshotsOfPath(repository, source);
  const wanted =
    typeof when === 'string' ? candidates : candidates.filter(({ snapshot }) => snapshot.startTime < when.before);
  for (const candidate of when === 'oldest' ? wanted : wanted.toReversed()) {
    const entry = await entryIn(repository, candidate.snapshot, candidate.below);
    if (entry !== undefined) return entry;
  }
  const text = formatSource(source);
  throw new CairnError('snapshot-not-found', `no snapshots contain data for ${text}`, {
    data: { source },
    hint:
      candidates.length > 0 && wanted.length === 0
        ? 'all snapshots of it are newer than the time given'
        : "'cairn snapshot list --all' shows what there is",
  });
}

/** The entry of a path in one snapshot; undefined when it does not hold the path. */
export async function entryIn(
  { contents }: StoredRepository,
  snapshot: SnapshotManifest,
  below: readonly string[],
): Promise<SourceEntry | undefined> {
  if (snapshot.rootEntry === undefined) return undefined;
  try {
    return { ...(await descend(contents, snapshot.rootEntry, below, snapshot.id)), snapshot };
  } catch (error) {
    if (isCairnError(error, 'entry-not-found') || isCairnError(error, 'not-a-directory')) return undefined;
    throw error;
  }
}
