import { mapLimit } from '../bytes/parallel.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { Labels, ManifestMetadata, ManifestReader, ManifestWriter } from '../manifest/types.ts';
import { compareSources, formatSource, snapshotLabels, sourceFromLabels, type SourceInfo } from '../policy/source.ts';
import { labelsOfSnapshot, parseSnapshot, snapshotToJson, type SnapshotManifest } from './manifest.ts';

/** A snapshot whose manifest cannot be read; its data must not be taken for garbage. */
export interface UnreadableSnapshot {
  id: string;
  source: SourceInfo;
  error: CairnError;
}

export interface SnapshotListing {
  /** By source text, then start time, then ID. */
  snapshots: SnapshotManifest[];
  unreadable: UnreadableSnapshot[];
}

export interface SnapshotFilter {
  /** Empty or absent members match everything, so `{ host }` covers all users of a host. */
  source?: Partial<SourceInfo>;
  /** Stored keys (`tag:key`) and their values. */
  tags?: Labels;
  /** Without it, incomplete snapshots are listed too. */
  completeOnly?: boolean;
}

const PARALLEL = 8;

/** Snapshots that pass the filter. Manifests that cannot be read are reported beside them, never dropped. */
export async function listSnapshots(manifests: ManifestReader, filter: SnapshotFilter = {}): Promise<SnapshotListing> {
  const source = { host: '', userName: '', path: '', ...filter.source };
  const found = await manifests.find({ ...snapshotLabels(source), ...filter.tags });
  const unreadable: UnreadableSnapshot[] = [];
  const loaded = await mapLimit(found, PARALLEL, (metadata) => loadListed(manifests, metadata, unreadable));
  const snapshots = loaded.filter(
    (snapshot) => snapshot !== undefined && !(filter.completeOnly && snapshot.incomplete !== ''),
  ) as SnapshotManifest[];
  return { snapshots: snapshots.toSorted(bySourceAndTime), unreadable };
}

async function loadListed(manifests: ManifestReader, metadata: ManifestMetadata, unreadable: UnreadableSnapshot[]) {
  try {
    return parseSnapshot(metadata.id, (await manifests.get(metadata.id)).data);
  } catch (error) {
    // deleted by somebody else since it was found
    if (isCairnError(error, 'manifest-not-found')) return undefined;
    if (!isCairnError(error, 'corrupt')) throw error;
    unreadable.push({ id: metadata.id, source: sourceFromLabels(metadata.labels), error });
    return undefined;
  }
}

export function bySourceAndTime(a: SnapshotManifest, b: SnapshotManifest): number {
  return compareSources(a.source, b.source) || byStartTime(a, b);
}

export function byStartTime(a: SnapshotManifest, b: SnapshotManifest): number {
  if (a.startTime !== b.startTime) return a.startTime < b.startTime ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Every source that has a snapshot, by text; only labels are read. */
export async function listSources(manifests: ManifestReader, filter: Partial<SourceInfo> = {}): Promise<SourceInfo[]> {
  const sources = new Map<string, SourceInfo>();
  for (const { labels } of await manifests.find(snapshotLabels({ host: '', userName: '', path: '', ...filter }))) {
    const source = sourceFromLabels(labels);
    sources.set(formatSource(source), source);
  }
  return [...sources.values()].toSorted(compareSources);
}

/** `snapshot-not-found` when no manifest has the ID or it is another kind's. */
export async function loadSnapshot(manifests: ManifestReader, id: string): Promise<SnapshotManifest> {
  let item;
  try {
    item = await manifests.get(id);
  } catch (error) {
    if (isCairnError(error, 'manifest-not-found')) throw snapshotNotFound(id);
    throw error;
  }
  if (item.metadata.labels.type !== 'snapshot') throw snapshotNotFound(id);
  return parseSnapshot(id, item.data);
}

export function snapshotNotFound(id: string): CairnError {
  return new CairnError('snapshot-not-found', `no snapshot has the ID ${id}`, {
    data: { id },
    hint: "'cairn snapshot list --all --manifest-id' shows the IDs",
  });
}

/** Snapshots by manifest ID, or all that have this root object; at least one, else `snapshot-not-found`. */
export async function findSnapshots(manifests: ManifestReader, id: string): Promise<SnapshotManifest[]> {
  try {
    return [await loadSnapshot(manifests, id)];
  } catch (error) {
    if (!isCairnError(error, 'snapshot-not-found')) throw error;
    const { snapshots } = await listSnapshots(manifests);
    const matches = snapshots.filter(({ rootEntry }) => rootEntry?.objectId === id);
    if (matches.length === 0) throw error;
    return matches;
  }
}

/** Stores a new snapshot; returns it with its ID. Visible to others after the next flush. */
export async function saveSnapshot(manifests: ManifestWriter, snapshot: SnapshotManifest): Promise<SnapshotManifest> {
  const id = await manifests.put(labelsOfSnapshot(snapshot), snapshotToJson(snapshot));
  return { ...snapshot, id };
}

/** Stores the changed snapshot, then deletes the old one: the ID changes, and no moment has neither. */
export async function replaceSnapshot(
  manifests: ManifestWriter,
  oldId: string,
  changed: SnapshotManifest,
): Promise<SnapshotManifest> {
  const saved = await saveSnapshot(manifests, changed);
  await manifests.delete(oldId);
  return saved;
}

/** Removes the manifest only; its data is left to maintenance. */
export async function deleteSnapshot(manifests: ManifestWriter, id: string): Promise<void> {
  await loadSnapshot(manifests, id).catch((error) => {
    // what cannot be read may still be removed
    if (!isCairnError(error, 'corrupt')) throw error;
  });
  await manifests.delete(id);
}
