import { modeText } from '../bytes/mode.ts';
import { formatTime } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import { entryKind, type DirEntry } from './entry.ts';
import { openDirectory, throwIfCanceled } from './walk.ts';

export interface DiffCounts {
  added: number;
  removed: number;
  modified: number;
  sameContentButDifferentMetadata: number;
  sameContentButDifferentMode: number;
  sameContentButDifferentModificationTime: number;
  sameContentButDifferentUserOwner: number;
  sameContentButDifferentGroupOwner: number;
}

/** What `diff` prints at the end, in Kopia's key order. */
export interface DiffStats {
  fileEntries: DiffCounts;
  directoryEntries: DiffCounts;
}

export interface DiffEvent {
  kind: 'added' | 'removed' | 'metadata' | 'changed';
  /** Begins with `.`, the roots. */
  path: string;
  before?: DirEntry;
  after?: DirEntry;
  /** The line that `diff` prints. */
  text: string;
}

export interface DiffOptions {
  /** Text of a time; without it Go's in UTC. */
  formatTime?: (time: bigint) => string;
  signal?: AbortSignal;
}

/** One side of a comparison, as `resolveEntryPath` gives it. */
export interface DiffSide {
  entry: DirEntry;
  /** Below the root of its snapshot; empty for the root. */
  path: string;
}

/**
 * Differences between two directories (spec/snapshots-and-policies.md section 9.6), lazily; counts gather in `stats`.
 * Equal objects are not looked into: only their metadata can differ. Quirks of Kopia, kept: folders below the roots
 * show the newest time and the size of all that is in them, and a changed file with changed metadata counts twice.
 */
export function diffTrees(
  contents: ObjectContents,
  before: DiffSide,
  after: DiffSide,
  options: DiffOptions = {},
): { events: AsyncGenerator<DiffEvent>; stats: DiffStats } {
  if (before.entry.type !== 'd' || after.entry.type !== 'd')
    throw new CairnError('not-a-directory', 'only two directories can be compared', {
      hint: "'cairn show' prints a file; name the folders that the files are in",
    });
  const comparison = new Comparison(contents, options);
  const events = comparison.compare(
    '.',
    shown(before.entry, before.path === ''),
    shown(after.entry, after.path === ''),
  );
  return { events, stats: comparison.stats };
}

/** An entry as Kopia sees it: what it reads below a root has the folder's totals in place of its own time and size. */
function shown(entry: DirEntry, isRoot = false): DirEntry {
  if (isRoot || entry.type !== 'd' || entry.summary === undefined) return entry;
  return { ...entry, mtime: entry.summary.maxTime, size: entry.summary.size };
}

/** Go's default text of a time, in UTC. */
export function goTimeText(time: bigint): string {
  return formatTime(time).replace('T', ' ').replace('Z', ' +0000 UTC');
}

class Comparison {
  readonly stats: DiffStats = { fileEntries: noCounts(), directoryEntries: noCounts() };
  readonly #contents: ObjectContents;
  readonly #time: (time: bigint) => string;
  readonly #signal: AbortSignal | undefined;

  constructor(contents: ObjectContents, options: DiffOptions) {
    this.#contents = contents;
    this.#time = options.formatTime ?? goTimeText;
    this.#signal = options.signal;
  }

