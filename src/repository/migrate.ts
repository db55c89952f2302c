/** Taking snapshots and policies over into another repository: `snapshot migrate` (spec/snapshots-and-policies.md 11.3). */
import { mapLimit } from '../bytes/parallel.ts';
import { encodeJson } from '../bytes/json.ts';
import { isCairnError } from '../errors.ts';
import type { ManifestReader, ManifestWriter } from '../manifest/types.ts';
import { policyToJson } from '../policy/document.ts';
import { sameSource, type SourceInfo } from '../policy/source.ts';
import { definedPolicy, listPolicies, policyTree, setPolicy, type StoredPolicy } from '../policy/store.ts';
import type { Clock } from '../ports.ts';
import type { SnapshotManifest } from '../snapshot/manifest.ts';
import { byStartTime, listSnapshots, saveSnapshot } from '../snapshot/store.ts';
import { asError } from '../snapshot/walk.ts';
import { TreeCopy, type Earlier, type TreeCopyOptions } from './migrate-tree.ts';
import type { RepositoryReader } from './reader.ts';
import type { WriteSession } from './write-session.ts';

export interface MigrateOptions extends Partial<TreeCopyOptions> {
  /** Only the newest snapshot of each source. */
  latestOnly?: boolean;
  /** Sources at a time. */
  parallel?: number;
  onSnapshot?(step: MigrateStep): void;
}

export interface MigrateStep {
  /** As it is in the source repository. */
  snapshot: SnapshotManifest;
  /** `present`: the destination has one of this source that started at the same time. */
  action: 'copied' | 'present' | 'failed';
  saved?: SnapshotManifest;
  error?: Error;
}

/**
 * Copies complete snapshots, oldest first. Times, description, tags, pins and attributes are kept (Kopia drops tags and
 * pins). What cannot be read is a failed entry of the copy; a snapshot whose root cannot be read fails alone.
 */
export async function migrateSnapshots(
  from: RepositoryReader,
  session: WriteSession,
  sources: readonly SourceInfo[],
  options: MigrateOptions = {},
): Promise<MigrateStep[]> {
  const steps: MigrateStep[] = [];
  await mapLimit(sources, options.parallel ?? 1, async (source) => {
    for (const step of await migrateSource(from, session, source, options)) steps.push(step);
  });
  return steps;
}

async function migrateSource(
  from: RepositoryReader,
  session: WriteSession,
  source: SourceInfo,
  options: MigrateOptions,
): Promise<MigrateStep[]> {
  const snapshots = await ownSnapshots(from.manifests, source);
  const known = new Map(
    (await ownSnapshots(session.manifests, source)).map((snapshot) => [snapshot.startTime, snapshot]),
  );
  const { root } = await policyTree(session.manifests, source);
  const copy = new TreeCopy(from.objects, session, { ...options, applyIgnoreRules: options.applyIgnoreRules ?? false });
  const steps: MigrateStep[] = [];
  const tell = (step: MigrateStep) => {
    steps.push(step);
    options.onSnapshot?.(step);
  };
  let earlier: Earlier | undefined;
  for (const snapshot of options.latestOnly ? snapshots.slice(-1) : snapshots) {
    const { rootEntry } = snapshot;
    if (rootEntry === undefined) continue;
    const present = known.get(snapshot.startTime);
    if (present !== undefined) {
      tell({ snapshot, action: 'present' });
      if (present.rootEntry?.type === rootEntry.type) earlier = { from: rootEntry, to: present.rootEntry };
      continue;
    }
    try {
      const to = await copy.root(rootEntry, root, earlier?.from.type === rootEntry.type ? earlier : undefined);
      const saved = await saveSnapshot(session.manifests, { ...snapshot, rootEntry: to });
      await session.flush();
      earlier = { from: rootEntry, to };
      tell({ snapshot, action: 'copied', saved });
    } catch (error) {
      if (
        !isCairnError(error, 'corrupt') &&
        !isCairnError(error, 'content-not-found') &&
        !isCairnError(error, 'blob-not-found')
      )
        throw error;
      tell({ snapshot, action: 'failed', error: asError(error) });
    }
  }
  return steps;
}

async function ownSnapshots(manifests: ManifestReader, source: SourceInfo): Promise<SnapshotManifest[]> {
  const { snapshots } = await listSnapshots(manifests, { source, completeOnly: true });
  return snapshots.filter((snapshot) => sameSource(snapshot.source, source)).toSorted(byStartTime);
}

export interface PolicyStep {
  target: SourceInfo;
  /** `kept`: the destination has another one, which was not overwritten. */
  action: 'copied' | 'same' | 'kept';
}

/** Copies policies: all, or those of the sources. Done after the next flush. */
export async function migratePolicies(
  from: ManifestReader,
  to: ManifestWriter,
  sources: readonly SourceInfo[] | undefined,
  { overwrite = false, clock }: { overwrite?: boolean; clock: Pick<Clock, 'now' | 'sleep'> },
): Promise<PolicyStep[]> {
  const steps: PolicyStep[] = [];
  for (const stored of await listPolicies(from)) {
    const { target, policy } = stored;
    if (sources !== undefined && !sources.some((source) => sameSource(source, target))) continue;
    const there = await definedPolicy(to, target);
    const same = there !== undefined && textOf(there) === textOf(stored);
    const action = same ? 'same' : there !== undefined && !overwrite ? 'kept' : 'copied';
    if (action === 'copied') await setPolicy(to, target, policy, clock);
    steps.push({ target, action });
  }
  return steps;
}

function textOf({ policy }: StoredPolicy): string {
  return encodeJson(policyToJson(policy));
}
