/** Giving the snapshots of one source to another: `snapshot copy-history` and `move-history`. */
import { CairnError } from '../errors.ts';
import type { ManifestWriter } from '../manifest/types.ts';
import { clonePolicy } from '../policy/document.ts';
import { formatSource, sameSource, type SourceInfo } from '../policy/source.ts';
import { definedPolicy, listPolicies, setPolicy } from '../policy/store.ts';
import type { Clock } from '../ports.ts';
import type { SnapshotManifest } from './manifest.ts';
import { listSnapshots, saveSnapshot } from './store.ts';

export interface HistoryOptions {
  /** Removes the snapshots from where they were. */
  move: boolean;
  dryRun?: boolean;
  /** Also copies policies of the sources, where the destination has none; Kopia leaves them behind. */
  policies?: Pick<Clock, 'now' | 'sleep'>;
  onStep?(step: HistoryStep): void;
}

export interface HistoryStep {
  snapshot: SnapshotManifest;
  destination: SourceInfo;
  /** `present`: the destination has it; a move then only removes it here. */
  action: 'stored' | 'present';
}

export interface HistoryResult {
  steps: HistoryStep[];
  policies: SourceInfo[];
}

/** Members of `destination` that hold something replace the source's (spec/snapshots-and-policies.md section 11.3). */
export function historyDestination(source: SourceInfo, destination: SourceInfo): SourceInfo {
  return {
    host: destination.host || source.host,
    userName: destination.userName || source.userName,
    path: destination.path || source.path,
  };
}

/** `invalid-argument` when many sources would be put into one, or a source into itself. */
export function checkHistory(source: SourceInfo, destination: SourceInfo): void {
  const refuse = (message: string) => {
    throw new CairnError('invalid-argument', message, { data: { source, destination } });
  };
  if (source.path === '' && destination.path !== '') refuse('path specified on destination but not source');
  if (source.userName === '' && destination.userName !== '') refuse('username specified on destination but not source');
  if (sameSource(source, historyDestination(source, destination)))
    refuse(`source and destination are both ${formatSource(source)}`);
}

/** Done after the next flush. A snapshot with the same start and root object at the destination is not stored again. */
export async function transferHistory(
  manifests: ManifestWriter,
  source: SourceInfo,
  destination: SourceInfo,
  { move, dryRun = false, policies: clock, onStep }: HistoryOptions,
): Promise<HistoryResult> {
  checkHistory(source, destination);
  const [from, to] = [
    await listSnapshots(manifests, { source }),
    await listSnapshots(manifests, { source: destination }),
  ];
  if (from.snapshots.length === 0)
    throw new CairnError('snapshot-not-found', `no snapshots of ${formatSource(source)}`, {
      data: { source },
      hint: "'cairn snapshot list --all' shows the sources",
    });
  const present = new Set(to.snapshots.map((snapshot) => key(snapshot, snapshot.source)));
  const result: HistoryResult = { steps: [], policies: [] };
  for (const snapshot of from.snapshots) {
    const target = historyDestination(snapshot.source, destination);
    // of `@host` some users may lie at the destination already
    if (sameSource(target, snapshot.source)) continue;
    const known = present.has(key(snapshot, target));
    const step: HistoryStep = { snapshot, destination: target, action: known ? 'present' : 'stored' };
    if (!known && !dryRun) await saveSnapshot(manifests, { ...snapshot, source: target });
    present.add(key(snapshot, target));
    if (move && !dryRun) await manifests.delete(snapshot.id);
    result.steps.push(step);
    onStep?.(step);
  }
  if (clock !== undefined) result.policies = await copyPolicies(manifests, source, destination, dryRun, clock);
  return result;
}

function key({ startTime, rootEntry }: SnapshotManifest, source: SourceInfo): string {
  return `${formatSource(source)}\0${startTime}\0${rootEntry?.objectId ?? ''}`;
}

/** Policies of exactly the source, or of all that `user@host` or `@host` names. */
async function copyPolicies(
  manifests: ManifestWriter,
  source: SourceInfo,
  destination: SourceInfo,
  dryRun: boolean,
  clock: Pick<Clock, 'now' | 'sleep'>,
): Promise<SourceInfo[]> {
  const copied: SourceInfo[] = [];
  for (const { target, policy } of await listPolicies(manifests)) {
    if (target.host !== source.host || (source.userName !== '' && target.userName !== source.userName)) continue;
    if (source.path !== '' && target.path !== source.path) continue;
    const to = historyDestination(target, destination);
    if (sameSource(to, target) || (await definedPolicy(manifests, to)) !== undefined) continue;
    if (!dryRun) await setPolicy(manifests, to, clonePolicy(policy), clock);
    copied.push(to);
  }
  return copied;
}
