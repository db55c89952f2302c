import { CairnError } from '../../src/errors.ts';
import type { BlobMetadata } from '../../src/blob/storage.ts';
import { StorageWrapper, type StorageCall, type StorageMethod } from '../../src/blob/wrapper.ts';

/** What is to happen instead of, before or after one call. */
export interface Fault {
  error?: unknown;
  /** Does the call all the same, then fails: the answer got lost. */
  after?: boolean;
  /** Runs before the call. */
  run?: (call: StorageCall) => void | Promise<void>;
  /** How many more calls it meets; once when absent. */
  repeat?: number;
}

/** Thrown by every call from the crash on: the process is dead. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

const changing = new Set<StorageMethod>(['put', 'append', 'commit', 'delete', 'extendRetention']);

/**
 * A storage that fails as it is told: scripted faults for each method in turn, a disk that fills up, a crash at the
 * n-th changing call.
 */
export class FaultyStorage extends StorageWrapper {
  readonly calls: StorageCall[] = [];
  readonly #faults = new Map<StorageMethod, Fault[]>();
  #room = Infinity;
  #crash: { calls: number; done: boolean } | undefined;

  /** Queues faults for the next calls of a method; one without `error` and `run` lets a call pass. */
  on(method: StorageMethod, ...faults: Fault[]): this {
    const queue = this.#faults.get(method) ?? [];
    queue.push(...faults.map((fault) => ({ ...fault })));
    this.#faults.set(method, queue);
    return this;
  }

  /** Puts fail with `no-space` once this many more bytes were taken. */
  fullAfter(bytes: number): this {
    this.#room = bytes;
    return this;
  }

  /** Lets `calls` more changing calls succeed; the next one crashes, after having been `done` or before. */
  crashAfter(calls: number, done = false): this {
    this.#crash = { calls, done };
    return this;
  }

  /** Faults that no call has met yet. */
  get pending(): number {
    return [...this.#faults.values()].reduce((sum, queue) => sum + queue.length, 0);
  }

  protected override async around<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    await this.#before(call);
    const fault = this.#next(call.method);
    await fault?.run?.(call);
    if (fault?.error !== undefined && !fault.after) throw fault.error;
    if (call.sent > this.#room) throw new CairnError('no-space', `cannot ${call.method} ${call.id}: no space left`);
    this.#room -= call.sent;
    const result = await this.#maybeCrash(call, run);
    if (fault?.error !== undefined) throw fault.error;
    return result;
  }

  protected override async *aroundList(call: StorageCall, run: () => AsyncIterable<BlobMetadata>) {
    await this.#before(call);
    const fault = this.#next('list');
    await fault?.run?.(call);
    if (fault?.error !== undefined && !fault.after) throw fault.error;
    yield* run();
    if (fault?.error !== undefined) throw fault.error;
  }

  async #before(call: StorageCall): Promise<void> {
    this.calls.push(call);
    if (this.#crash !== undefined && this.#crash.calls < 0) throw new CrashError('crashed');
  }

  async #maybeCrash<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    if (this.#crash === undefined || !changing.has(call.method) || --this.#crash.calls >= 0) return run();
    if (this.#crash.done) await run();
    throw new CrashError('crashed');
  }

  #next(method: StorageMethod): Fault | undefined {
    const queue = this.#faults.get(method);
    const fault = queue?.[0];
    if (fault === undefined) return undefined;
    if (fault.repeat !== undefined && fault.repeat > 0) fault.repeat--;
    else queue!.shift();
    return fault;
  }
}
