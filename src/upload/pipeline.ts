import { Budget } from '../bytes/parallel.ts';
import type { ContentCrypto } from '../content/crypto.ts';
import type { WriteManager } from '../content/writer.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { RepositoryParameters } from '../format/parameters.ts';
import type { CoreKernel } from '../kernels/core.ts';
import type { Clock, Spawn, SyncFiles } from '../ports.ts';
import { BUFFER, NUMBERS } from './batch-output.ts';
import { InlineExecutor, WorkerExecutor, WorkerShare, type Executor } from './executor.ts';
import { eachPiece } from './batch.ts';
import { failureError } from './failure.ts';
import type { FilePiece, FileTask, SealedBatch } from './messages.ts';
import { promised, settle, type Done } from './running.ts';

export interface PipelineOptions {
  writer: WriteManager;
  core: CoreKernel;
  crypto: ContentCrypto;
  parameters: RepositoryParameters;
  syncFiles: SyncFiles;
  clock: Pick<Clock, 'monotonic'>;
  spawn?: Spawn;
  /** Workers at most; 0 keeps everything in this thread. */
  workers: number;
}

/** A batch of files that goes to a worker at once. */
const BATCH_FILES = 256;
const BATCH_BYTES = 4 << 20;
/** Of parts of a big file so many that they fill the hash lanes. */
const PARTS_BYTES = 12 << 20;
/** Parts of one big file that wait, for each worker. */
const PARTS_AHEAD = 6;
/** From here on a file is cut by one thread and hashed by all. */
const BIG_FILE = 48 << 20;
/** Bytes of files that were handed in and not yet answered; parts of big files count like files. */
const IN_FLIGHT = 96 << 20;
/** Work that one thread finishes before a worker would have started. */
const INLINE_BYTES = 8 << 20;
const INLINE_FILES = 300;
/** Mean bytes of files below which the walk and the packs keep one core busy, so that one worker less is faster. */
const SMALL_FILES = 32 << 10;
/** The event loop gets a turn at least this often while this thread works itself, milliseconds. */
const TURN = 25;
/**
 * Work that waits at one executor: more than it does while this thread is busy (`TURN`), so that it never starves, and
 * little enough that none hoards. A file costs its bytes and as much as the rest of it takes.
 */
const AHEAD = 24 << 20;
const FILE_COST = 20 << 10;

interface Waiting {
  task: FileTask;
  /** Size whose room is given back when the task is done; undefined for parts of a big file. */
  size: number | undefined;
  /** Absent once it was called. */
  done: Done<FilePiece> | undefined;
}

interface Batch {
  files: Waiting[];
  cost: number;
}

