import { member, type JsonObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { BlobMetadata, BlobStorage } from './storage.ts';
import { Semaphore, TokenBucket } from './tokens.ts';
import { StorageWrapper, type StorageCall } from './wrapper.ts';

/** Limits under the names of the configuration file; absent or 0 means none. */
export interface ThrottlingLimits {
  readsPerSecond?: number;
  writesPerSecond?: number;
  listsPerSecond?: number;
  maxUploadSpeedBytesPerSecond?: number;
  maxDownloadSpeedBytesPerSecond?: number;
  concurrentReads?: number;
  concurrentWrites?: number;
}

const names = [
  'readsPerSecond',
  'writesPerSecond',
  'listsPerSecond',
  'maxUploadSpeedBytesPerSecond',
  'maxDownloadSpeedBytesPerSecond',
  'concurrentReads',
  'concurrentWrites',
] as const;

/** Takes the limits out of a storage configuration or of `throttlingLimits`; `invalid-argument` for a bad one. */
export function parseThrottlingLimits(config: JsonObject): ThrottlingLimits {
  const limits: ThrottlingLimits = {};
  for (const name of names) {
    const value = member(config, name);
    if (value === undefined || value === null || value === 0) continue;
    if (typeof value !== 'number' || !(value > 0) || (name.startsWith('concurrent') && !Number.isInteger(value)))
      throw new CairnError('invalid-argument', `the limit ${name} is not a positive number`, { data: { name } });
    limits[name] = value;
  }
  return limits;
}

/**
 * Slows calls down (spec/storage-and-maintenance.md section 3): token buckets for reads, writes, lists and bytes each
 * way, and a number of calls at once. A get of unknown length waits until earlier bytes are paid for and pays its own
 * afterwards.
 */
export class ThrottledStorage extends StorageWrapper {
  readonly #reads: TokenBucket;
  readonly #writes: TokenBucket;
  readonly #lists: TokenBucket;
  readonly #upload: TokenBucket;
  readonly #download: TokenBucket;
  readonly #reading = new Semaphore();
  readonly #writing = new Semaphore();

  constructor(inner: BlobStorage, limits: ThrottlingLimits, clock: Clock, signal?: AbortSignal) {
    super(inner);
    const bucket = () => new TokenBucket(clock, signal);
    this.#reads = bucket();
    this.#writes = bucket();
    this.#lists = bucket();
    this.#upload = bucket();
    this.#download = bucket();
    this.setLimits(limits);
  }

  /** Takes effect at once, also for calls that are waiting for a free place. */
  setLimits(limits: ThrottlingLimits): void {
    this.#reads.setRate(limits.readsPerSecond);
    this.#writes.setRate(limits.writesPerSecond);
    this.#lists.setRate(limits.listsPerSecond);
    this.#upload.setRate(limits.maxUploadSpeedBytesPerSecond);
    this.#download.setRate(limits.maxDownloadSpeedBytesPerSecond);
    this.#reading.setLimit(limits.concurrentReads);
    this.#writing.setLimit(limits.concurrentWrites);
  }

  protected override around<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    switch (call.method) {
      case 'get':
      case 'stat':
        return this.#reading.run(async () => {
          await this.#reads.take(1);
          if (call.method === 'get') await this.#download.take(call.wanted ?? 0);
          const result = await run();
          if (call.wanted === undefined && result instanceof Uint8Array) this.#download.charge(result.length);
          return result;
        });
      case 'put':
      case 'append':
      case 'commit':
      case 'delete':
        return this.#writing.run(async () => {
          if (call.method !== 'append') await this.#writes.take(1);
          await this.#upload.take(call.sent);
          return run();
        });
      default:
        return run();
    }
  }

  protected override async *aroundList(_: StorageCall, run: () => AsyncIterable<BlobMetadata>) {
    await this.#lists.take(1);
    yield* run();
  }
}
