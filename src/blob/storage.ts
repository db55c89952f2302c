import type { Gather } from '../bytes/gather.ts';
import type { JsonObject } from '../bytes/json.ts';

/**
 * The storage contract (spec/storage-and-maintenance.md section 1): a flat set of named blobs. Every provider passes
 * test/conformance/; everything else is a wrapper around it. Names are case-sensitive ASCII.
 *
 * Guarantees: a put is atomic (the whole blob or nothing, old or new), durable when it resolves, and seen by every
 * later get and list of the same process. Errors are CairnErrors: `blob-not-found`, `invalid-range`, `read-only`,
 * `blob-exists`, `unsupported`, `invalid-credentials`, `no-space`, `unreachable`, `io`.
 */
export interface BlobMetadata {
  id: string;
  length: number;
  /** Time of the last write as the storage sees it, nanoseconds since 1970. */
  timestamp: bigint;
}

export interface BlobRange {
  offset: number;
  length: number;
  /** Where a provider may put the bytes, to spare a fresh buffer; at least `length` long. */
  into?: Uint8Array;
}

export interface BlobRetention {
  mode: string;
  /** Nanoseconds. */
  period: bigint;
}

export interface PutOptions {
  retention?: BlobRetention;
  /** Fails with `blob-exists` when the name is taken; `unsupported` where the provider cannot tell atomically. */
  doNotRecreate?: boolean;
  /** Timestamp to store instead of now; `unsupported` where the provider cannot. */
  modifiedTime?: bigint;
}

/** A blob that is written piece by piece under a temporary name and appears only by `commit`. */
export interface BlobAppender {
  append(data: Gather): Promise<void>;
  commit(options?: PutOptions): Promise<BlobMetadata>;
  abort(): Promise<void>;
}

export interface ConnectionInfo {
  /** Kopia's type string: `filesystem`, `s3`, ... */
  type: string;
  config: JsonObject;
}

export interface BlobStorage {
  /** Text for people: `Filesystem: /path`. */
  readonly displayName: string;
  readonly readOnly: boolean;
  /** Whole blob, or exactly `[offset, offset + length)`; a range that does not fit is `invalid-range`, length 0 is empty. */
  get(id: string, range?: BlobRange): Promise<Uint8Array>;
  stat(id: string): Promise<BlobMetadata>;
  /** Every blob whose name starts with `prefix`, once, in no particular order. */
  list(prefix: string): AsyncIterable<BlobMetadata>;
  put(id: string, data: Gather, options?: PutOptions): Promise<BlobMetadata>;
  /** Present where a blob can grow on the provider's side before it gets its name. */
  begin?(id: string): Promise<BlobAppender>;
  /** Removing an absent blob is a success. */
  delete(id: string): Promise<void>;
  extendRetention?(id: string, retention: BlobRetention): Promise<void>;
  /** Undefined where the provider is not a volume. */
  capacity(): Promise<{ capacity: bigint; available: bigint } | undefined>;
  /** Forgets listings that were kept. */
  flushCaches(): Promise<void>;
  close(): Promise<void>;
  /** What the configuration file stores; secrets in clear. */
  connectionInfo(): ConnectionInfo;
}
