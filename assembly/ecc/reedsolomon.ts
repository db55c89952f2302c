// Reed-Solomon over GF(2^8) as Kopia lays it out (repository-format section 6). A product by a constant is two table
// look-ups, one a nibble: 16 bytes at once by a swizzle each. Two parity rows share each load of data.
//
// The nibble tables of row r and column d lie at tables + (r * data + d) * 32: 16 bytes for low nibbles, 16 for high.

import { ECC_PARITY, ECC_PARITY_RECORDS, ECC_PLAIN, ECC_RECORDS } from '../codecs-map';
import { checkRecords, writeRecords } from './records';

/** Distance of parity shards in ECC_PARITY: rows are computed 32 bytes at a time, whatever the shard's length. */
@inline
function strideOf(shard: usize): usize {
  return (shard + 31) & ~31;
}

/** Two rows of products of the block at `plain` with the tables `t0` and `t1`. Up to 31 bytes beyond it are read. */
function twoRows(plain: usize, data: u32, shard: usize, t0: usize, t1: usize, out0: usize, out1: usize): void {
  const mask = i8x16.splat(15);
  for (let at: usize = 0; at < shard; at += 32) {
    let a0 = i8x16.splat(0);
    let a1 = a0;
    let b0 = a0;
    let b1 = a0;
    let p = plain + at;
    let ta = t0;
    let tb = t1;
    for (let d: u32 = 0; d < data; d++) {
      const x = v128.load(p);
      const y = v128.load(p, 16);
      const xl = v128.and(x, mask);
      const xh = v128.and(i16x8.shr_u(x, 4), mask);
      const yl = v128.and(y, mask);
      const yh = v128.and(i16x8.shr_u(y, 4), mask);
      const al = v128.load(ta);
      const ah = v128.load(ta, 16);
      const bl = v128.load(tb);
      const bh = v128.load(tb, 16);
      a0 = v128.xor(a0, v128.xor(i8x16.swizzle(al, xl), i8x16.swizzle(ah, xh)));
      a1 = v128.xor(a1, v128.xor(i8x16.swizzle(al, yl), i8x16.swizzle(ah, yh)));
      b0 = v128.xor(b0, v128.xor(i8x16.swizzle(bl, xl), i8x16.swizzle(bh, xh)));
      b1 = v128.xor(b1, v128.xor(i8x16.swizzle(bl, yl), i8x16.swizzle(bh, yh)));
      p += shard;
      ta += 32;
      tb += 32;
    }
    v128.store(out0 + at, a0);
    v128.store(out0 + at, a1, 16);
    v128.store(out1 + at, b0);
    v128.store(out1 + at, b1, 16);
  }
}

/** Parity shards of the block at `plain`, to ECC_PARITY. */
function parityOf(plain: usize, data: u32, parity: u32, shard: usize, tables: usize): void {
  const stride = strideOf(shard);
  const rowTables = <usize>data << 5;
  let row: u32 = 0;
  let out: usize = ECC_PARITY;
  for (; row < parity; row += 2) {
    // an odd last row is computed twice
    const both: usize = row + 1 < parity ? 1 : 0;
    twoRows(plain, data, shard, tables, tables + rowTables * both, out, out + stride * both);
    tables += rowTables << 1;
    out += stride << 1;
  }
}

/** Parity shards of the one block in ECC_PLAIN, joined without gaps in ECC_PARITY_RECORDS. */
export function eccParity(data: u32, parity: u32, shard: usize, tables: usize): void {
  parityOf(ECC_PLAIN, data, parity, shard, tables);
  const stride = strideOf(shard);
  for (let row: usize = 0; row < <usize>parity; row++)
    memory.copy(ECC_PARITY_RECORDS + row * shard, ECC_PARITY + row * stride, shard);
}

/** Encodes the blocks in ECC_PLAIN: their data records go to ECC_RECORDS, their parity records to ECC_PARITY_RECORDS. */
export function eccEncode(blocks: u32, data: u32, parity: u32, shard: usize, tables: usize): void {
  const stride = strideOf(shard);
  let plain: usize = ECC_PLAIN;
  let records: usize = ECC_RECORDS;
  let parityRecords: usize = ECC_PARITY_RECORDS;
  for (; blocks > 0; blocks--) {
    parityOf(plain, data, parity, shard, tables);
    parityRecords = writeRecords(ECC_PARITY, stride, parity, shard, parityRecords);
    records = writeRecords(plain, shard, data, shard, records);
    plain += <usize>data * shard;
  }
}

/** Copies the shards of the records in ECC_RECORDS to ECC_PLAIN. Returns how many are bad; their flags are in ECC_PARITY. */
export function eccCheck(count: u32, shard: usize): u32 {
  return checkRecords(ECC_RECORDS, count, shard, ECC_PLAIN, ECC_PARITY);
}
