/** Faces of the hot paths. Each is filled by a kernel, by the runtime or by a library; all give the same bytes. */

/** Keyed content hash of a repository (spec/repository-format.md section 4). */
export interface Hasher {
  /** Digest length in bytes: 16, 28 or 32. */
  readonly size: number;
  /** Digest of `data` in a new array. */
  hash(data: Uint8Array): Uint8Array;
  /** Digest of data that already lies in the memory of the core kernel this hasher was made with. */
  hashAt?(address: number, length: number): Uint8Array;
  /** Digests, one after the other, of pieces of that memory, hashed side by side: faster where it is there. */
  hashManyAt?(pieces: readonly MemoryPiece[]): Uint8Array;
}

/** A piece of a kernel's memory. */
export interface MemoryPiece {
  address: number;
  length: number;
}

/** Finds chunk borders (spec/repository-format.md section 13.4). */
export interface Splitter {
  readonly minimum: number;
  readonly maximum: number;
  /** Begins a new object. */
  reset(): void;
  /**
   * Looks at the bytes of the current chunk in `data[0..length)`, of which `[0..seen)` were looked at before.
   * Returns the length of the chunk when it ends inside, else -1. After a cut the rest starts the next chunk.
   */
  scan(data: Uint8Array, seen: number, length: number): number;
  /** The same over the memory of the core kernel this splitter was made with; `address` is the chunk's start. */
  scanAt?(address: number, seen: number, length: number): number;
}

/** Content encryption: `nonce(12) || ciphertext || tag(16)`, key by HMAC of the id (spec section 5). */
export interface Cipher {
  /** Bytes added to the plaintext: 28. */
  readonly overhead: number;
  /** Writes the sealed bytes to the start of `out`; returns their length. */
  seal(id: Uint8Array, plain: Uint8Array, out: Uint8Array): number | Promise<number>;
  /**
   * Returns the plaintext, in a new array or `inPlace` of the sealed bytes, which are lost; throws `authentication-failed`
   * when they were altered.
   */
  open(id: Uint8Array, sealed: Uint8Array, inPlace?: boolean): Uint8Array | Promise<Uint8Array>;
}

/** One compressor name; streams carry no header ID here (spec section 7). */
export interface Compressor {
  readonly name: string;
  /** Header ID of section 7.1. */
  readonly id: number;
  /** Gives a new array, whose memory nothing else uses. */
  compress(data: Uint8Array): Uint8Array;
  /**
   * Never yields or allocates more than `limit` bytes; throws `corrupt` on bad input or more output. Gives a new array, or
   * the start of `into` where that is there: not every compressor uses it.
   */
  decompress(stream: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
}

/** Error correction around sealed bytes (spec section 6). */
export interface Ecc {
  /** Bytes that `encode` makes of so many. */
  encodedLength(length: number): number;
  /** Gives the stored bytes, at the start of `into` or in a new array. `into` must not share memory with `data`. */
  encode(data: Uint8Array, into?: Uint8Array): Uint8Array;
  /** Gives the original bytes and how many shards had to be rebuilt; throws `corrupt` when too many are bad. */
  decode(stored: Uint8Array): { data: Uint8Array; repaired: number };
}
