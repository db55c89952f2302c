import type { Json, JsonObject } from '../bytes/json.ts';
import { compareNames } from '../bytes/name.ts';
import { formatTime } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import type { Labels } from '../manifest/types.ts';
import { compactPins } from '../policy/retention.ts';
import { snapshotLabels, type SourceInfo } from '../policy/source.ts';
import { entryToJson, parseEntry, type DirEntry } from './entry.ts';
import { asInteger, asList, asText, asTexts, asTime, defineFields, readFields, type Extra } from './fields.ts';

/**
 * Counters of the run that made a snapshot (spec/snapshots-and-policies.md section 2). They tell what was done; what a
 * snapshot holds is in the summary of its root entry.
 */
export interface SnapshotStats extends Extra {
  totalSize: number;
  excludedTotalSize: number;
  fileCount: number;
  cachedFiles: number;
  nonCachedFiles: number;
  dirCount: number;
  excludedFileCount: number;
  excludedDirCount: number;
  ignoredErrorCount: number;
  errorCount: number;
}

export interface SnapshotManifest extends Extra {
  /** Manifest ID; empty before it is stored. */
  id: string;
  source: SourceInfo;
  description: string;
  /** Nanoseconds since 1970. */
  startTime: bigint;
  endTime: bigint;
  stats: SnapshotStats;
  /** Why it is not complete: `checkpoint`, `canceled`, `limit reached`, ...; empty when it is. */
  incomplete: string;
  rootEntry?: DirEntry;
  /** Keys given on the command line begin with `tag:`. */
  tags: Labels;
  pins: string[];
}

export function emptyStats(): SnapshotStats {
  return {
    totalSize: 0,
    excludedTotalSize: 0,
    fileCount: 0,
    cachedFiles: 0,
    nonCachedFiles: 0,
    dirCount: 0,
    excludedFileCount: 0,
    excludedDirCount: 0,
    ignoredErrorCount: 0,
    errorCount: 0,
  };
}

/** A new snapshot's manifest: nothing but the source and the time it began. */
export function newSnapshot(source: SourceInfo, startTime: bigint): SnapshotManifest {
  return {
    id: '',
    source,
    description: '',
    startTime,
    endTime: startTime,
    stats: emptyStats(),
    incomplete: '',
    tags: {},
    pins: [],
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const sourceFields = defineFields<Writable<SourceInfo> & Extra>({
  host: (into, value) => (into.host = asText(value)),
  userName: (into, value) => (into.userName = asText(value)),
  path: (into, value) => (into.path = asText(value)),
});

const statsFields = defineFields<SnapshotStats>(
  Object.fromEntries(
    (Object.keys(emptyStats()) as (keyof ReturnType<typeof emptyStats>)[]).map((key) => [
      key,
      (into: SnapshotStats, value: Exclude<Json, null>) => Object.assign(into, { [key]: asInteger(value) }),
    ]),
  ),
);

const manifestFields = defineFields<SnapshotManifest>({
  id: () => {},
  source: (into, value) => {
    into.source = readFields(value, 'source', { host: '', userName: '', path: '' }, sourceFields);
  },
  description: (into, value) => (into.description = asText(value)),
  startTime: (into, value) => (into.startTime = asTime(value)),
  endTime: (into, value) => (into.endTime = asTime(value)),
  stats: (into, value) => (into.stats = readFields(value, 'stats', emptyStats(), statsFields)),
  incomplete: (into, value) => (into.incomplete = asText(value)),
  rootEntry: (into, value) => (into.rootEntry = parseEntry(value)),
  tags: (into, value) => (into.tags = asTexts(value)),
  pins: (into, value) => (into.pins = asList(value).map((pin) => asText(pin!))),
});

/** Reads a stored manifest; `corrupt` when it is none. Absent times are 1970. */
export function parseSnapshot(id: string, json: Json): SnapshotManifest {
  const snapshot = newSnapshot({ host: '', userName: '', path: '' }, 0n);
  return { ...readFields(json, `snapshot ${id}`, snapshot, manifestFields), id };
}

export interface PrintedSnapshot {
  /** Stored manifests carry an empty `id`. */
  withId?: boolean;
  /** Never stored. */
  storageStats?: Json;
}

/** Members in Kopia's order. */
export function snapshotToJson(snapshot: SnapshotManifest, printed: PrintedSnapshot = {}): JsonObject {
  const { host, userName, path } = snapshot.source;
  const { extra: unknownStats, ...stats } = snapshot.stats;
  const tags = Object.entries(snapshot.tags).toSorted(([a], [b]) => compareNames(a, b));
  return {
    id: printed.withId ? snapshot.id : '',
    source: { host, userName, path },
    description: snapshot.description,
    startTime: formatTime(snapshot.startTime),
    endTime: formatTime(snapshot.endTime),
    stats: { ...stats, ...unknownStats },
    incomplete: snapshot.incomplete || undefined,
    rootEntry: snapshot.rootEntry === undefined ? null : entryToJson(snapshot.rootEntry),
    tags: tags.length === 0 ? undefined : Object.fromEntries(tags),
    storageStats: printed.storageStats,
    pins: snapshot.pins.length === 0 ? undefined : compactPins(snapshot.pins),
    ...snapshot.extra,
  };
}

const reserved = ['type', 'hostname', 'username', 'path'];

/** Labels a snapshot is stored under; `invalid-argument` when its source is not whole or a tag takes a label's name. */
export function labelsOfSnapshot({ source, tags }: SnapshotManifest): Labels {
  if (source.host === '' || source.userName === '' || source.path === '')
    throw new CairnError('invalid-argument', 'a snapshot needs a host, a user and a path', { data: { source } });
  const clash = reserved.find((name) => Object.hasOwn(tags, name));
  if (clash !== undefined)
    throw new CairnError('invalid-argument', `'${clash}' cannot be a tag: it is a label of every snapshot`);
  return { ...snapshotLabels(source), ...tags };
}

/**
 * Tags of `key:value` texts as the command line gives them, under their stored keys `tag:key`. Both sides must hold
 * something, and a key may come once.
 */
export function parseTags(texts: readonly string[]): Labels {
  const tags = new Map<string, string>();
  for (const text of texts) {
    const colon = text.indexOf(':');
    if (colon <= 0 || colon === text.length - 1)
      throw new CairnError('invalid-argument', `invalid tag "${text}"`, { hint: 'write it as key:value' });
    const key = 'tag:' + text.slice(0, colon);
    if (tags.has(key)) throw new CairnError('invalid-argument', `the tag '${text.slice(0, colon)}' is given twice`);
    tags.set(key, text.slice(colon + 1));
  }
  return Object.fromEntries(tags);
}
