/** What passes between the owner of storage and the stages, in one thread or between two. */

/** A file, or a part of one, to be read. */
export interface FileTask {
  path: string;
  offset: number;
  /** Bytes to read at most; undefined reads to the end. */
  length?: number;
  splitter: string;
  /** Header ID, 0 for none. */
  compression: number;
  /** The range is one chunk whose borders are known; it is not cut again. */
  whole?: boolean;
  /** Size in the listing: a short read that reaches it is taken for the end of the file. */
  size?: number;
}

/** One chunk of a file in order. */
export interface PieceChunk {
  /** Object ID: the content's, with `Z` before it when the payload was compressed at object level. */
  id: string;
  /** Bytes of the file that it holds. */
  length: number;
}

export interface FilePiece {
  /** Bytes really read. */
  length: number;
  chunks: PieceChunk[];
}

/** Where a stage puts sealed contents. */
export interface StageOutput {
  /** Room for the next sealed content; valid until `emit`. */
  space(length: number): Uint8Array;
  /** The first `sealedLength` bytes of the space are a sealed content. */
  emit(hash: Uint8Array, originalLength: number, compression: number, sealedLength: number): void;
}

/** Sealed contents of one buffer, back to back from its start, in order. */
export interface SealedBatch {
  buffer: ArrayBuffer;
  /** Hashes of the plaintexts, one after the other. */
  hashes: Uint8Array;
  /** Three numbers a content: sealed length, original length, compression. */
  numbers: Uint32Array;
}

export interface FileFailure {
  message: string;
  /** The system's name, `ENOENT` and the like, if there is one. */
  system?: string;
  /** The failure is not the file's: the run must end. */
  fatal: boolean;
  /** A CairnError's code and hint, kept over the thread border. */
  code?: string;
  hint?: string;
}

/**
 * Files to be read, in columns: an object a file would cost as much to send as to hash. `batch.ts` writes and reads it.
 */
export interface FileBatch {
  /** Paths, with a NUL between two. */
  paths: string;
  /** Six numbers a file: offset, length or -1, size or -1, compression, number of its splitter, 1 when it is whole. */
  numbers: Float64Array;
  splitters: string[];
}

/** What became of a batch, in its order. */
export interface BatchResult {
  /** Two numbers a file: bytes read or -1 when it failed, chunks. */
  files: Float64Array;
  /** Bytes of each chunk; below zero when its payload was compressed at object level. */
  lengths: Float64Array;
  /** Hashes of the chunks, one after the other. */
  hashes: Uint8Array;
  /** Of the files that failed, in order. */
  failures: FileFailure[];
}

export interface CutResult {
  lengths: number[];
  end: boolean;
}

/** What a worker is given once, at its start. Everything in it can be cloned or shared between threads. */
export interface StageSetup {
  /** `parametersToJson` of the repository: algorithms and keys. */
  parameters: string;
  index: { keys: Uint8Array; words: Uint32Array; keySize: number; fanout: Uint32Array };
  claims: ClaimsShare[];
  /** One 32-bit word; not zero when the run was stopped. */
  stop: Int32Array;
  /** Bytes of sealed contents that may be on their way to the storage before the worker waits. */
  room: number;
  /** No buffer with less than half of it used is sent. */
  dense: boolean;
}

/** A table of contents claimed in this run (claims.ts). */
export interface ClaimsShare {
  hashSize: number;
  slots: number;
  states: Int32Array;
  hashes: Uint8Array;
  count: Int32Array;
}

/** Owner to worker. */
export type StageRequest =
  | { kind: 'start'; setup: StageSetup }
  | { kind: 'files'; job: number; batch: FileBatch }
  | { kind: 'cuts'; job: number; task: FileTask }
  | { kind: 'claims'; claims: ClaimsShare }
  | { kind: 'buffer'; buffer: ArrayBuffer };

/** Worker to owner. The sealed batches of a job come before its results. */
export type StageResponse =
  | { kind: 'ready' }
  | { kind: 'failed'; failure: FileFailure }
  | { kind: 'sealed'; batch: SealedBatch }
  | { kind: 'files'; job: number; result: BatchResult }
  | { kind: 'cuts'; job: number; result: CutResult | { failure: FileFailure } };
