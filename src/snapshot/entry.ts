import { encodeJson, parseJson, quoteJson, type Json, type JsonObject } from '../bytes/json.ts';
import { modeFromJson, modeToJson } from '../bytes/mode.ts';
import { formatTime } from '../bytes/time.ts';
import type { FileKind } from '../ports.ts';
import { asCount, asId, asList, asText, asTime, defineFields, readFields, type Extra } from './fields.ts';

/** What failed below a directory: path from the snapshot's root, and why. */
export interface FailedEntry extends Extra {
  path: string;
  error: string;
}

/** Totals of a directory with all that is below it (spec/snapshots-and-policies.md section 3.1). */
export interface DirectorySummary extends Extra {
  /** Bytes of files; symlinks do not count. */
  size: number;
  files: number;
  symlinks: number;
  /** This directory included. */
  dirs: number;
  /** Newest modification time of an entry below, nanoseconds since 1970. */
  maxTime: bigint;
  /** Why it is not whole; empty when it is. */
  incomplete: string;
  numFailed: number;
  numIgnoredErrors: number;
  errors: FailedEntry[];
}

/** One stored entry: a line of a directory object, or the root of a snapshot. */
export interface DirEntry extends Extra {
  /** Base name. */
  name: string;
  /** `f` file, `d` directory, `s` symlink; any other text is kept, can be listed and cannot be restored. */
  type: string;
  /** Unix layout, see bytes/mode.ts. */
  mode: number;
  /** Bytes of a file or of a link's target; 0 for directories. Exact up to 2^53. */
  size: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  uid: number;
  gid: number;
  objectId: string;
  /** Directories, and the root of a single-file snapshot. */
  summary?: DirectorySummary;
  /** Its text in a directory stream, where that is at hand already. */
  encoded?: string;
}

/** Ends the name of a placeholder, which holds an entry in place of the file or folder itself (section 8.8). */
export const PLACEHOLDER_SUFFIX = '.kopia-entry';

export function emptySummary(): DirectorySummary {
  return {
    size: 0,
    files: 0,
    symlinks: 0,
    dirs: 0,
    maxTime: 0n,
    incomplete: '',
    numFailed: 0,
    numIgnoredErrors: 0,
    errors: [],
  };
}

/** Total bytes as lists show them: of a directory all below it. */
export function entrySize(entry: DirEntry): number {
  return entry.type === 'd' ? (entry.summary?.size ?? entry.size) : entry.size;
}

export function entryKind(entry: DirEntry): FileKind {
  return entry.type === 'f' ? 'file' : entry.type === 'd' ? 'directory' : entry.type === 's' ? 'symlink' : 'other';
}

const failedFields = defineFields<FailedEntry>({
  path: (into, value) => (into.path = asText(value)),
  error: (into, value) => (into.error = asText(value)),
});

const summaryFields = defineFields<DirectorySummary>({
  size: (into, value) => (into.size = asCount(value)),
  files: (into, value) => (into.files = asCount(value)),
  symlinks: (into, value) => (into.symlinks = asCount(value)),
  dirs: (into, value) => (into.dirs = asCount(value)),
  maxTime: (into, value) => (into.maxTime = asTime(value)),
  incomplete: (into, value) => (into.incomplete = asText(value)),
  numFailed: (into, value) => (into.numFailed = asCount(value)),
  numIgnoredErrors: (into, value) => (into.numIgnoredErrors = asCount(value)),
  errors: (into, value) => {
    into.errors = asList(value).map((item) => readFields(item, 'error', { path: '', error: '' }, failedFields));
  },
});

const entryFields = defineFields<DirEntry>({
  name: (into, value) => (into.name = asText(value)),
  type: (into, value) => (into.type = asText(value)),
  mode: (into, value) => (into.mode = modeFromJson(asText(value))),
  size: (into, value) => (into.size = asCount(value)),
  mtime: (into, value) => (into.mtime = asTime(value)),
  uid: (into, value) => (into.uid = asId(value)),
  gid: (into, value) => (into.gid = asId(value)),
  obj: (into, value) => (into.objectId = asText(value)),
  summ: (into, value) => (into.summary = parseSummary(value)),
});

/** Reads a summary; absent members are zero. */
export function parseSummary(json: Json | undefined): DirectorySummary {
  return readFields(json, 'directory summary', emptySummary(), summaryFields);
}

/** Reads an entry; `corrupt` when a member has the wrong type. */
export function parseEntry(json: Json | undefined): DirEntry {
  const entry: DirEntry = { name: '', type: '', mode: 0, size: 0, mtime: 0n, uid: 0, gid: 0, objectId: '' };
  return readFields(json, 'directory entry', entry, entryFields);
}

/** Members in Kopia's order; those with nothing to say are left out (section 3.1). */
export function encodeSummary(summary: DirectorySummary): string {
  let text = `{"size":${summary.size},"files":${summary.files},"symlinks":${summary.symlinks},"dirs":${summary.dirs}`;
  text += `,"maxTime":"${formatTime(summary.maxTime)}"`;
  if (summary.incomplete !== '') text += ',"incomplete":' + quoteJson(summary.incomplete);
  text += ',"numFailed":' + summary.numFailed;
  if (summary.numIgnoredErrors !== 0) text += ',"numIgnoredErrors":' + summary.numIgnoredErrors;
  if (summary.errors.length > 0)
    text += ',"errors":' + encodeJson(summary.errors.map(({ path, error, extra }) => ({ path, error, ...extra })));
  return text + unknownMembers(summary) + '}';
}

/** The JSON text of an entry, byte for byte as Kopia writes it. Hot: it runs once per file of a snapshot. */
export function encodeEntry(entry: DirEntry): string {
  if (entry.encoded !== undefined) return entry.encoded;
  let text = entryHead(entry) + quoteJson(entry.objectId);
  if (entry.summary !== undefined) text += ',"summ":' + encodeSummary(entry.summary);
  return text + unknownMembers(entry) + '}';
}

/** What comes before the object ID in the text of an entry. */
export function entryHead(entry: Omit<DirEntry, 'objectId'>): string {
  let text = '{';
  if (entry.name !== '') text += '"name":' + quoteJson(entry.name) + ',';
  if (entry.type !== '') text += '"type":' + quoteJson(entry.type) + ',';
  if (entry.mode !== 0) text += '"mode":"' + modeToJson(entry.mode) + '",';
  if (entry.size !== 0) text += '"size":' + entry.size + ',';
  if (entry.mtime !== 0n) text += '"mtime":"' + formatTime(entry.mtime) + '",';
  if (entry.uid !== 0) text += '"uid":' + entry.uid + ',';
  if (entry.gid !== 0) text += '"gid":' + entry.gid + ',';
  return text + '"obj":';
}

/** The same as a JSON value, for manifests and printing. */
export function entryToJson(entry: DirEntry): JsonObject {
  return parseJson(encodeEntry(entry)) as JsonObject;
}

function unknownMembers({ extra }: Extra): string {
  if (extra === undefined) return '';
  const members = encodeJson(extra).slice(1, -1);
  return members === '' ? '' : ',' + members;
}
