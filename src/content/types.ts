import type { Opener } from './sealed-range.ts';

/** One entry of the merged index (spec/repository-format.md section 9). */
export interface ContentInfo {
  id: string;
  packBlob: string;
  packOffset: number;
  /** Bytes stored in the pack, encryption included. */
  packedLength: number;
  /** Bytes of the plaintext. */
  originalLength: number;
  /** Compression header ID, 0 for none. */
  compression: number;
  formatVersion: number;
  /** Unix seconds. */
  timestamp: number;
  deleted: boolean;
}

/** What readers of objects, manifests and snapshots need of the content layer. */
export interface ContentReader {
  /** The newest entry, deleted ones included; undefined when there is none. */
  info(id: string): ContentInfo | undefined;
  /** Plaintext; `content-not-found` when no index names it, `corrupt` or `authentication-failed` when it is damaged. */
  read(id: string): Promise<Uint8Array>;
  /**
   * Reads many contents, neighbouring ranges of a pack merged into one request, with bounded bytes in flight.
   * `each` is called once per wanted content in any order, with an error instead of bytes where reading failed; a
   * promise it returns holds back further reading.
   */
  readMany(ids: Iterable<string>, each: EachContent, options?: ReadManyOptions): Promise<void>;
}

export type EachContent = (id: string, data: Uint8Array | Error) => void | Promise<void>;

export interface ReadManyOptions {
  /** The bytes are of no interest once `each` has returned, or its promise is settled: their memory is used again. */
  transient?: boolean;
  /** Opens transient contents in other threads, where there are many. */
  opener?: Opener;
}

/** What writers of objects and manifests need. */
export interface ContentWriter extends ContentReader {
  /** Stores a content unless it is known; returns its ID. `compression` is a header ID, 0 for none. */
  write(data: Uint8Array, prefix: string, compression: number): Promise<string>;
  /** Marks as deleted; safe only for contents that can never be made again (manifests) or under maintenance's rules. */
  delete(id: string): Promise<void>;
  /** Packs, then index blobs, then session markers: all that was written so far becomes visible. */
  flush(): Promise<void>;
}
