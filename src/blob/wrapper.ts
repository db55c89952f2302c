import { gatherLength, type Gather } from '../bytes/gather.ts';
import type {
  BlobAppender,
  BlobMetadata,
  BlobRange,
  BlobRetention,
  BlobStorage,
  ConnectionInfo,
  PutOptions,
} from './storage.ts';

export type StorageMethod =
  | 'get'
  | 'stat'
  | 'list'
  | 'put'
  | 'begin'
  | 'append'
  | 'commit'
  | 'abort'
  | 'delete'
  | 'extendRetention'
  | 'capacity'
  | 'flushCaches'
  | 'close';

export interface StorageCall {
  readonly method: StorageMethod;
  /** Name of the blob, the prefix of a list, else empty. */
  readonly id: string;
  /** Bytes sent to the storage. */
  readonly sent: number;
  /** Length of a ranged get. */
  readonly wanted?: number;
}

/**
 * A storage that hands every call on to another one. What a wrapper adds stands in two places: `around` for calls that
 * give one result (also those of an appender), `aroundList` for lists. `begin` and `extendRetention` are there only
 * when the inner storage has them.
 */
export class StorageWrapper implements BlobStorage {
  readonly begin?: (id: string) => Promise<BlobAppender>;
  readonly extendRetention?: (id: string, retention: BlobRetention) => Promise<void>;
  protected readonly inner: BlobStorage;

  constructor(inner: BlobStorage) {
    this.inner = inner;
    if (inner.begin !== undefined) this.begin = (id) => this.#begin(id);
    if (inner.extendRetention !== undefined)
      this.extendRetention = (id, retention) =>
        this.around({ method: 'extendRetention', id, sent: 0 }, () => inner.extendRetention!(id, retention));
  }

  protected around<T>(_call: StorageCall, run: () => Promise<T>): Promise<T> {
    return run();
  }

  protected aroundList(_call: StorageCall, run: () => AsyncIterable<BlobMetadata>): AsyncIterable<BlobMetadata> {
    return run();
  }

  get displayName(): string {
    return this.inner.displayName;
  }

  get readOnly(): boolean {
    return this.inner.readOnly;
  }

  connectionInfo(): ConnectionInfo {
    return this.inner.connectionInfo();
  }

  get(id: string, range?: BlobRange): Promise<Uint8Array> {
    return this.around({ method: 'get', id, sent: 0, wanted: range?.length }, () => this.inner.get(id, range));
  }

  stat(id: string): Promise<BlobMetadata> {
    return this.around({ method: 'stat', id, sent: 0 }, () => this.inner.stat(id));
  }

  list(prefix: string): AsyncIterable<BlobMetadata> {
    return this.aroundList({ method: 'list', id: prefix, sent: 0 }, () => this.inner.list(prefix));
  }

  put(id: string, data: Gather, options?: PutOptions): Promise<BlobMetadata> {
    return this.around({ method: 'put', id, sent: gatherLength(data) }, () => this.inner.put(id, data, options));
  }

  delete(id: string): Promise<void> {
    return this.around({ method: 'delete', id, sent: 0 }, () => this.inner.delete(id));
  }

  capacity(): Promise<{ capacity: bigint; available: bigint } | undefined> {
    return this.around({ method: 'capacity', id: '', sent: 0 }, () => this.inner.capacity());
  }

  flushCaches(): Promise<void> {
    return this.around({ method: 'flushCaches', id: '', sent: 0 }, () => this.inner.flushCaches());
  }

  close(): Promise<void> {
    return this.around({ method: 'close', id: '', sent: 0 }, () => this.inner.close());
  }

  async #begin(id: string): Promise<BlobAppender> {
    const inner = await this.around({ method: 'begin', id, sent: 0 }, () => this.inner.begin!(id));
    return {
      append: (data) => this.around({ method: 'append', id, sent: gatherLength(data) }, () => inner.append(data)),
      commit: (options) => this.around({ method: 'commit', id, sent: 0 }, () => inner.commit(options)),
      abort: () => this.around({ method: 'abort', id, sent: 0 }, () => inner.abort()),
    };
  }
}