/**
 * Turns files into contents: one object, whether the stages run in this thread or in workers (ARCHITECTURE in the README
 * of this layer). Sealed contents go to the one writer; what comes back is the chunks of each file.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #inline: InlineExecutor;
  readonly #share: WorkerShare | undefined;
  readonly #workers: { executor: WorkerExecutor; ready: boolean }[] = [];
  /** Cost of what each executor was given and has not answered. */
  readonly #loads = new Map<Executor, number>();
  readonly #budget = new Budget(IN_FLIGHT);
  #batch: Batch = { files: [], cost: 0 };
  readonly #batches: Batch[] = [];
  readonly #jobs = new Set<Promise<void>>();
  readonly #stored: Set<Promise<void>> = new Set();
  #failure: unknown;
  #stopped = false;
  #files = 0;
  #bytes = 0;
  /** Bytes of all that was read and answered, parts of big files included. */
  readBytes = 0;
  #timer = false;
  /** When this thread's own work let the event loop turn last. */
  #turned: number;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#turned = options.clock.monotonic();
    const { core, crypto, syncFiles, writer, parameters } = options;
    const appends = writer.store.storage.begin !== undefined;
    const shareable = typeof SharedArrayBuffer !== 'undefined' && options.spawn !== undefined && options.workers > 0;
    this.#share = shareable ? new WorkerShare(parameters, writer.store.index, appends) : undefined;
    this.#inline = new InlineExecutor(
      {
        core,
        crypto,
        syncFiles,
        compressContents: parameters.indexVersion >= 2,
        known: (key) => writer.knows(key),
        stopped: () => this.#stopped || this.#failure !== undefined,
        pause: () => this.#pause(),
      },
      parameters,
      appends,
      (batch, release) => this.#store(batch, release),
    );
  }

  /** Holds this thread's own work back while the storage lags behind; lets the event loop turn now and then. */
  #pause(): Promise<void> | undefined {
    if (this.#stored.size > 0) return Promise.race(this.#stored);
    const { clock } = this.#options;
    if (clock.monotonic() - this.#turned < TURN) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        this.#turned = clock.monotonic();
        resolve();
      }, 0),
    );
  }

  /** Waits until another file of this size may be handed in. */
  room(size: number): Promise<void> | undefined {
    this.#check();
    return this.#budget.acquire(charge(size));
  }

  /** Gives back the room of something that was not read through the pipeline. */
  done(size: number): void {
    this.#budget.release(charge(size));
  }

  /**
   * Reads a file or a part of it. `size` is what the listing said; `room(size)` must have been waited for. An error of
   * the file itself has code `io`; any other error ends the run.
   */
  read(task: FileTask, size: number, done: Done<FilePiece>): void {
    this.#files++;
    this.#bytes += size;
    this.#scale();
    const big = size > BIG_FILE && task.whole !== true && this.#share !== undefined;
    if (!big) return this.#enqueue({ task, size, done }, size);
    settle(
      this.#bigFile(task).finally(() => this.done(size)),
      done,
    );
  }

  /** The same as a promise. */
  file(task: FileTask, size: number): Promise<FilePiece> {
    return promised((done) => this.read(task, size, done));
  }

  #enqueue(waiting: Waiting, bytes: number): void {
    const batch = this.#batch;
    batch.files.push(waiting);
    batch.cost += bytes + FILE_COST;
    if (batch.files.length >= BATCH_FILES || batch.cost >= (waiting.task.whole ? PARTS_BYTES : BATCH_BYTES))
      this.#closeBatch();
    else if (!this.#timer) {
      this.#timer = true;
      setTimeout(() => {
        this.#timer = false;
        this.#closeBatch();
      }, 0);
    }
  }

  #closeBatch(): void {
    if (this.#batch.files.length > 0) this.#batches.push(this.#batch);
    this.#batch = { files: [], cost: 0 };
    this.#dispatch();
  }

  /** Starts one more worker while work piles up. */
  #scale(): void {
    const started = this.#workers.length;
    const most = this.#options.workers - (this.#bytes < this.#files * SMALL_FILES ? 1 : 0);
    if (this.#share === undefined || started >= Math.max(1, most)) return;
    if (this.#bytes < INLINE_BYTES * (started + 1) && this.#files < INLINE_FILES * (started + 1)) return;
    if (this.#workers.some((worker) => !worker.ready)) return;
    const executor = new WorkerExecutor(
      this.#options.spawn!,
      this.#share,
      (batch, release) => this.#store(batch, release),
      (error) => this.#fail(error),
    );
    const worker = { executor, ready: false };
    this.#workers.push(worker);
    executor.ready.then(
      () => {
        worker.ready = true;
        this.#scale();
        this.#dispatch();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** The executor with the least to do, if any may take more. This thread helps only until workers are there. */
  #executor(): Executor | undefined {
    let best: Executor | undefined;
    const consider = (candidate: Executor) => {
      if (best === undefined || this.#load(candidate) < this.#load(best)) best = candidate;
    };
    for (const { executor, ready } of this.#workers) if (ready) consider(executor);
    if (best === undefined) return this.#load(this.#inline) < BATCH_BYTES ? this.#inline : undefined;
    return this.#load(best) < AHEAD ? best : undefined;
  }

  #load(executor: Executor): number {
    return this.#loads.get(executor) ?? 0;
  }

  #dispatch(): void {
    while (this.#batches.length > 0) {
      // storage that falls behind holds back new work; its promises call dispatch again
      if (this.#stored.size > 0) return;
      const executor = this.#executor();
      if (executor === undefined) return;
      const job = this.#run(executor, this.#batches.shift()!).finally(() => this.#jobs.delete(job));
      this.#jobs.add(job);
    }
  }

  async #run(executor: Executor, { files, cost }: Batch): Promise<void> {
    this.#loads.set(executor, this.#load(executor) + cost);
    try {
      this.#check();
      const result = await executor.files(files.map(({ task }) => task));
      eachPiece(result, (at, piece, failure) => {
        if (failure === undefined) return this.#settle(files[at], piece, undefined);
        const error = failureError(failure);
        if (failure.fatal) this.#fail(error);
        this.#settle(files[at], undefined, error);
      });
    } catch (error) {
      this.#fail(error);
      for (const waiting of files) this.#settle(waiting, undefined, error);
    }
    this.#loads.set(executor, this.#load(executor) - cost);
    this.#dispatch();
  }

  #settle(waiting: Waiting, piece: FilePiece | undefined, error: unknown): void {
    const { size, done } = waiting;
    if (done === undefined) return;
    waiting.done = undefined;
    if (size !== undefined) this.done(size);
    this.readBytes += piece?.length ?? 0;
    done(piece, error);
  }

  /** One thread finds the cuts, all threads hash the chunks between them. */
  async #bigFile(task: FileTask): Promise<FilePiece> {
    const ready = this.#workers.find((worker) => worker.ready)?.executor ?? this.#inline;
    const parts: Promise<FilePiece>[] = [];
    const add = (part: FileTask, bytes: number) =>
      promised<FilePiece>((done) => this.#enqueue({ task: part, size: undefined, done }, bytes));
    const limit = task.offset + (task.length ?? Infinity);
    const piece: FilePiece = { length: 0, chunks: [] };
    let offset = task.offset;
    for (;;) {
      this.#check();
      const length = task.length === undefined ? undefined : limit - offset;
      const { lengths, end } = await ready.cuts({ ...task, offset, length });
      for (const chunk of lengths) {
        await this.#partsRoom(parts);
        parts.push(add({ ...task, offset, length: chunk, whole: true }, chunk));
        parts.at(-1)!.catch(() => {});
        offset += chunk;
      }
      if (end) break;
    }
    if (parts.length === 0) return add(task, 0);
    for (const part of parts) {
      const { length, chunks } = await part;
      piece.length += length;
      piece.chunks.push(...chunks);
    }
    return piece;
  }

  /** At most this many parts of one file wait, so that its chunks do not fill the memory. */
  async #partsRoom(parts: Promise<FilePiece>[]): Promise<void> {
    const ahead = PARTS_AHEAD * (this.#workers.length + 1);
    if (parts.length >= ahead) await parts[parts.length - ahead].catch(() => {});
    this.#check();
  }

  /** Gives sealed contents to the packs; the buffer is free again when they left memory. */
  #store(batch: SealedBatch, release: () => void): void {
    // whoever waits for the buffer must not wait for ever
    if (this.#failure !== undefined) return release();
    const { writer } = this.#options;
    const { byteLength } = batch.buffer;
    let copied = false;
    try {
      // a pack that waits in memory to be whole must not keep a buffer of which it needs little
      copied =
        byteLength >= BUFFER && writer.store.storage.begin === undefined && 2 * this.#newBytes(batch) < byteLength;
      let waits: Promise<void> | undefined;
      this.#eachSealed(batch, (key, sealed, originalLength, compression) => {
        waits = writer.add(key, copied ? sealed.slice() : sealed, originalLength, compression) ?? waits;
      });
      const table = this.#share?.grow();
      if (table !== undefined) for (const { executor } of this.#workers) executor.addClaims(table);
      if (waits === undefined) return;
      const held = waits
        .catch((error: unknown) => this.#fail(error))
        .finally(() => {
          this.#stored.delete(held);
          this.#dispatch();
        });
      this.#stored.add(held);
    } catch (error) {
      this.#fail(error);
    } finally {
      if (copied) release();
      else if (byteLength >= BUFFER) void writer.stored().then(release, release);
    }
  }

  #newBytes(batch: SealedBatch): number {
    let bytes = 0;
    this.#eachSealed(batch, (key, sealed) => {
      if (!this.#options.writer.knows(key)) bytes += sealed.length;
    });
    return bytes;
  }

  /** The key is a view that changes after the call. */
  #eachSealed(
    { buffer, hashes, numbers }: SealedBatch,
    each: (key: Uint8Array, sealed: Uint8Array, originalLength: number, compression: number) => void,
  ): void {
    const { size } = this.#options.crypto.hasher;
    const key = new Uint8Array(size + 1);
    let start = 0;
    for (let at = 0, n = 0; n < numbers.length; at += size, n += NUMBERS) {
      for (let i = 0; i < size; i++) key[i + 1] = hashes[at + i];
      each(key, new Uint8Array(buffer, start, numbers[n]), numbers[n + 1], numbers[n + 2]);
      start += numbers[n];
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    // a run that was only stopped stores what still comes back: the snapshot of what it has may refer to it
    if (!isCairnError(error, 'canceled')) this.#failure = error;
    this.stop();
    const refused = [this.#batch, ...this.#batches.splice(0)];
    this.#batch = { files: [], cost: 0 };
    for (const { files } of refused) for (const waiting of files) this.#settle(waiting, undefined, error);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#stopped) throw new CairnError('canceled', 'the upload was stopped');
  }

  /** Resolves when no thread works on anything any more, so that all contents that were claimed are in packs. */
  async idle(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.all(this.#jobs);
  }

  /** The first error that ended the run, if any; a stopped one has none. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Makes every thread stop at its next block. */
  stop(): void {
    this.#stopped = true;
    if (this.#share !== undefined) Atomics.store(this.#share.stop, 0, 1);
  }

  close(): void {
    for (const { executor } of this.#workers) executor.close();
    this.#inline.close();
  }
}

function charge(size: number): number {
  return Math.min(size, BIG_FILE) + 4096;
}
