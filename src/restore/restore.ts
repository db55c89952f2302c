import { nameFromBytes } from '../bytes/name.ts';
import { Budget, mapLimit } from '../bytes/parallel.ts';
import { CairnError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import type { Directory } from '../snapshot/directory.ts';
import { asError, damagedDirectory, joinPath, takeDirectories, throwIfCanceled } from '../snapshot/walk.ts';
import { distinctNames, nameProblem } from './names.ts';
import { planFile, ReadWindow, type FileJob, type PieceUse } from './plan.ts';
import { emptyRestoreStats, type RestoreStats } from './stats.ts';
import type { FileWriter, RestoreTarget } from './target.ts';

export interface RestoreOptions {
  /** Goes on after errors and counts them; a full disk and a cancellation still end the run. */
  ignoreErrors?: boolean;
  /** Called after each entry. */
  onProgress?: (stats: RestoreStats) => void;
  signal?: AbortSignal;
}

/** Bytes on their way to the target, and what the smallest file counts for: at most 128 files are open at a time. */
const IN_FLIGHT = 32 << 20;
const LEAST_COST = 256 << 10;
/** Entries of a directory planned at a time. */
const PLAN_SLICE = 512;
const PLAN_PARALLEL = 16;
/** Directories that wait for their attributes before the walk is held back. */
const MAX_FINISHING = 256;
/** Longest link target of any system, with room. */
const MAX_LINK = 64 << 10;
const MAX_ERRORS = 1000;

interface Node {
  path: string;
  entry: DirEntry;
  parent: Node | undefined;
  /** Children that are not done, and one while they are still being counted. */
  pending: number;
}

interface Job extends FileJob<Node | undefined> {
  left: number;
  writer?: Promise<FileWriter>;
  /** Done, failed or skipped: later pieces are of no interest. */
  settled: boolean;
}

/**
 * Restores an entry with everything below it (spec/snapshots-and-policies.md section 9.4). A file appears under its own
 * name only when every byte of it was read, checked and written; one whose content is damaged does not appear and is
 * reported by its path. A directory gets its attributes after all that is in it, also when some of that failed.
 */
export async function restoreEntry(
  contents: ObjectContents,
  entry: DirEntry,
  target: RestoreTarget,
  options: RestoreOptions = {},
): Promise<RestoreStats> {
  return new Restore(contents, target, options).run(entry);
}

class Restore {
  readonly #contents: ObjectContents;
  readonly #target: RestoreTarget;
  readonly #options: RestoreOptions;
  readonly #stats = emptyRestoreStats();
  readonly #budget = new Budget(IN_FLIGHT);
  readonly #open = new Set<Job>();
  /** Work that nothing waits for until the end: writes and attributes of directories. */
  readonly #background = new Set<Promise<void>>();
  #finishing = 0;
  #window = new ReadWindow<Job>();
  #reading: Promise<void> = Promise.resolve();
  #fatal: Error | undefined;

  constructor(contents: ObjectContents, target: RestoreTarget, options: RestoreOptions) {
    this.#contents = contents;
    this.#target = target;
    this.#options = options;
  }

  async run(root: DirEntry): Promise<RestoreStats> {
    try {
      await this.#walk(root);
      await this.#flushWindow();
      await this.#reading;
      while (this.#background.size > 0) await Promise.all(this.#background);
    } catch (error) {
      this.#fatal ??= asError(error);
    }
    if (this.#fatal !== undefined) {
      await this.#reading.catch(() => {});
      while (this.#background.size > 0) await Promise.all(this.#background);
      for (const job of this.#open) await abort(job);
      throw this.#fatal;
    }
    return this.#snapshotStats();
  }

  async #walk(root: DirEntry): Promise<void> {
    if (root.type !== 'd') return this.#addFiles([root], undefined);
    const stack: Node[] = [{ path: '', entry: root, parent: undefined, pending: 1 }];
    while (stack.length > 0) {
      this.#check();
      for (const { node, directory } of await takeDirectories(this.#contents, stack)) {
        this.#check();
        const entries = await this.#enter(node, directory);
        if (entries === undefined) continue;
        const files: DirEntry[] = [];
        for (const entry of entries) {
          if (entry.type !== 'd') files.push(entry);
          else stack.push({ path: joinPath(node.path, entry.name), entry, parent: node, pending: 1 });
        }
        for (let at = 0; at < files.length; at += PLAN_SLICE)
          await this.#addFiles(files.slice(at, at + PLAN_SLICE), node);
        this.#childDone(node);
        while (this.#finishing > MAX_FINISHING) await Promise.race(this.#background);
      }
    }
  }

  /** Begins a directory; gives the entries to restore into it, undefined when it failed. */
  async #enter(node: Node, directory: Directory | Error): Promise<readonly DirEntry[] | undefined> {
    try {
      if (directory instanceof Error) throw damagedDirectory(node, directory);
      const windows = this.#target.windowsNames;
      const safe = directory.entries.filter(({ name }) => {
        const problem = nameProblem(name, windows);
        if (problem !== undefined) this.#fail(joinPath(node.path, name), new CairnError('invalid-argument', problem));
        return problem === undefined;
      });
      const entries = distinctNames(safe, windows, (from, to) =>
        this.#stats.renamed.push({ path: joinPath(node.path, from), name: to }),
      );
      await this.#target.beginDirectory(node.path, node.entry, entries);
      node.pending += entries.length;
      return entries;
    } catch (error) {
      this.#fail(node.path, asError(error));
      if (node.parent !== undefined) this.#childDone(node.parent);
      return undefined;
    }
  }

  async #addFiles(files: readonly DirEntry[], parent: Node | undefined): Promise<void> {
    const jobs = await mapLimit(files, PLAN_PARALLEL, (entry) => this.#plan(entry, parent));
    for (const job of jobs) {
      if (job === undefined) continue;
      this.#open.add(job);
      for (const piece of job.pieces) {
        this.#window.add(job, piece);
        if (this.#window.isFull) await this.#flushWindow();
      }
    }
  }

  async #plan(entry: DirEntry, parent: Node | undefined): Promise<Job | undefined> {
    const path = parent === undefined ? '' : joinPath(parent.path, entry.name);
    try {
      if (entry.type !== 'f' && entry.type !== 's')
        throw new CairnError('unsupported', `entries of the type "${entry.type}" cannot be restored`);
      if (await this.#target.accepts(path, entry)) {
        const job = await planFile(this.#contents, path, entry, parent);
        if (entry.type === 's' && (job.pieces.length !== 1 || job.length > MAX_LINK || job.length === 0))
          throw new CairnError('corrupt', `${job.length} bytes are no link target`);
        return { ...job, left: job.pieces.length, settled: false };
      }
      this.#stats.skipped++;
      this.#stats.skippedBytes += entry.type === 'f' ? entry.size : 0;
      this.#progress();
    } catch (error) {
      this.#fail(path, asError(error));
    }
    if (parent !== undefined) this.#childDone(parent);
    return undefined;
  }

  /** Starts to read the window when the one before is read, and begins a new one. */
  async #flushWindow(): Promise<void> {
    const window = this.#window;
    if (window.isEmpty) return;
    this.#window = new ReadWindow();
    await this.#reading;
    this.#reading = this.#read(window);
    // an error is met by whoever waits next
    this.#reading.catch(() => {});
  }

  async #read(window: ReadWindow<Job>): Promise<void> {
    await this.#contents.readMany(window.plain.keys(), (id, data) => this.#deliver(window.plain.get(id)!, data));
    await mapLimit([...window.compressed], PLAN_PARALLEL, async ([id, uses]) => {
      const { readCompressed } = this.#contents;
      const data =
        readCompressed === undefined
          ? notAvailable(id)
          : await readCompressed.call(this.#contents, id, uses[0].piece.length).catch(asError);
      await this.#deliver(uses, data);
    });
  }

  /** Takes a content's bytes; resolves when there is room for more, not when they are written. */
  async #deliver(uses: readonly PieceUse<Job>[], data: Uint8Array | Error): Promise<void> {
    this.#check();
    const cost = Math.max(LEAST_COST, data instanceof Error ? 0 : data.length);
    await this.#budget.acquire(cost);
    this.#inBackground(
      mapLimit(uses, PLAN_PARALLEL, (use) => this.#place(use, data)).then(() => this.#budget.release(cost)),
    );
  }

  async #place({ job, piece }: PieceUse<Job>, data: Uint8Array | Error): Promise<void> {
    if (job.settled || this.#fatal !== undefined) return;
    try {
      if (data instanceof Error) throw data;
      if (data.length !== piece.length)
        throw new CairnError(
          'corrupt',
          `content ${piece.contentId} has ${data.length} bytes, its object says ${piece.length}`,
        );
      if (job.entry.type === 's') await this.#target.writeSymlink(job.path, job.entry, nameFromBytes(data));
      else {
        job.writer ??= this.#target.beginFile(job.path, job.entry, job.length);
        const writer = await job.writer;
        if (data.length > 0) await writer.write(data, piece.start);
      }
      if (--job.left > 0 || job.settled) return;
      await (await job.writer)?.finish();
      this.#count(job);
      this.#settle(job);
    } catch (error) {
      if (job.settled) return;
      job.settled = true;
      await abort(job);
      this.#fail(job.path, asError(error));
      this.#settle(job);
    }
  }

  #count({ path, entry, partial, length }: Job): void {
    if (partial) this.#stats.partialFiles.push(path);
    else if (entry.type === 's') this.#stats.symlinks++;
    else {
      this.#stats.files++;
      this.#stats.bytes += length;
    }
    this.#progress();
  }

  #settle(job: Job): void {
    job.settled = true;
    this.#open.delete(job);
    if (job.parent !== undefined) this.#childDone(job.parent);
  }

  #childDone(node: Node): void {
    if (--node.pending > 0 || this.#fatal !== undefined) return;
    this.#finishing++;
    this.#inBackground(this.#finish(node).finally(() => this.#finishing--));
  }

  async #finish({ path, entry, parent }: Node): Promise<void> {
    try {
      await this.#target.finishDirectory(path, entry);
      this.#stats.directories++;
      this.#progress();
    } catch (error) {
      this.#fail(path, asError(error));
    }
    if (parent !== undefined) this.#childDone(parent);
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((error) => {
        this.#fatal ??= asError(error);
      })
      .finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  /** Counts an error, or makes it the end of the run. */
  #fail(path: string, error: Error): void {
    const code = error instanceof CairnError ? error.code : 'io';
    if (!this.#options.ignoreErrors || code === 'no-space' || code === 'canceled') {
      this.#fatal ??= code === 'canceled' ? error : withPath(path, error);
      return;
    }
    this.#stats.errorCount++;
    if (this.#stats.errors.length < MAX_ERRORS) this.#stats.errors.push({ path, code, message: error.message });
    this.#progress();
  }

  #check(): void {
    if (this.#fatal !== undefined) throw this.#fatal;
    throwIfCanceled(this.#options.signal);
  }

  #progress(): void {
    this.#options.onProgress?.(this.#snapshotStats());
  }

  #snapshotStats(): RestoreStats {
    return Object.assign(this.#stats, this.#target.counters);
  }
}

async function abort(job: Job): Promise<void> {
  const writer = await job.writer?.catch(() => undefined);
  await writer?.abort();
}

function notAvailable(id: string): Error {
  return new CairnError('unsupported', `content ${id} is compressed at object level, which is not available here`);
}

/** Names the entry, where the message does not. */
function withPath(path: string, error: Error): CairnError {
  const { code, hint, data } = error instanceof CairnError ? error : new CairnError('io', error.message);
  const message =
    path === '' || error.message.includes(path) ? error.message : `cannot restore ${path}: ${error.message}`;
  return new CairnError(code, message, {
    cause: error,
    data: { ...data, path },
    hint:
      hint ??
      (code === 'corrupt' || code.endsWith('not-found')
        ? "--ignore-errors restores what is whole; 'cairn snapshot verify' tells what is damaged"
        : undefined),
  });
}
