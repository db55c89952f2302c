import { modeText } from '../bytes/mode.ts';
import { formatSize } from '../bytes/size.ts';
import { compactPins, compactReasons } from '../policy/retention.ts';
import { formatSource, type SourceInfo } from '../policy/source.ts';
import { entryKind, entrySize, type DirEntry } from './entry.ts';
import type { SnapshotManifest } from './manifest.ts';
import type { StorageStats } from './storage-stats.ts';
import { bySourceAndTime } from './store.ts';

/** One line of `snapshot list` (spec/snapshots-and-policies.md section 10). */
export interface SnapshotRow {
  snapshot: SnapshotManifest;
  /** The root, or what is shown of it; undefined when the snapshot does not hold it. */
  entry?: DirEntry;
  /** Reasons to keep it; of several identical snapshots all, with runs joined. */
  reasons: string[];
  pins: string[];
  /** Bytes more than the row before, negative when fewer. */
  delta: number;
  storage?: StorageStats;
  /** How many snapshots with the same object follow and are folded into this row, and the start of the last one. */
  identical: number;
  until?: bigint;
}

export interface SnapshotGroup {
  source: SourceInfo;
  rows: SnapshotRow[];
}

export interface ListOptions {
  /** Retention reasons by manifest ID (policy/retention.ts), made before any row is left out. */
  reasons?: ReadonlyMap<string, readonly string[]>;
  /** Incomplete snapshots too. */
  incomplete?: boolean;
  showIdentical?: boolean;
  /** Newest first. */
  reverse?: boolean;
  /** The last so many of each source, counted after sorting; 0 for all. */
  maxResults?: number;
  /** What to show of a snapshot: an entry inside it, undefined where it is missing. Without it, the root. */
  entryOf?(snapshot: SnapshotManifest): Promise<DirEntry | undefined>;
  storageOf?(snapshot: SnapshotManifest): Promise<StorageStats>;
}

/** Rows by source in text order, lazily, so that what is slow to measure appears as it is ready. */
export async function* listGroups(
  snapshots: readonly SnapshotManifest[],
  options: ListOptions = {},
): AsyncGenerator<SnapshotGroup> {
  const groups = new Map<string, SnapshotManifest[]>();
  for (const snapshot of snapshots.toSorted(bySourceAndTime)) {
    const source = formatSource(snapshot.source);
    const group = groups.get(source);
    if (group === undefined) groups.set(source, [snapshot]);
    else group.push(snapshot);
  }
  for (const group of groups.values()) {
    if (options.reverse) group.reverse();
    yield {
      source: group[0].source,
      rows: await groupRows(group.slice(-(options.maxResults || group.length)), options),
    };
  }
}

async function groupRows(group: readonly SnapshotManifest[], options: ListOptions): Promise<SnapshotRow[]> {
  const rows: SnapshotRow[] = [];
  let size = 0;
  for (const snapshot of group) {
    if (snapshot.incomplete !== '' && !options.incomplete) continue;
    const entry = options.entryOf === undefined ? snapshot.rootEntry : await options.entryOf(snapshot);
    const reasons = options.reasons?.get(snapshot.id) ?? [];
    const last = rows.at(-1);
    if (!options.showIdentical && entry !== undefined && last?.entry?.objectId === entry.objectId) {
      last.identical++;
      last.until = snapshot.startTime;
      last.reasons.push(...reasons);
      last.pins = compactPins([...last.pins, ...snapshot.pins]);
      continue;
    }
    const shown = entry === undefined ? size : entrySize(entry);
    rows.push({
      snapshot,
      entry,
      reasons: [...reasons],
      pins: [...snapshot.pins],
      delta: shown - size,
      storage: await options.storageOf?.(snapshot),
      identical: 0,
    });
    size = shown;
  }
  // runs are joined once all are there: joined ones no longer join
  for (const row of rows) if (row.identical > 0) row.reasons = compactReasons(row.reasons);
  return rows;
}

export interface RowText {
  formatTime(time: bigint): string;
  /** False shows sizes as plain numbers. */
  humanReadable?: boolean;
  owner?: boolean;
  mtime?: boolean;
  manifestId?: boolean;
  delta?: boolean;
  retention?: boolean;
  base2?: boolean;
}

/** The items of a row after its time and object ID. */
export function rowItems(row: SnapshotRow, text: RowText): string[] {
  const { snapshot, entry, storage } = row;
  if (entry === undefined) return [];
  const size = (bytes: number) => (text.humanReadable === false ? String(bytes) : formatSize(bytes, text.base2));
  const items: string[] = [];
  if (snapshot.incomplete !== '') items.push(`incomplete:${snapshot.incomplete}`);
  items.push(size(entrySize(entry)), modeText(entryKind(entry), entry.mode));
  if (text.owner) items.push(`uid:${entry.uid}`, `gid:${entry.gid}`);
  if (text.mtime) items.push(`modified:${text.formatTime(entry.mtime)}`);
  if (text.manifestId) items.push(`manifest:${snapshot.id}`);
  // Kopia shows nothing for folders, and so does this text
  if (text.delta) items.push(row.delta > 0 && entry.type !== 'd' ? `(+${size(row.delta)})` : '');
  if (entry.type === 'd' && entry.summary !== undefined) {
    items.push(`files:${entry.summary.files}`, `dirs:${entry.summary.dirs}`);
    if (entry.summary.numFailed > 0) items.push(`errors:${entry.summary.numFailed}`);
  }
  if (storage !== undefined) items.push(...storageItems(storage, size));
  if (text.retention !== false && row.reasons.length > 0) items.push(`(${row.reasons.join(',')})`);
  if (row.pins.length > 0) items.push(`pins:${compactPins(row.pins).join(',')}`);
  return items;
}

function storageItems({ newData }: StorageStats, size: (bytes: number) => string): string[] {
  const { originalContentBytes: original, packedContentBytes: packed } = newData;
  const saved = original > packed ? (100 * (original - packed)) / original : 0;
  return [
    `new-data:${size(packed)}`,
    `new-files:${newData.fileObjects}`,
    `new-dirs:${newData.dirObjects}`,
    `compression:${saved.toFixed(1).replace(/\.0$/, '')}%`,
  ];
}
