import type { EccCode } from './ecc-geometry.ts';
import type { Matrix } from './ecc-field.ts';

/** A code with its parity rows, made once for a repository. */
export interface EccTables extends EccCode {
  readonly rows: Matrix;
  /** Where the kernel's nibble tables of these rows lie. */
  readonly address: number;
}

/**
 * The loops of error correction over one piece of data: some whole blocks, or some records (CRC and shard).
 * Views that a call returns are valid until the next call.
 */
export interface EccEngine {
  /** Longest data of one piece; a block of any code fits. */
  readonly capacity: number;
  /** Where to put the data to encode. */
  plain(length: number): Uint8Array;
  /** Where to put the records to check. */
  records(length: number): Uint8Array;
  /** Records of all data shards and of all parity shards of the blocks in `plain`. */
  encode(blocks: number, code: EccTables, shard: number): { data: Uint8Array; parity: Uint8Array };
  /** Shards of the records in `records`, and which of them do not match their CRC. */
  check(count: number, shard: number): { plain: Uint8Array; bad: number[] };
  /** Parity shards of the one block in `plain`, without CRCs. */
  parity(code: EccTables, shard: number): Uint8Array;
}
