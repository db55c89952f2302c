import { encodeJson } from '../bytes/json.ts';
import { parametersToJson, type RepositoryParameters } from '../format/parameters.ts';
import { CairnError } from '../errors.ts';
import type { MergedIndex } from '../content/index/merged.ts';
import type { CoreKernel } from '../kernels/core.ts';
import type { Spawn, WorkerChannel } from '../ports.ts';
import { BUFFER, BatchOutput, BufferPool } from './batch-output.ts';
import { Claims, newClaims } from './claims.ts';
import { encodeBatch } from './batch.ts';
import { describeFailure, failureError } from './failure.ts';
import type {
  BatchResult,
  ClaimsShare,
  CutResult,
  FileTask,
  SealedBatch,
  StageRequest,
  StageResponse,
} from './messages.ts';
import { Stage, type StageOptions } from './stage.ts';

/** Runs jobs of a stage, here or in a worker. */
export interface Executor {
  files(tasks: readonly FileTask[]): Promise<BatchResult>;
  cuts(task: FileTask): Promise<CutResult>;
  close(): void;
}

/** Takes a sealed batch and calls `release` when its buffer may be used again. */
export type Deliver = (batch: SealedBatch, release: () => void) => void;

/** Bytes of sealed contents of one thread that leave memory on their way, before it waits. */
const ROOM = 18 << 20;

/**
 * `appends`: the storage takes a pack as it grows. Where it takes only whole ones, buffers at least half full must hold
 * more than one, or a thread that waits for them to be stored would wait for itself.
 */
function roomFor({ maxPackSize }: RepositoryParameters, appends: boolean): number {
  return appends ? ROOM : 2 * (ROOM + maxPackSize);
}

/** Jobs in this thread by kernel: they share its content area, so that there is one at a time, whoever gave it. */
const tails = new WeakMap<CoreKernel, Promise<unknown>>();

/** The stage in this thread. */
export class InlineExecutor implements Executor {
  readonly #stage: Stage;
  readonly #output: BatchOutput;
  readonly #core: CoreKernel;

  constructor(options: StageOptions, parameters: RepositoryParameters, appends: boolean, deliver: Deliver) {
    const { core, crypto, pause } = options;
    const pool = new BufferPool(roomFor(parameters, appends));
    this.#core = core;
    this.#stage = new Stage({ ...options, pause: () => pool.room() ?? pause?.() });
    const output = (batch: SealedBatch) => deliver(batch, () => pool.give(batch.buffer));
    this.#output = new BatchOutput(crypto.hasher.size, pool, output, !appends);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const tail = tails.get(this.#core) ?? Promise.resolve();
    const result = tail.then(work);
    tails.set(
      this.#core,
      result.catch(() => {}),
    );
    return result;
  }

  files(tasks: readonly FileTask[]): Promise<BatchResult> {
    return this.#enqueue(() => this.#stage.batch(tasks, this.#output).finally(() => this.#output.flush()));
  }

  cuts(task: FileTask): Promise<CutResult> {
    return this.#enqueue(async () => {
      try {
        return this.#stage.cuts(task);
      } catch (error) {
        throw failureError(describeFailure(error, task.path));
      }
    });
  }

  close(): void {}
}

/** What all workers of a run share: the index, the claims and the stop word. */
export class WorkerShare {
  readonly parameters: string;
  readonly index: { keys: Uint8Array; words: Uint32Array; keySize: number; fanout: Uint32Array };
  readonly stop = new Int32Array(new SharedArrayBuffer(4));
  readonly room: number;
  readonly dense: boolean;
  readonly #claims: Claims;
  readonly #tables: ClaimsShare[];
  readonly #hashSize: number;

  constructor(parameters: RepositoryParameters, index: MergedIndex, appends: boolean) {
    this.dense = !appends;
    this.room = roomFor(parameters, appends);
    this.parameters = encodeJson(parametersToJson(parameters));
    const { keys, words, keySize } = index.entries;
    this.index = { keys, words, keySize, fanout: index.fanout };
    this.#hashSize = keySize - 1;
    this.#tables = [newClaims(this.#hashSize, 1 << 16)];
    this.#claims = new Claims(this.#tables);
  }

  get tables(): readonly ClaimsShare[] {
    return this.#tables;
  }

  /** A larger table when the newest one is crowded; every worker must be told. */
  grow(): ClaimsShare | undefined {
    if (!this.#claims.crowded) return undefined;
    const table = newClaims(this.#hashSize, this.#claims.newest.slots * 4);
    this.#tables.push(table);
    this.#claims.add(table);
    return table;
  }
}

/** The stage in a worker. */
export class WorkerExecutor implements Executor {
  readonly ready: Promise<void>;
  readonly #channel: WorkerChannel;
  readonly #jobs = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  readonly #fail: (error: unknown) => void;
  #next = 1;

  constructor(spawn: Spawn, share: WorkerShare, deliver: Deliver, fail: (error: unknown) => void) {
    this.#fail = fail;
    this.#channel = spawn('upload');
    this.ready = new Promise((resolve, reject) => {
      this.#channel.onError((error) => {
        const wrapped = new CairnError('internal', `an upload worker died: ${error.message}`, { cause: error });
        reject(wrapped);
        this.#died(wrapped);
      });
      this.#channel.onMessage((message) => this.#receive(message as StageResponse, resolve, deliver));
    });
    this.ready.catch(() => {});
    const { parameters, index, stop, room, dense } = share;
    this.#post({ kind: 'start', setup: { parameters, index, stop, room, dense, claims: [...share.tables] } });
  }

  #post(request: StageRequest, transfer?: ArrayBuffer[]): void {
    this.#channel.post(request, transfer);
  }

  #died(error: unknown): void {
    for (const job of this.#jobs.values()) job.reject(error);
    this.#jobs.clear();
    this.#fail(error);
  }

  #receive(response: StageResponse, ready: () => void, deliver: Deliver): void {
    switch (response.kind) {
      case 'ready':
        return ready();
      case 'failed':
        return this.#died(failureError(response.failure));
      case 'sealed':
        return deliver(response.batch, () => this.#giveBack(response.batch.buffer));
      default: {
        const job = this.#jobs.get(response.job);
        this.#jobs.delete(response.job);
        if (response.kind === 'files') job?.resolve(response.result as never);
        else if ('failure' in response.result) job?.reject(failureError(response.result.failure));
        else job?.resolve(response.result as never);
      }
    }
  }

  #ask<T>(request: (job: number) => StageRequest): Promise<T> {
    const job = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#jobs.set(job, { resolve, reject });
      this.#post(request(job));
    });
  }

  files(tasks: readonly FileTask[]): Promise<BatchResult> {
    return this.#ask((job) => ({ kind: 'files', job, batch: encodeBatch(tasks) }));
  }

  cuts(task: FileTask): Promise<CutResult> {
    return this.#ask((job) => ({ kind: 'cuts', job, task }));
  }

  addClaims(claims: ClaimsShare): void {
    this.#post({ kind: 'claims', claims });
  }

  /** Its bytes are stored. */
  #giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength >= BUFFER) this.#post({ kind: 'buffer', buffer }, [buffer]);
  }

  close(): void {
    this.#channel.close();
  }
}
