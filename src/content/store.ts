import type { BlobMetadata, BlobStorage } from '../blob/storage.ts';
import { equalBytes } from '../bytes/gather.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { decompress, openBytes, type ContentCrypto } from './crypto.ts';
import { cipherId, contentKey, contentPrefix } from './id.ts';
import { loadIndex, type IndexBlobCache, type LoadedIndex } from './index/load.ts';
import type { MergedIndex } from './index/merged.ts';
import { packError } from './pack-error.ts';
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
    await readRanges(
      this.storage,
      ids,
      (id) => this.require(id),
      (info, packed, into) => this.openContent(info, packed, into),
      each,
      options,
    );
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

  /**
   * Decrypts, in `into` where that is given, and decompresses; what comes out has the length that the index tells. A plain
   * value where neither has to wait.
   */
  openContent(info: ContentInfo, packed: Uint8Array, into?: Uint8Array): Uint8Array | Promise<Uint8Array> {
    try {
      const plain = openBytes(this.crypto, cipherId(contentKey(info.id).subarray(1)), packed, into);
      if (!(plain instanceof Promise) && info.compression === 0) return checkLength(info, plain);
      return this.#inflate(info, plain).catch((cause: unknown) => {
        throw damaged(info, cause);
      });
    } catch (cause) {
      throw damaged(info, cause);
    }
  }

  async #inflate(info: ContentInfo, opened: Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    const plain = await opened;
    const { compression, originalLength } = info;
    const data = compression === 0 ? plain : await decompress(this.crypto, plain, originalLength, compression);
    return checkLength(info, data);
  }

  /** Hashes a plaintext again and compares with its ID: what decryption alone does not prove. */
  matches(id: string, plain: Uint8Array): boolean {
    return equalBytes(this.crypto.hasher.hash(plain), contentKey(id).subarray(1));
  }
}

function checkLength({ originalLength }: ContentInfo, data: Uint8Array): Uint8Array {
  if (data.length !== originalLength)
    throw new CairnError('corrupt', `it has ${data.length} bytes, the index says ${originalLength}`);
  return data;
}

/** Says which content, and where it is stored. */
function damaged(
  { id, packBlob: pack, packOffset: offset, packedLength: length }: ContentInfo,
  cause: unknown,
): unknown {
  if (!isCairnError(cause)) return cause;
  return new CairnError(
    cause.code,
    `content ${id} is damaged (${pack}, offset ${offset}, length ${length}): ${cause.message}`,
    { cause, data: { id, pack, offset, length } },
  );
}

/** Whether a content goes to `q` packs. */
export function isMetadata(id: string): boolean {
  return contentPrefix(id) !== '';
}

function loadOptions(options: ContentStoreOptions) {
  return { ...options, sleep: (ms: number) => options.clock.sleep(ms) };
}
