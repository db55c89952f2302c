import { mapLimit } from '../bytes/parallel.ts';
import { writeObject, type ObjectWriterOptions } from '../object/writer.ts';
import type { ObjectContents } from '../object/open.ts';
import { compareNames } from '../bytes/name.ts';
import { DirectoryBuilder } from './directory-builder.ts';
import { encodeDirectory, type Directory } from './directory.ts';
import type { DirectorySummary, DirEntry } from './entry.ts';
import { asError, joinPath, openDirectory, throwIfCanceled } from './walk.ts';

/** What a fix does to single entries. Undefined removes an entry; the entry itself leaves it. */
export interface EntryFix {
  /** Called for every entry before what is below it. */
  entry(path: string, entry: DirEntry): Promise<DirEntry | undefined>;
  /** Called for a directory that cannot be read. */
  unreadable(path: string, entry: DirEntry, error: Error): Promise<DirEntry | undefined>;
}

export interface FixTarget {
  contents: ObjectContents;
  writer: ObjectWriterOptions;
  /** Files looked at side by side. */
  parallel?: number;
  signal?: AbortSignal;
}

const PARALLEL = 8;

/**
 * Rewrites trees from the leaves up (spec/snapshots-and-policies.md section 11.2). Directories that do not change keep
 * their objects, also those with failures recorded in them, which Kopia loses; equal directories are rewritten once.
 */
export class TreeFix {
  readonly #target: FixTarget;
  readonly #fix: EntryFix;
  /** Results by directory; only those that changed have a value. */
  readonly #known = new Map<string, Pick<DirEntry, 'objectId' | 'summary'> | undefined>();

  constructor(target: FixTarget, fix: EntryFix) {
    this.#target = target;
    this.#fix = fix;
  }

  /** The entry in place of the root; the same one when nothing changed. */
  root(entry: DirEntry): Promise<DirEntry | undefined> {
    return this.#rewrite('', entry);
  }

  async #rewrite(path: string, entry: DirEntry): Promise<DirEntry | undefined> {
    throwIfCanceled(this.#target.signal);
    const fixed = await this.#fix.entry(path, entry);
    return fixed === entry && entry.type === 'd' ? this.#directory(path, entry) : fixed;
  }

  async #directory(path: string, entry: DirEntry): Promise<DirEntry | undefined> {
    const { summary } = entry;
    const key = `${entry.objectId}\0${entry.mtime}\0${summary?.numFailed}\0${summary?.numIgnoredErrors}\0${summary?.incomplete}`;
    if (this.#known.has(key)) {
      const known = this.#known.get(key);
      return known === undefined ? entry : { ...entry, ...known };
    }
    let directory: Directory;
    try {
      directory = await openDirectory(this.#target.contents, entry.objectId);
    } catch (error) {
      throwIfCanceled(this.#target.signal);
      return this.#fix.unreadable(path, entry, asError(error));
    }
    const { entries } = directory;
    const fixed = await this.#children(path, entries);
    if (fixed.every((child, at) => child === entries[at])) {
      this.#known.set(key, undefined);
      return entry;
    }
    const builder = new DirectoryBuilder();
    for (const child of fixed) if (child !== undefined) builder.add(child);
    const built = builder.build(entry.mtime, (summary ?? directory.summary).incomplete);
    addOwnFailures(built.summary, summary ?? directory.summary, entries);
    const bytes = encodeDirectory(built.entries, built.summary);
    const { writer } = this.#target;
    const objectId = await writeObject(writer, bytes, 'k', writer.metadataCompression);
    const result = { objectId, summary: built.summary };
    this.#known.set(key, result);
    return { ...entry, ...result };
  }

  /** Files side by side, directories one after the other: memory is bounded by the depth. */
  async #children(path: string, entries: readonly DirEntry[]): Promise<(DirEntry | undefined)[]> {
    const fixed: (DirEntry | undefined)[] = Array.from({ length: entries.length });
    const files: number[] = [];
    for (const [at, entry] of entries.entries()) {
      if (entry.type === 'd') fixed[at] = await this.#rewrite(joinPath(path, entry.name), entry);
      else files.push(at);
    }
    await mapLimit(files, this.#target.parallel ?? PARALLEL, async (at) => {
      fixed[at] = await this.#rewrite(joinPath(path, entries[at].name), entries[at]);
    });
    return fixed;
  }
}

/** Keeps what failed right in a directory when it was uploaded: the part of the old totals that no child accounts for. */
export function addOwnFailures(summary: DirectorySummary, old: DirectorySummary, children: readonly DirEntry[]): void {
  const below = new Set<string>();
  let { numFailed, numIgnoredErrors } = old;
  for (const { summary: child } of children) {
    if (child === undefined) continue;
    numFailed -= child.numFailed;
    numIgnoredErrors -= child.numIgnoredErrors;
    for (const { path } of child.errors) below.add(path);
  }
  summary.numFailed += Math.max(0, numFailed);
  summary.numIgnoredErrors += Math.max(0, numIgnoredErrors);
  summary.errors.push(...old.errors.filter(({ path }) => !below.has(path)));
  summary.errors.sort((a, b) => compareNames(a.path, b.path));
}
