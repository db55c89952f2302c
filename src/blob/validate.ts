import { equalBytes } from '../bytes/gather.ts';
import { toHex } from '../bytes/hex.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { Clock, Random } from '../ports.ts';
import type { BlobStorage } from './storage.ts';

/**
 * Tries out whether a storage keeps the contract (spec/storage-and-maintenance.md section 3). Each step takes any of
 * several connections; all blobs are named `z<random>...` and removed at the end, whatever happens.
 */
export interface ValidateOptions {
  open(): Promise<BlobStorage>;
  clock: Clock;
  random: Random;
  connections?: number;
  /** Nanoseconds of the test of concurrent work. */
  duration?: bigint;
  workers?: { put?: number; get?: number; stat?: number };
  signal?: AbortSignal;
  onStep?(text: string): void;
}

const SIZE = 5_000_000;
const MAX_SKEW = 180_000_000_000n;
/** Blobs of the concurrent test are whole numbers of this, so that a part is told from a whole by its length. */
const PIECE = 1000;
const MAX_CONCURRENT = 10_000_000;

export async function validateProvider(options: ValidateOptions): Promise<void> {
  const count = Math.max(1, options.connections ?? 5);
  const connections: BlobStorage[] = [];
  try {
    for (let i = 0; i < count; i++) connections.push(await options.open());
    await new Validation(connections, options).run();
  } finally {
    for (const connection of connections) await connection.close();
  }
}

function failed(why: string, cause?: unknown): CairnError {
  return new CairnError('verification-failed', `the storage does not keep its contract: ${why}`, { cause });
}

class Validation {
  readonly #connections: readonly BlobStorage[];
  readonly #options: ValidateOptions;
  readonly #prefix: string;

  constructor(connections: readonly BlobStorage[], options: ValidateOptions) {
    this.#connections = connections;
    this.#options = options;
    this.#prefix = 'z' + toHex(this.#bytes(16));
  }

