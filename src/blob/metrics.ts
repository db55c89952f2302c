import type { BlobMetadata } from './storage.ts';
import { StorageWrapper, type StorageCall, type StorageMethod } from './wrapper.ts';

export interface CallCounts {
  calls: number;
  failures: number;
  /** Bytes sent or received by calls that succeeded. */
  bytes: number;
}

/** Counts calls and bytes by method. */
export class MetricsStorage extends StorageWrapper {
  /** Methods that were not called are absent. */
  readonly counts: Partial<Record<StorageMethod, CallCounts>> = {};
  /** Blobs that lists gave. */
  listed = 0;

  protected override async around<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    const counts = this.#begin(call);
    try {
      const result = await run();
      counts.bytes += result instanceof Uint8Array ? result.length : call.sent;
      return result;
    } catch (error) {
      counts.failures++;
      throw error;
    }
  }

  protected override async *aroundList(call: StorageCall, run: () => AsyncIterable<BlobMetadata>) {
    const counts = this.#begin(call);
    try {
      for await (const blob of run()) {
        this.listed++;
        yield blob;
      }
    } catch (error) {
      counts.failures++;
      throw error;
    }
  }

  #begin({ method }: StorageCall): CallCounts {
    const counts = (this.counts[method] ??= { calls: 0, failures: 0, bytes: 0 });
    counts.calls++;
    return counts;
  }
}
