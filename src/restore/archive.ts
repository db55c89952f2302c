/** Restoring into an archive: entries one after the other, each whole. */
import { nameFromBytes } from '../bytes/name.ts';
import { mapLimit } from '../bytes/parallel.ts';
import { CairnError } from '../errors.ts';
import { openObject, type ObjectContents } from '../object/open.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import { asError, damagedDirectory, joinPath, takeDirectories } from '../snapshot/walk.ts';
import { distinctNames, nameProblem } from './names.ts';
import { planFile, type FilePlan } from './plan.ts';
import { RestoreRun, type RestoreOptions } from './run.ts';
import type { RestoreStats } from './stats.ts';
import { noCounters } from './target.ts';

/** A kind of archive being written. Paths are joined by `/`. */
export interface Archive {
  directory(path: string, entry: DirEntry): Promise<void>;
  symlink(path: string, entry: DirEntry, target: string): Promise<void>;
  /** `length` bytes follow. */
  file(path: string, entry: DirEntry, length: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Closes the archive and what it is written to. */
  end(): Promise<void>;
  abort(): Promise<void>;
}

/** Small files are read together, so that those side by side in a pack cost one request. */
const SMALL = 1 << 20;
const BATCH_BYTES = 8 << 20;
const BATCH_FILES = 256;
const PARALLEL = 16;

/**
 * Writes an entry with all below it; the root folder itself is left out, a root that is a file keeps its name. A file
 * whose bytes cannot be read is left out as a whole: a small one is read before its header is written, and where errors
 * are ignored a big one is read twice. On any other error nothing is left of the archive.
 */
export async function restoreToArchive(
  contents: ObjectContents,
  root: DirEntry,
  archive: Archive,
  options: RestoreOptions = {},
): Promise<RestoreStats> {
  const run = new RestoreRun({ counters: noCounters() }, options);
  try {
    const work = new ArchiveRestore(contents, archive, run, options.ignoreErrors ?? false);
    await work.walk(root);
    run.check();
    await archive.end();
    return run.stats;
  } catch (error) {
    await archive.abort();
    throw error;
  }
}

interface Node {
  path: string;
  entry: DirEntry;
}

class ArchiveRestore {
  readonly #contents: ObjectContents;
  readonly #archive: Archive;
  readonly #run: RestoreRun;
  readonly #ignoreErrors: boolean;
  #batch: FilePlan[] = [];
  #batchBytes = 0;

  constructor(contents: ObjectContents, archive: Archive, run: RestoreRun, ignoreErrors: boolean) {
    this.#contents = contents;
    this.#archive = archive;
    this.#run = run;
    this.#ignoreErrors = ignoreErrors;
  }

  async walk(root: DirEntry): Promise<void> {
    if (root.type !== 'd') await this.#files([{ path: root.name || 'file', entry: root }]);
    const stack: Node[] = root.type === 'd' ? [{ path: '', entry: root }] : [];
    while (stack.length > 0) {
      this.#run.check();
      for (const { node, directory } of await takeDirectories(this.#contents, stack)) {
        if (directory instanceof Error) {
          this.#fail(node.path, damagedDirectory(node, directory));
          continue;
        }
        if (node.path !== '') await this.#archive.directory(node.path, node.entry);
        this.#run.stats.directories++;
        this.#run.progress();
        const below = this.#named(node.path, directory.entries).map((entry) => ({
          path: joinPath(node.path, entry.name),
          entry,
        }));
        await this.#files(below.filter(({ entry }) => entry.type !== 'd'));
        stack.push(...below.filter(({ entry }) => entry.type === 'd').toReversed());
      }
    }
    await this.#flush();
  }

  #named(path: string, entries: readonly DirEntry[]): readonly DirEntry[] {
    const safe = entries.filter(({ name }) => {
      const problem = nameProblem(name, false);
      if (problem !== undefined) this.#fail(joinPath(path, name), new CairnError('invalid-argument', problem));
      return problem === undefined;
    });
    return distinctNames(safe, false, (from, name) =>
      this.#run.stats.renamed.push({ path: joinPath(path, from), name }),
    );
  }

  async #files(files: readonly Node[]): Promise<void> {
    for (let at = 0; at < files.length; at += BATCH_FILES) {
      const plans = await mapLimit(files.slice(at, at + BATCH_FILES), PARALLEL, ({ path, entry }) =>
        this.#plan(path, entry),
      );
      for (const plan of plans) {
        this.#run.check();
        if (plan === undefined) continue;
        if (plan.length > SMALL || plan.pieces.some(({ compressed }) => compressed)) {
          await this.#big(plan);
          continue;
        }
        this.#batch.push(plan);
        this.#batchBytes += plan.length;
        if (this.#batch.length >= BATCH_FILES || this.#batchBytes >= BATCH_BYTES) await this.#flush();
      }
    }
  }

  async #plan(path: string, entry: DirEntry): Promise<FilePlan | undefined> {
    try {
      if (entry.type !== 'f' && entry.type !== 's')
        throw new CairnError('unsupported', `entries of the type "${entry.type}" cannot be restored`);
      return await planFile(this.#contents, path, entry);
    } catch (error) {
      this.#fail(path, asError(error));
      return undefined;
    }
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    const read = new Map<string, Uint8Array | Error>();
    const wanted = new Set(batch.flatMap(({ pieces }) => pieces.map(({ contentId }) => contentId)));
    await this.#contents.readMany(wanted, (id, data) => void read.set(id, data));
    for (const plan of batch) {
      this.#run.check();
      const parts: Uint8Array[] = [];
      try {
        for (const { contentId, length } of plan.pieces) {
          const data = read.get(contentId)!;
          if (data instanceof Error) throw data;
          if (data.length !== length)
            throw new CairnError('corrupt', `content ${contentId} has ${data.length} bytes, its object says ${length}`);
          parts.push(data);
        }
      } catch (error) {
        this.#fail(plan.path, asError(error));
        continue;
      }
      if (plan.entry.type === 's') await this.#archive.symlink(plan.path, plan.entry, nameFromBytes(parts[0]));
      else await this.#archive.file(plan.path, plan.entry, plan.length, iterate(parts));
      this.#count(plan);
    }
  }

  async #big(plan: FilePlan): Promise<void> {
    const { path, entry } = plan;
    let reader;
    try {
      reader = await openObject(this.#contents, entry.objectId);
      if (this.#ignoreErrors) for await (const _ of reader.chunks()) this.#run.check();
    } catch (error) {
      this.#run.check();
      return this.#fail(path, asError(error));
    }
    if (entry.type === 's')
      await this.#archive.symlink(path, entry, nameFromBytes(await reader.read(0, reader.length)));
    else await this.#archive.file(path, entry, plan.length, this.#watched(ahead(reader.chunks())));
    this.#count(plan);
  }

  async *#watched(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#run.check();
      yield piece;
    }
  }

  #count({ path, entry, partial, length }: FilePlan): void {
    const { stats } = this.#run;
    if (partial) stats.partialFiles.push(path);
    else if (entry.type === 's') stats.symlinks++;
    else {
      stats.files++;
      stats.bytes += length;
    }
    this.#run.progress();
  }

  #fail(path: string, error: Error): void {
    this.#run.fail(path, error);
    this.#run.check();
  }
}

async function* iterate(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** Reads the next piece while the last one is being written. */
async function* ahead(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  const read = () => {
    const next = iterator.next();
    next.catch(() => {});
    return next;
  };
  for (let next = read(); ;) {
    const { done, value } = await next;
    if (done) return;
    next = read();
    yield value;
  }
}
