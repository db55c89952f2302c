import { nameFromBytes } from '../bytes/name.ts';
import { Budget, mapLimit } from '../bytes/parallel.ts';
import type { Opener } from '../content/sealed-range.ts';
import { CairnError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import { asError } from '../snapshot/walk.ts';
import type { ObjectPiece } from '../object/types.ts';
import { ReadWindow, type FilePlan, type PieceUse } from './plan.ts';
import type { RestoreRun } from './run.ts';
import type { FileWriter, RestoreTarget } from './target.ts';

/** Bytes of small files on their way to the target, and what the smallest counts for. */
const IN_FLIGHT = 8 << 20;
const WHOLE_COST = 4 << 10;
const PARALLEL = 16;
/** Files and links written step by step at a time. */
const STEPPING = 128;

interface Job extends FilePlan {
  /** Pieces that are not written yet. */
  left: number;
  writer: Promise<FileWriter> | undefined;
  /** Written or failed: later pieces are of no interest. */
  settled: boolean;
  done(): void;
}

/**
 * Brings the bytes of files from the content layer to the target. Contents are read a window at a time; how many are in
 * flight is bounded by their bytes.
 */
export class Delivery {
  readonly #contents: ObjectContents;
  readonly #target: RestoreTarget;
  readonly #run: RestoreRun;
  readonly #opener: Opener | undefined;
  readonly #budget = new Budget(IN_FLIGHT);
  readonly #stepping = new Budget(STEPPING);
  /** Begun and not yet written or failed. */
  readonly #begun = new Set<Job>();
  #window = new ReadWindow<Job>();
  #reading: Promise<void> = Promise.resolve();

  constructor(contents: ObjectContents, target: RestoreTarget, run: RestoreRun, opener: Opener | undefined) {
    this.#contents = contents;
    this.#opener = opener;
    this.#target = target;
    this.#run = run;
  }

  /**
   * Takes a file or link; `done` is called when it is written or has failed, never after the run was stopped. A promise
   * holds back the next.
   */
  add(plan: FilePlan, done: () => void): Promise<void> | undefined {
    const { path, entry, pieces, length, partial } = plan;
    const job: Job = {
      path,
      entry,
      pieces,
      length,
      partial,
      left: pieces.length,
      writer: undefined,
      settled: false,
      done,
    };
    if (job.pieces.length > 1) return this.#addParts(job);
    this.#window.add(job, job.pieces[0]);
    return this.#window.isFull ? this.#flush() : undefined;
  }

  async #addParts(job: Job): Promise<void> {
    for (const piece of job.pieces) {
      this.#window.add(job, piece);
      if (this.#window.isFull) await this.#flush();
    }
  }

  /** Reads what is planned; some of it may still be written in the background. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#reading;
  }

  /** Removes what is left of files that will not become whole. */
  async abort(): Promise<void> {
    await this.#reading.catch(() => {});
    await this.#run.allDone();
    for (const job of this.#begun) await abort(job);
  }

  /** Starts to read the window when the one before is read, and begins a new one. */
  async #flush(): Promise<void> {
    const window = this.#window;
    if (window.isEmpty) return;
    this.#window = new ReadWindow();
    await this.#reading;
    this.#reading = this.#read(window);
    // an error is met by whoever waits next
    this.#reading.catch(() => {});
  }

  async #read(window: ReadWindow<Job>): Promise<void> {
    await this.#contents.readMany(window.plain.keys(), (id, data) => this.#deliver(window.plain.get(id)!, data), {
      transient: true,
      opener: this.#opener,
    });
    await mapLimit([...window.compressed], PARALLEL, async ([id, uses]) => {
      await this.#deliver(uses, await this.#readCompressed(id, uses[0].piece.length).catch(asError));
    });
  }

  async #readCompressed(id: string, length: number): Promise<Uint8Array> {
    if (this.#contents.readCompressed === undefined)
      throw new CairnError('unsupported', `content ${id} is compressed at object level, which is not available here`);
    return this.#contents.readCompressed(id, length);
  }

  /** Takes a content's bytes; resolves when there is room for more, not when they are written. */
  #deliver(uses: readonly PieceUse<Job>[], data: Uint8Array | Error): Promise<void> | undefined {
    this.#run.check();
    if (data instanceof Error || data.length > (this.#target.wholeLimit ?? -1)) return this.#deliverParts(uses, data);
    const cost = Math.max(WHOLE_COST, data.length);
    if (uses.length > 1) return this.#deliverWhole(uses, data, cost);
    const admitted = this.#budget.acquire(cost);
    if (admitted !== undefined) return admitted.then(() => this.#placeBeside(uses[0], data, cost));
    this.#placeBeside(uses[0], data, cost);
    return undefined;
  }

  async #deliverWhole(uses: readonly PieceUse<Job>[], data: Uint8Array, cost: number): Promise<void> {
    for (const use of uses) {
      await this.#budget.acquire(cost);
      this.#placeBeside(use, data, cost);
    }
  }

  /** Takes the bytes before it returns. */
  #placeBeside(use: PieceUse<Job>, data: Uint8Array, cost: number): void {
    if (this.#placeWhole(use, data, cost)) return;
    const { job, piece } = use;
    this.#inSteps(job, piece, job.settled || this.#run.fatal !== undefined ? data : data.slice(), cost);
  }

  #inSteps(job: Job, piece: ObjectPiece, data: Uint8Array | Error, cost: number): void {
    this.#run.inBackground(this.#place({ job, piece }, data).finally(() => this.#budget.release(cost)));
  }

  /** Gives a file to the target as a whole, if that is to be tried. */
  #placeWhole({ job, piece }: PieceUse<Job>, data: Uint8Array, cost: number): boolean {
    if (job.settled || this.#run.fatal !== undefined || data.length !== piece.length || !this.#isWhole(job, data))
      return false;
    const run = this.#run;
    run.begin();
    const tries = this.#target.writeWhole!(job.path, job.entry, data, (written, error) => {
      if (written) this.#written(job, cost);
      else if (error !== undefined) this.#inSteps(job, piece, asError(error), cost);
      // the bytes it was given are gone
      else run.inBackground(this.#again(job, piece).finally(() => this.#budget.release(cost)));
      run.end();
    });
    if (!tries) run.end();
    return tries;
  }

  #written(job: Job, cost: number): void {
    try {
      this.#count(job);
      this.#settle(job);
    } catch (error) {
      this.#run.stop(error);
    }
    this.#budget.release(cost);
  }

  async #again(job: Job, piece: ObjectPiece): Promise<void> {
    await this.#place({ job, piece }, await this.#contents.read(piece.contentId).catch(asError));
  }

  #settle(job: Job): void {
    job.settled = true;
    this.#begun.delete(job);
    job.done();
  }

  /** Resolves when they are written: the bytes stay where they are until then. */
  async #deliverParts(uses: readonly PieceUse<Job>[], data: Uint8Array | Error): Promise<void> {
    await mapLimit(uses, PARALLEL, (use) => this.#place(use, data));
  }

  async #place({ job, piece }: PieceUse<Job>, data: Uint8Array | Error): Promise<void> {
    if (job.settled || this.#run.fatal !== undefined) return;
    try {
      if (data instanceof Error) throw data;
      if (data.length !== piece.length)
        throw new CairnError(
          'corrupt',
          `content ${piece.contentId} has ${data.length} bytes, its object says ${piece.length}`,
        );
      if (!(await this.#placeInSteps(job, piece, data))) return;
      this.#count(job);
    } catch (error) {
      if (job.settled) return;
      job.settled = true;
      await abort(job);
      this.#run.fail(job.path, asError(error));
    }
    this.#settle(job);
  }

  #isWhole({ entry, pieces }: Job, { length }: Uint8Array): boolean {
    return entry.type !== 's' && pieces.length === 1 && length <= (this.#target.wholeLimit ?? -1);
  }

  /** Whether it was the last piece. */
  async #placeInSteps(job: Job, piece: ObjectPiece, data: Uint8Array): Promise<boolean> {
    await this.#stepping.acquire(1);
    try {
      if (job.entry.type === 's') await this.#target.writeSymlink(job.path, job.entry, nameFromBytes(data));
      else {
        this.#begun.add(job);
        job.writer ??= this.#target.beginFile(job.path, job.entry, job.length);
        const writer = await job.writer;
        if (data.length > 0) await writer.write(data, piece.start);
      }
      if (--job.left > 0 || job.settled) return false;
      await (await job.writer)?.finish();
      return true;
    } finally {
      this.#stepping.release(1);
    }
  }

  #count({ path, entry, partial, length }: Job): void {
    const { stats } = this.#run;
    if (partial) stats.partialFiles.push(path);
    else if (entry.type === 's') stats.symlinks++;
    else {
      stats.files++;
      stats.bytes += length;
    }
    this.#run.progress();
  }
}

async function abort(job: Job): Promise<void> {
  const writer = await job.writer?.catch(() => undefined);
  await writer?.abort();
}
