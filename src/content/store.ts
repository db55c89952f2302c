import type { BlobMetadata, BlobStorage } from '../blob/storage.ts';
import { equalBytes } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { openStored, type ContentCrypto, type OpenSpace } from './crypto.ts';
import { cipherId, contentKey, contentPrefix } from './id.ts';
import { loadIndex, type IndexBlobCache, type LoadedIndex } from './index/load.ts';
import type { MergedIndex } from './index/merged.ts';
import { damaged, packError } from './pack-error.ts';
import { ReadAhead } from './read-ahead.ts';
import { readRanges } from './read-many.ts';
import type { ContentInfo, ContentReader, EachContent, ReadManyOptions } from './types.ts';

export interface ContentStoreOptions {
  storage: BlobStorage;
  crypto: ContentCrypto;
  /** Whether the repository uses epochs; else the legacy index manager. */
  epochs: boolean;
  cache?: IndexBlobCache;
  clock: Clock;
}

/** Contents of an open repository: the merged index and reading of packs. Writers put an overlay over it. */
export class ContentStore implements ContentReader {
  readonly storage: BlobStorage;
  readonly crypto: ContentCrypto;
  readonly options: ContentStoreOptions;
  readonly #ahead: ReadAhead;
  #loaded: LoadedIndex;
  /** When the index was listed, nanoseconds. */
  #loadedAt: bigint;

  private constructor(options: ContentStoreOptions, loaded: LoadedIndex, at: bigint) {
    this.options = options;
    this.storage = options.storage;
    this.#ahead = new ReadAhead(options.storage);
    this.crypto = options.crypto;
    this.#loaded = loaded;
    this.#loadedAt = at;
  }

  static async open(options: ContentStoreOptions): Promise<ContentStore> {
    const at = options.clock.now();
    return new ContentStore(options, await loadIndex(loadOptions(options)), at);
  }

  /** Lists and merges the index anew, to see what others wrote. */
  async refresh(): Promise<void> {
    const at = this.options.clock.now();
    await this.storage.flushCaches();
    this.#loaded = await loadIndex(loadOptions(this.options));
    this.#loadedAt = at;
  }

  get index(): MergedIndex {
    return this.#loaded.merged;
  }

  get loadedAt(): bigint {
    return this.#loadedAt;
  }

  get indexBlobs(): readonly BlobMetadata[] {
    return this.#loaded.blobs;
  }

  get epochs(): LoadedIndex['epochs'] {
    return this.#loaded.epochs;
  }

  /** Damaged index blobs that were left out. */
  get problems(): readonly CairnError[] {
    return this.#loaded.problems;
  }

  info(id: string): ContentInfo | undefined {
    return this.index.info(id);
  }

  /** Every entry in key order, deleted ones included; with a letter only those of contents with this prefix. */
  entries(letter?: string): Iterable<ContentInfo> {
    return letter === undefined ? this.index.entries : this.index.withPrefix(letter);
  }

  async read(id: string): Promise<Uint8Array> {
    const info = this.require(id);
    return this.openContent(info, await this.readPacked(info));
  }

  async readMany(ids: Iterable<string>, each: EachContent, options?: ReadManyOptions): Promise<void> {
    await readRanges(this, ids, each, options);
  }

  require(id: string): ContentInfo {
    const info = this.info(id);
    if (info === undefined)
      throw new CairnError('content-not-found', `content ${id} not found`, {
        data: { id },
        hint:
          this.problems.length > 0
            ? `${this.problems.length} damaged index blob(s) were left out; it may be named there`
            : "no index names it; 'cairn snapshot verify' tells which snapshots need it",
      });
    return info;
  }

  /** The stored bytes of a content. */
  async readPacked(info: ContentInfo): Promise<Uint8Array> {
    try {
      return await this.#ahead.read(info);
    } catch (cause) {
      throw packError(info, cause);
    }
  }

  /** As `openStored`; an error says which content, and where it is stored. */
  openContent(info: ContentInfo, packed: Uint8Array, space?: OpenSpace): Uint8Array | Promise<Uint8Array> {
    try {
      const data = openStored(this.crypto, cipherId(contentKey(info.id).subarray(1)), packed, info, space);
      if (!(data instanceof Promise)) return data;
      return data.catch((cause: unknown) => {
        throw damaged(info, cause);
      });
    } catch (cause) {
      throw damaged(info, cause);
    }
  }

  /** Hashes a plaintext again and compares with its ID: what decryption alone does not prove. */
  matches(id: string, plain: Uint8Array): boolean {
    return equalBytes(this.crypto.hasher.hash(plain), contentKey(id).subarray(1));
  }
}

/** Whether a content goes to `q` packs. */
export function isMetadata(id: string): boolean {
  return contentPrefix(id) !== '';
}

function loadOptions(options: ContentStoreOptions) {
  return { ...options, sleep: (ms: number) => options.clock.sleep(ms) };
}