  async *compare(path: string, before: DirEntry, after: DirEntry): AsyncGenerator<DiffEvent> {
    throwIfCanceled(this.#signal);
    if (before.objectId === after.objectId) return this.#countMetadata(before, after);
    const pair = { path, before, after };
    const differences = [...this.#metadata(path, before, after)];
    if (differences.length > 0)
      (before.type === 'd' && after.type === 'd' ? this.stats.directoryEntries : this.stats.fileEntries).modified++;
    for (const text of differences) yield { kind: 'metadata', ...pair, text };
    if (before.type === 'd' && after.type === 'd') yield* this.#compareEntries(path, before, after);
    else if (before.type === 'd')
      yield { kind: 'changed', ...pair, text: `changed ${path} from directory to non-directory` };
    else if (after.type === 'd')
      yield { kind: 'changed', ...pair, text: `changed ${path} from non-directory to a directory` };
    else if (before.type === 'f' && after.type === 'f') {
      this.stats.fileEntries.modified++;
      const sizes = `(size ${before.size} -> ${after.size})`;
      yield { kind: 'changed', ...pair, text: `changed ${path} at ${this.#time(after.mtime)} ${sizes}` };
    }
  }

  async *#compareEntries(path: string, before: DirEntry, after: DirEntry): AsyncGenerator<DiffEvent> {
    const old = new Map<string, DirEntry>();
    for (const entry of (await openDirectory(this.#contents, before.objectId)).entries) old.set(entry.name, entry);
    for (const entry of (await openDirectory(this.#contents, after.objectId)).entries) {
      const previous = old.get(entry.name);
      old.delete(entry.name);
      if (previous === undefined) yield* this.#only('added', `${path}/${entry.name}`, shown(entry));
      else yield* this.compare(`${path}/${entry.name}`, shown(previous), shown(entry));
    }
    for (const entry of old.values()) yield* this.#only('removed', `${path}/${entry.name}`, shown(entry));
  }

  async *#only(kind: 'added' | 'removed', path: string, entry: DirEntry): AsyncGenerator<DiffEvent> {
    throwIfCanceled(this.#signal);
    const side = kind === 'added' ? { after: entry } : { before: entry };
    if (entry.type !== 'd') {
      this.stats.fileEntries[kind]++;
      yield { kind, path, ...side, text: `${kind} file ${path} (${entry.size} bytes)` };
      return;
    }
    this.stats.directoryEntries[kind]++;
    yield { kind, path, ...side, text: `${kind} directory ${path}` };
    const { entries } = await openDirectory(this.#contents, entry.objectId);
    for (const child of entries) yield* this.#only(kind, `${path}/${child.name}`, shown(child));
  }

  *#metadata(path: string, before: DirEntry, after: DirEntry): Generator<string> {
    const [oldMode, newMode] = [before, after].map((entry) => modeText(entryKind(entry), entry.mode));
    if (oldMode !== newMode) yield `${path} modes differ: ${oldMode} ${newMode}`;
    if (before.size !== after.size) yield `${path} sizes differ: ${before.size} ${after.size}`;
    if (before.mtime !== after.mtime)
      yield `${path} modification times differ: ${this.#time(before.mtime)} ${this.#time(after.mtime)}`;
    if (before.uid !== after.uid) yield `${path} owner users differ: ${before.uid} ${after.uid}`;
    if (before.gid !== after.gid) yield `${path} owner groups differ: ${before.gid} ${after.gid}`;
  }

  #countMetadata(before: DirEntry, after: DirEntry): void {
    const counts = after.type === 'd' ? this.stats.directoryEntries : this.stats.fileEntries;
    const mode = before.mode !== after.mode || before.type !== after.type;
    const time = before.mtime !== after.mtime;
    const user = before.uid !== after.uid;
    const group = before.gid !== after.gid;
    if (mode) counts.sameContentButDifferentMode++;
    if (time) counts.sameContentButDifferentModificationTime++;
    if (user) counts.sameContentButDifferentUserOwner++;
    if (group) counts.sameContentButDifferentGroupOwner++;
    if (mode || time || user || group) counts.sameContentButDifferentMetadata++;
  }
}

function noCounts(): DiffCounts {
  return {
    added: 0,
    removed: 0,
    modified: 0,
    sameContentButDifferentMetadata: 0,
    sameContentButDifferentMode: 0,
    sameContentButDifferentModificationTime: 0,
    sameContentButDifferentUserOwner: 0,
    sameContentButDifferentGroupOwner: 0,
  };
}