  #bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#options.random(bytes);
    return bytes;
  }

  #below(limit: number): number {
    const [a, b, c, d] = this.#bytes(4);
    return (a * 0x1000000 + b * 0x10000 + c * 0x100 + d) % limit;
  }

  get #any(): BlobStorage {
    return this.#connections[this.#below(this.#connections.length)];
  }

  #step(text: string): void {
    this.#options.signal?.throwIfAborted();
    this.#options.onStep?.(text);
  }

  async run(): Promise<void> {
    try {
      this.#step('Validating storage capacity and usage');
      await this.#capacity();
      this.#step('Validating blob list responses');
      if ((await this.#names(this.#prefix)).length > 0)
        throw failed('a listing of names that nobody used is not empty');
      this.#step('Validating non-existent blob responses');
      await this.#missing();
      await this.#oneBlob();
      this.#step('Running concurrency test');
      await this.#concurrent();
    } finally {
      for (const id of await this.#names(this.#prefix)) await this.#any.delete(id);
    }
    this.#step('All good.');
  }

  async #capacity(): Promise<void> {
    const volume = await this.#any.capacity();
    if (volume !== undefined && volume.available > volume.capacity) throw failed('more bytes are free than there are');
  }

  async #names(prefix: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of this.#any.list(prefix)) ids.push(id);
    return ids;
  }

  async #expectMissing(work: Promise<unknown>, what: string): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (isCairnError(error, 'blob-not-found')) return;
      throw failed(`${what} of a blob that is not there fails in a wrong way`, error);
    }
    throw failed(`${what} of a blob that is not there succeeds`);
  }

  async #missing(): Promise<void> {
    const id = this.#prefix + '1';
    await this.#expectMissing(this.#any.get(id), 'reading');
    await this.#expectMissing(this.#any.get(id, { offset: 0, length: 5 }), 'reading a part');
    await this.#expectMissing(this.#any.stat(id), 'metadata');
  }

  async #oneBlob(): Promise<void> {
    const id = this.#prefix + '1';
    const data = this.#bytes(SIZE);
    this.#step(`Writing blob (${SIZE} bytes)`);
    await this.#any.put(id, data);
    const written = this.#options.clock.now();
    this.#step('Validating conditional creates');
    try {
      await this.#any.put(id, Uint8Array.of(1, 2, 3, 4), { doNotRecreate: true });
      throw failed('a blob that must not be overwritten was');
    } catch (error) {
      if (!isCairnError(error, 'blob-exists') && !isCairnError(error, 'unsupported')) throw error;
    }
    this.#step('Validating list responses');
    for (const [prefix, wanted] of [
      [id, 1],
      [this.#prefix, 1],
      [id + 'x', 0],
    ] as const)
      if ((await this.#names(prefix)).length !== wanted)
        throw failed(`listing '${prefix}' does not give ${wanted} blob(s)`);
    this.#step('Validating partial reads');
    for (const [offset, length] of [
      [0, 10],
      [1, 10],
      [2, 1],
      [5, 0],
      [SIZE - 5, 5],
    ]) {
      const part = await this.#any.get(id, { offset, length });
      if (!equalBytes(part, data.subarray(offset, offset + length)))
        throw failed(`reading ${length} bytes at ${offset} gives others`);
    }
    this.#step('Validating full reads');
    if (!equalBytes(await this.#any.get(id), data)) throw failed('reading gives other bytes than were written');
    this.#step('Validating metadata');
    const { length, timestamp } = await this.#any.stat(id);
    if (length !== SIZE) throw failed(`metadata says ${length} bytes, ${SIZE} were written`);
    const skew = timestamp > written ? timestamp - written : written - timestamp;
    if (skew > MAX_SKEW)
      throw new CairnError(
        'verification-failed',
        `the storage's clock differs from this one by ${skew / 1_000_000_000n} s`,
        {
          hint: 'set the clocks: maintenance relies on them',
        },
      );
  }

  /** Writers announce a name shortly before it is written; from when a put has returned, everybody must see all of it. */
  async #concurrent(): Promise<void> {
    const { clock, duration = 30_000_000_000n, workers = {}, signal } = this.#options;
    const end = clock.monotonic() + Number(duration / 1_000_000n);
    const blobs: { id: string; length: number; fill: number; written: boolean }[] = [];
    let failure: unknown;
    const going = () => failure === undefined && !signal?.aborted && clock.monotonic() < end;
    const worker = (work: () => Promise<void>) => async () => {
      try {
        while (going()) await work();
      } catch (error) {
        failure ??= error;
      }
    };
    const write = async () => {
      const blob = {
        id: `${this.#prefix}c${toHex(this.#bytes(8))}`,
        length: (1 + this.#below(MAX_CONCURRENT / PIECE)) * PIECE,
        fill: this.#below(256),
        written: false,
      };
      blobs.push(blob);
      await clock.sleep(this.#below(500), signal);
      await this.#any.put(blob.id, new Uint8Array(blob.length).fill(blob.fill));
      blob.written = true;
    };
    /** `check` is given the blob and must throw when it is not whole. */
    const look = async (check: (blob: (typeof blobs)[number]) => Promise<void>) => {
      if (blobs.length === 0) return clock.sleep(20, signal);
      const blob = blobs[this.#below(blobs.length)];
      const { written } = blob;
      try {
        await check(blob);
      } catch (error) {
        if (!isCairnError(error, 'blob-not-found')) throw error;
        if (written) throw failed(`blob ${blob.id} was written and is not found`, error);
        await clock.sleep(20, signal);
      }
    };
    const read = () =>
      look(async ({ id, length, fill }) => {
        const data = await this.#any.get(id);
        if (data.length !== length || data.some((byte) => byte !== fill))
          throw failed(`blob ${id} is seen half written`);
      });
    const stat = () =>
      look(async ({ id, length }) => {
        if ((await this.#any.stat(id)).length !== length) throw failed(`metadata of blob ${id} is of one half written`);
      });
    const times = (count: number, work: () => Promise<void>) => Array.from({ length: count }, () => worker(work)());
    await Promise.all([
      ...times(workers.put ?? 3, write),
      ...times(workers.get ?? 3, read),
      ...times(workers.stat ?? 3, stat),
    ]);
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
  }
}
