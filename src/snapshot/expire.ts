/** Which snapshots of a source a policy lets go, and removing them (spec/snapshots-and-policies.md section 6). */
import { CairnError } from '../errors.ts';
import type { ManifestReader, ManifestWriter } from '../manifest/types.ts';
import type { RetentionPolicy } from '../policy/policy.ts';
import { retentionReasons } from '../policy/retention.ts';
import { formatSource, sameSource, type SourceInfo } from '../policy/source.ts';
import type { Zone } from '../policy/zone.ts';
import type { SnapshotManifest } from './manifest.ts';
import { listSnapshots } from './store.ts';

export interface Expiry {
  source: SourceInfo;
  /** With what keeps each: tags such as `latest-1`, `incomplete`, or nothing but its pins. */
  kept: { snapshot: SnapshotManifest; reasons: string[] }[];
  /** Neither a tag nor a pin keeps them; oldest first. */
  expired: SnapshotManifest[];
}

/** Decides about the snapshots of one source; pinned ones stay whatever the policy says. */
export function planExpiry(
  source: SourceInfo,
  snapshots: readonly SnapshotManifest[],
  policy: RetentionPolicy,
  zone: Zone,
): Expiry {
  const reasons = retentionReasons(policy, snapshots, zone);
  const expiry: Expiry = { source, kept: [], expired: [] };
  for (const [at, snapshot] of snapshots.entries()) {
    if (reasons[at].length > 0 || snapshot.pins.length > 0) expiry.kept.push({ snapshot, reasons: reasons[at] });
    else expiry.expired.push(snapshot);
  }
  return expiry;
}

/**
 * The same over what is stored. Snapshots whose manifests cannot be read are neither counted nor removed: of them nobody
 * knows how old they are.
 */
export async function expireSnapshots(
  manifests: ManifestReader,
  source: SourceInfo,
  policy: RetentionPolicy,
  zone: Zone,
): Promise<Expiry> {
  const { snapshots } = await listSnapshots(manifests, { source });
  const own = snapshots.filter((snapshot) => sameSource(snapshot.source, source));
  return planExpiry(source, own, policy, zone);
}

/** Removes the manifests of what expired; the data is left to maintenance. Done after the next flush. */
export async function deleteExpired(manifests: ManifestWriter, { expired }: Expiry): Promise<void> {
  for (const { id } of expired) await manifests.delete(id);
}

/** What applies retention after every saved snapshot and checkpoint, as Kopia does; `afterSave` of an upload. */
export function retentionAfterSave(
  policy: RetentionPolicy,
  zone: Zone,
  onExpired: (expiry: Expiry) => void = () => {},
): (manifests: ManifestWriter, saved: SnapshotManifest) => Promise<void> {
  return async (manifests, { source }) => {
    const expiry = await expireSnapshots(manifests, source, policy, zone);
    if (expiry.expired.length === 0) return;
    await deleteExpired(manifests, expiry);
    onExpired(expiry);
  };
}

/** A pinned snapshot is not removed by mistake: refused unless it is said that pins do not count. */
export function checkDeletable({ id, source, pins }: SnapshotManifest, ignorePins = false): void {
  if (pins.length === 0 || ignorePins) return;
  throw new CairnError('invalid-argument', `snapshot ${id} of ${formatSource(source)} is pinned: ${pins.join(', ')}`, {
    data: { id, pins },
    hint: `'cairn snapshot pin ${id} ${pins.map((pin) => `--remove=${pin}`).join(' ')}' removes the pins (the ID changes by that); --ignore-pins deletes it all the same`,
  });
}
