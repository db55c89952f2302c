import { nameFromBytes } from '../bytes/name.ts';
import { Budget, mapLimit } from '../bytes/parallel.ts';
import { CairnError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import { asError } from '../snapshot/walk.ts';
import { ReadWindow, type FilePlan, type PieceUse } from './plan.ts';
import type { RestoreRun } from './run.ts';
import type { FileWriter, RestoreTarget } from './target.ts';

/** Bytes on their way to the target, and what the smallest file counts for: at most 128 files are open at a time. */
const IN_FLIGHT = 32 << 20;
const LEAST_COST = 256 << 10;
const PARALLEL = 16;

interface Job extends FilePlan {
  /** Pieces that are not written yet. */
  left: number;
  writer?: Promise<FileWriter>;
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
  readonly #budget = new Budget(IN_FLIGHT);
  readonly #unsettled = new Set<Job>();
  #window = new ReadWindow<Job>();
  #reading: Promise<void> = Promise.resolve();

  constructor(contents: ObjectContents, target: RestoreTarget, run: RestoreRun) {
    this.#contents = contents;
    this.#target = target;
    this.#run = run;
  }

  /** Takes a file or link; `done` is called when it is written or has failed, never after the run was stopped. */
  async add(plan: FilePlan, done: () => void): Promise<void> {
    const job: Job = { ...plan, left: plan.pieces.length, settled: false, done };
    this.#unsettled.add(job);
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
    for (const job of this.#unsettled) await abort(job);
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
    await this.#contents.readMany(window.plain.keys(), (id, data) => this.#deliver(window.plain.get(id)!, data));
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
  async #deliver(uses: readonly PieceUse<Job>[], data: Uint8Array | Error): Promise<void> {
    this.#run.check();
    const cost = Math.max(LEAST_COST, data instanceof Error ? 0 : data.length);
    await this.#budget.acquire(cost);
    const written = mapLimit(uses, PARALLEL, (use) => this.#place(use, data));
    this.#run.inBackground(written.then(() => this.#budget.release(cost)));
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
      if (job.entry.type === 's') await this.#target.writeSymlink(job.path, job.entry, nameFromBytes(data));
      else {
        job.writer ??= this.#target.beginFile(job.path, job.entry, job.length);
        const writer = await job.writer;
        if (data.length > 0) await writer.write(data, piece.start);
      }
      if (--job.left > 0 || job.settled) return;
      await (await job.writer)?.finish();
      this.#count(job);
    } catch (error) {
      if (job.settled) return;
      job.settled = true;
      await abort(job);
      this.#run.fail(job.path, asError(error));
    }
    job.settled = true;
    this.#unsettled.delete(job);
    job.done();
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
