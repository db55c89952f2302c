import { CairnError, type ErrorCode } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { BlobMetadata, BlobStorage } from './storage.ts';
import { StorageWrapper, type StorageCall, type StorageMethod } from './wrapper.ts';

export interface StorageLogEntry {
  method: StorageMethod;
  /** Name of the blob, the prefix of a list, else empty. */
  id: string;
  milliseconds: number;
  outcome: 'ok' | ErrorCode;
  /** Bytes sent or received. */
  bytes: number;
  /** Blobs that a list gave. */
  listed?: number;
  error?: unknown;
}

/** Calls `log` when a call has ended, a list when its last blob was taken or its reader left. */
export class LoggingStorage extends StorageWrapper {
  readonly #log: (entry: StorageLogEntry) => void;
  readonly #clock: Clock;

  constructor(inner: BlobStorage, log: (entry: StorageLogEntry) => void, clock: Clock) {
    super(inner);
    this.#log = log;
    this.#clock = clock;
  }

  protected override async around<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    const start = this.#clock.monotonic();
    try {
      const result = await run();
      this.#end(call, start, { bytes: result instanceof Uint8Array ? result.length : call.sent });
      return result;
    } catch (error) {
      this.#end(call, start, { bytes: 0, ...failure(error) });
      throw error;
    }
  }

  protected override async *aroundList(call: StorageCall, run: () => AsyncIterable<BlobMetadata>) {
    const start = this.#clock.monotonic();
    const end: Partial<StorageLogEntry> = { bytes: 0, listed: 0 };
    try {
      for await (const blob of run()) {
        end.listed!++;
        yield blob;
      }
    } catch (error) {
      Object.assign(end, failure(error));
      throw error;
    } finally {
      this.#end(call, start, end);
    }
  }

  #end({ method, id }: StorageCall, start: number, rest: Partial<StorageLogEntry>): void {
    const milliseconds = this.#clock.monotonic() - start;
    this.#log({ method, id, milliseconds, outcome: 'ok', bytes: 0, ...rest });
  }
}

function failure(error: unknown): Pick<StorageLogEntry, 'outcome' | 'error'> {
  return { outcome: error instanceof CairnError ? error.code : 'internal', error };
}
