/** Where error correction puts what (spec/repository-format.md sections 6.1 and 6.2). Lengths are bytes. */

/** Bytes of the CRC before each shard, and of the length before the data. */
export const PREFIX = 4;

/** Numbers of data and of parity shards of one block. */
export interface EccCode {
  readonly data: number;
  readonly parity: number;
}

export interface EccGeometry {
  readonly code: EccCode;
  readonly shard: number;
  readonly blocks: number;
  /** Whether data shards that hold nothing but filling zeros are stored too. */
  readonly padded: boolean;
}

export interface EccParameters {
  readonly small: EccCode;
  readonly big: EccCode;
  readonly maximumShard: number;
}

/** For a space overhead of 1 to 100 percent. */
export function eccParameters(percent: number): EccParameters {
  const maximumShard = percent === 1 ? 1024 : percent === 2 ? 512 : percent === 3 ? 256 : percent <= 6 ? 128 : 64;
  const free = Math.max(0.01, percent - 400 / maximumShard);
  let data = 128;
  let parity = clamp(Math.floor((128 * free) / 100), 1, 128);
  if (parity === 1) {
    parity = 2;
    data = clamp(Math.floor((2 * 100) / free), 128, 254);
  }
  return { small: { data: 6, parity: 2 }, big: { data, parity }, maximumShard };
}

/** Geometry for data of this length. */
export function encodeGeometry({ small, big, maximumShard }: EccParameters, length: number): EccGeometry {
  const n = length + PREFIX;
  if (n <= 8 * (big.data + big.parity))
    return { code: small, shard: Math.ceil(n / small.data), blocks: 1, padded: true };
  if (n <= big.data * maximumShard) return { code: big, shard: Math.ceil(n / big.data), blocks: 1, padded: true };
  return { code: big, shard: maximumShard, blocks: Math.ceil(n / (big.data * maximumShard)), padded: false };
}

/** Bytes that are stored of so much data. */
export function encodedLength({ code, shard, blocks, padded }: EccGeometry, length: number): number {
  const record = PREFIX + shard;
  const n = PREFIX + length;
  const part = n % shard;
  const records = padded ? blocks * code.data : Math.floor(n / shard);
  return (blocks * code.parity + records) * record + (padded || part === 0 ? 0 : PREFIX + part);
}

/** Geometry of stored bytes of this length; finds the one they were encoded with. */
export function decodeGeometry({ small, big, maximumShard }: EccParameters, length: number): EccGeometry {
  const shards = big.data + big.parity;
  const smallest = PREFIX + 1;
  if (length <= 8 * (PREFIX + Math.ceil((8 * shards) / small.data)))
    return { code: small, shard: Math.max(Math.ceil(length / 8), smallest) - PREFIX, blocks: 1, padded: true };
  const whole = shards * (PREFIX + maximumShard);
  if (length <= whole)
    return { code: big, shard: Math.max(Math.ceil(length / shards), smallest) - PREFIX, blocks: 1, padded: true };
  return { code: big, shard: maximumShard, blocks: Math.ceil(length / whole), padded: false };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
