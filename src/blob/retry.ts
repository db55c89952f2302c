import { CairnError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { BlobMetadata, BlobStorage } from './storage.ts';
import { StorageWrapper, type StorageCall } from './wrapper.ts';

export interface RetryOptions {
  clock: Clock;
  /** Ends waiting and stops further tries; its reason is thrown. */
  signal?: AbortSignal;
}

const TRIES = 10;
const FIRST_DELAY = 100;
const MAX_DELAY = 32_000;

/**
 * Runs `attempt` up to ten times, as long as its errors are `transient`, with pauses of 100 ms growing by half up to
 * 32 s (spec/storage-and-maintenance.md section 3). The last error is thrown as it is.
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  transient: (error: unknown) => boolean,
  { clock, signal }: RetryOptions,
): Promise<T> {
  let delay = FIRST_DELAY;
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (tries === TRIES || !transient(error)) throw error;
    }
    await clock.sleep(delay, signal);
    delay = Math.min(delay * 1.5, MAX_DELAY);
  }
}

/** Errors of a provider that may pass: its own `io` and `unreachable`, and what its transport threw unnamed. */
export function isTransient(error: unknown): boolean {
  if (error instanceof CairnError) return error.code === 'io' || error.code === 'unreachable';
  return error instanceof Error && error.name !== 'AbortError';
}

/** Tries calls again. Not the pieces of an appended blob: whether the first try arrived cannot be told. */
export class RetryStorage extends StorageWrapper {
  readonly #options: RetryOptions;

  constructor(inner: BlobStorage, options: RetryOptions) {
    super(inner);
    this.#options = options;
  }

  protected override around<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    if (call.method === 'append' || call.method === 'commit' || call.method === 'abort') return run();
    return retrying(run, isTransient, this.#options);
  }

  /** Starts over as long as nothing was handed out; later that would repeat blobs. */
  protected override async *aroundList(_: StorageCall, run: () => AsyncIterable<BlobMetadata>) {
    let items: AsyncIterator<BlobMetadata> | undefined;
    const begin = () => {
      items = run()[Symbol.asyncIterator]();
      return items.next();
    };
    let result = await retrying(begin, isTransient, this.#options);
    try {
      for (; !result.done; result = await items!.next()) yield result.value;
    } finally {
      await items!.return?.();
    }
  }
}
