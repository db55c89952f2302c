import { joinBytes, type Gather } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { blobNotFound, checkRange, invalidRange, refuseOptions } from './failures.ts';
import type { BlobAppender, BlobMetadata, BlobRange, BlobStorage, ConnectionInfo, PutOptions } from './storage.ts';

interface StoredBlob {
  data: Uint8Array;
  timestamp: bigint;
}

/** Blobs in a map; they are copied on their way in and out, so that nobody shares bytes with the store. */
export class MemoryStorage implements BlobStorage {
  readonly displayName = 'Memory';
  readonly readOnly = false;
  readonly #blobs = new Map<string, StoredBlob>();
  readonly #now: () => bigint;

  constructor(clock?: Pick<Clock, 'now'>) {
    this.#now = clock === undefined ? () => BigInt(Date.now()) * 1_000_000n : () => clock.now();
  }

  async get(id: string, range?: BlobRange): Promise<Uint8Array> {
    checkRange(id, range);
    const { data } = this.#find(id);
    if (range === undefined) return data.slice();
    const { offset, length } = range;
    if (length > 0 && offset + length > data.length) throw invalidRange(id, range, data.length);
    return data.slice(offset, offset + length);
  }

  async stat(id: string): Promise<BlobMetadata> {
    return metadata(id, this.#find(id));
  }

  async *list(prefix: string): AsyncGenerator<BlobMetadata, void, undefined> {
    const ids = [...this.#blobs.keys()].filter((id) => id.startsWith(prefix));
    for (const id of ids) {
      const blob = this.#blobs.get(id);
      if (blob !== undefined) yield metadata(id, blob);
    }
  }

  async put(id: string, data: Gather, options: PutOptions = {}): Promise<BlobMetadata> {
    refuseOptions('memory', options, ['retention']);
    if (options.doNotRecreate && this.#blobs.has(id))
      throw new CairnError('blob-exists', `blob ${id} already exists`, { data: { id } });
    const blob = { data: joinBytes(data).slice(), timestamp: options.modifiedTime ?? this.#now() };
    this.#blobs.set(id, blob);
    return metadata(id, blob);
  }

  async begin(id: string): Promise<BlobAppender> {
    let parts: Uint8Array[] | undefined = [];
    const open = () => {
      if (parts === undefined) throw new CairnError('internal', `blob ${id} was already committed or aborted`);
      return parts;
    };
    return {
      append: async (data) => {
        open().push(joinBytes(data).slice());
      },
      commit: async (options) => {
        const all = open();
        parts = undefined;
        return this.put(id, all, options);
      },
      abort: async () => {
        parts = undefined;
      },
    };
  }

  async delete(id: string): Promise<void> {
    this.#blobs.delete(id);
  }

  async capacity(): Promise<undefined> {}

  async flushCaches(): Promise<void> {}

  async close(): Promise<void> {}

  connectionInfo(): ConnectionInfo {
    return { type: 'memory', config: {} };
  }

  #find(id: string): StoredBlob {
    const blob = this.#blobs.get(id);
    if (blob === undefined) throw blobNotFound(id);
    return blob;
  }
}

function metadata(id: string, { data, timestamp }: StoredBlob): BlobMetadata {
  return { id, length: data.length, timestamp };
}
