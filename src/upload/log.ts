import { formatDuration } from '../bytes/duration.ts';
import { encodeJson, type JsonObject } from '../bytes/json.ts';
import { modeText } from '../bytes/mode.ts';
import { formatTime } from '../bytes/time.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { Clock, FileStat } from '../ports.ts';
import { entryKind, entrySize, type DirEntry } from '../snapshot/entry.ts';

/** Details that a line has from a level on (spec/snapshots-and-policies.md section 4.2). */
const DURATION = 1;
const SIZE = 3;
const COUNTS = 5;
const TIME = 6;
const OBJECT = 7;
const NORMAL = 5;

export interface UploadLogOptions {
  clock: Clock;
  /** In place of what policies say of stored folders. */
  directoryDetail?: number;
  /** In place of what policies say of stored and unchanged files and links. */
  entryDetail?: number;
  write(line: string): void;
}

/** A line on each file and folder, in Kopia's words: what happened, a tab, details as JSON. */
export class UploadLog {
  readonly #options: UploadLogOptions;

  constructor(options: UploadLogOptions) {
    this.#options = options;
  }

  /** Milliseconds, to tell how long something took. */
  now(): number {
    return this.#options.clock.monotonic();
  }

  /** Left out by a rule. Paths begin with `/`, at the root of the snapshot. */
  ignored({ policy: { logging } }: PolicyNode, path: string, isDirectory: boolean, began: number): void {
    if (isDirectory) this.#line(logging.directories.ignored, 'ignored directory', path, undefined, began);
    else this.#line(logging.entries.ignored, 'ignored', path, undefined, began);
  }

  /** Found unchanged in an earlier snapshot, `hit`, or changed since. */
  looked(
    { policy: { logging } }: PolicyNode,
    path: string,
    { kind, mode, size, mtime }: FileStat,
    hit: DirEntry | undefined,
    wasThere: boolean,
    began: number,
  ): void {
    const { cacheHit, cacheMiss } = logging.entries;
    if (hit !== undefined) this.#line(this.#options.entryDetail ?? cacheHit, 'cached', path, hit, began);
    else if (wasThere && (cacheMiss ?? 0) >= NORMAL) {
      const milliseconds = formatTime(mtime - (mtime % 1_000_000n));
      this.#write('cache miss', { path: named(path), mode: modeText(kind, mode), size, mtime: milliseconds });
    }
  }

  /** Stored, or failed with the error. */
  stored({ policy: { logging } }: PolicyNode, path: string, result: DirEntry | Error, began: number): void {
    const { directoryDetail, entryDetail } = this.#options;
    if (result instanceof Error)
      return this.#write('failed', { path: named(path), error: result.message, dur: this.#since(began) });
    const isDirectory = result.type === 'd';
    const detail = isDirectory
      ? (directoryDetail ?? logging.directories.snapshotted)
      : (entryDetail ?? logging.entries.snapshotted);
    this.#line(detail, `snapshotted ${entryKind(result)}`, path, result, began);
  }

  #line(detail = 0, words: string, path: string, entry: DirEntry | undefined, began: number): void {
    if (detail <= 0) return;
    const fields: JsonObject = { path: named(path) };
    if (detail >= DURATION) fields.dur = this.#since(began);
    if (entry !== undefined) {
      const { summary, mtime, objectId } = entry;
      if (detail >= SIZE) fields.size = entrySize(entry);
      if (detail >= COUNTS && summary !== undefined) {
        fields.files = summary.files;
        fields.dirs = summary.dirs;
        fields.errors = summary.numFailed + summary.numIgnoredErrors;
      }
      const newest = summary?.maxTime ?? mtime;
      if (detail >= TIME) fields.mtime = formatTime(newest - (newest % 1_000_000_000n));
      if (detail >= OBJECT) fields.oid = objectId;
    }
    this.#write(words, fields);
  }

  #since(began: number): string {
    return formatDuration(BigInt(Math.max(0, Math.round((this.now() - began) * 1e6))));
  }

  #write(words: string, fields: JsonObject): void {
    this.#options.write(`${words}\t${encodeJson(fields)}`);
  }
}

/** Kopia's name of the root is `.`. */
function named(path: string): string {
  return path === '' ? '.' : path.slice(1);
}
