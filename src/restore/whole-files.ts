import type { SyncWriter } from '../ports.ts';
import { NOT_WRITTEN, writeBatch, type Batch, type BatchResult, type WholeFile } from './whole-file.ts';
import type { RestoreWorkers } from './workers.ts';

/** What writing at once needs; workers are used where there are some. */
export interface WholeFilePorts {
  syncWriter?: SyncWriter;
  workers?: RestoreWorkers;
}

/** Bytes of a batch, so of the largest file written at once. */
export const WHOLE_LIMIT = 512 << 10;
const BATCH_FILES = 256;
/** Batches a worker is given ahead. */
const AHEAD = 3;
/** Files that this thread writes before workers are started: they take longer to start. */
const ALONE = 1000;

/**
 * Told the number of attributes that could not be set, or undefined when the file was not written and nothing of it is
 * there; with the error when a worker died.
 */
export type Written = (refused: number | undefined, error?: unknown) => void;

interface Job {
  files: WholeFile[];
  waiting: Written[];
  buffer: ArrayBuffer;
  used: number;
}

/** Batches of the directories that one worker writes to: two threads in one directory wait for each other. */
interface Lane {
  open: Job | undefined;
  /** Full batches that nobody was given yet. */
  queue: Job[];
  /** Batches that the worker was given and has not answered. */
  given: number;
}

/** Which lane a directory's files take; kept with the directory. */
export interface LaneOf {
  lane?: number;
}

/**
 * Writes small files by synchronous calls, a batch at a time: in workers once there is enough to do, else in this thread
 * with a turn of the event loop after each batch.
 */
export class WholeFiles {
  readonly #writer: SyncWriter;
  readonly #workers: RestoreWorkers | undefined;
  readonly #tolerant: boolean;
  readonly #lanes: readonly Lane[];
  readonly #buffers: ArrayBuffer[] = [];
  #nextLane = 0;
  #turnAhead = false;
  #count = 0;
  #failure: unknown;

  constructor(writer: SyncWriter, workers: RestoreWorkers | undefined, tolerant: boolean) {
    this.#writer = writer;
    this.#workers = workers;
    this.#tolerant = tolerant;
    const length = Math.max(1, workers?.count ?? 0);
    this.#lanes = Array.from({ length }, () => ({ open: undefined, queue: [], given: 0 }));
    if (workers !== undefined) workers.onReady = () => this.#handOn();
  }

  /** The bytes are taken before this returns. */
  write(directory: LaneOf, file: Omit<WholeFile, 'start' | 'length'>, data: Uint8Array, done: Written): void {
    if (this.#failure !== undefined) return done(undefined, this.#failure);
    directory.lane ??= this.#nextLane++ % this.#lanes.length;
    const lane = this.#lanes[directory.lane];
    if (lane.open !== undefined && lane.open.used + data.length > WHOLE_LIMIT) this.#closeBatch(lane);
    lane.open ??= { files: [], waiting: [], buffer: this.#buffers.pop() ?? new ArrayBuffer(WHOLE_LIMIT), used: 0 };
    const job = lane.open;
    new Uint8Array(job.buffer, job.used, data.length).set(data);
    const { temporary, path, attributes, modeOwner } = file;
    job.files.push({ temporary, path, start: job.used, length: data.length, attributes, modeOwner });
    job.waiting.push(done);
    job.used += data.length;
    this.#count++;
    if (job.files.length >= BATCH_FILES) this.#closeBatch(lane);
    this.#turnSoon();
  }

  #closeBatch(lane: Lane): void {
    lane.queue.push(lane.open!);
    lane.open = undefined;
    if (this.#count > ALONE && this.#lanes.length > 1) this.#workers!.start();
    this.#handAll();
  }

  /** A batch that does not fill is written when the event loop has turned. */
  #turnSoon(): void {
    if (this.#turnAhead) return;
    this.#turnAhead = true;
    setTimeout(() => this.#turn(), 0);
  }

  #turn(): void {
    this.#turnAhead = false;
    for (const lane of this.#lanes) if (lane.open !== undefined && lane.queue.length === 0) this.#closeBatch(lane);
    if (this.#lanes.some((_, number) => this.#isReady(number))) return this.#handAll();
    const job = this.#longestQueue()?.shift();
    if (job !== undefined) this.#settle(job, writeBatch(this.#writer, this.#batch(job)));
    if (this.#lanes.some(({ open, queue }) => open !== undefined || queue.length > 0)) this.#turnSoon();
  }

  #longestQueue(): Job[] | undefined {
    const longest = this.#lanes.reduce((best, lane) => (lane.queue.length > best.queue.length ? lane : best)).queue;
    return longest.length > 0 ? longest : undefined;
  }

  #batch({ files, buffer }: Job): Batch {
    return { files, buffer, tolerant: this.#tolerant };
  }

  #handAll(): void {
    for (const [number, lane] of this.#lanes.entries()) {
      if (!this.#isReady(number)) continue;
      while (lane.given < AHEAD && lane.queue.length > 0) this.#give(number, lane.queue.shift()!);
      // better to wait for a directory than to do nothing
      const other = lane.given === 0 ? this.#longestQueue() : undefined;
      if (other !== undefined) this.#give(number, other.shift()!);
    }
  }

  #isReady(number: number): boolean {
    return this.#workers?.isReady(number) ?? false;
  }

  #give(number: number, job: Job): void {
    const lane = this.#lanes[number];
    lane.given++;
    const answered = this.#workers!.write(number, this.#batch(job)).then(
      ({ results, buffer }) => this.#settle({ ...job, buffer }, results),
      (error: unknown) => this.#fail(job, error),
    );
    void answered.then(() => {
      lane.given--;
      this.#handOn();
    });
  }

  #handOn(): void {
    this.#handAll();
    if (this.#lanes.some(({ open }) => open !== undefined)) this.#turnSoon();
  }

  #settle({ waiting, buffer }: Job, results: BatchResult): void {
    this.#buffers.push(buffer);
    for (const [at, done] of waiting.entries()) done(results[at] === NOT_WRITTEN ? undefined : results[at]);
  }

  /** The batch is lost, and all that waits; what other workers have goes on. */
  #fail(given: Job, error: unknown): void {
    this.#failure ??= error;
    const lost = [given];
    for (const lane of this.#lanes) {
      lost.push(...lane.queue.splice(0));
      if (lane.open !== undefined) lost.push(lane.open);
      lane.open = undefined;
    }
    for (const { waiting } of lost) for (const done of waiting) done(undefined, error);
  }
}
