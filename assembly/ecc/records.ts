// Records: CRC-32 (4 bytes, big-endian) and a shard. Two are worked on at a time, one in each lane of a vector: most of
// a shard is taken away by shifts (below), what is left by tables.

import { IEEE, crcStep1, crcStep16, usePolynomial } from '../crc';

/** CRCs that `copyPair` leaves. */
let crcA: u32 = 0;
let crcB: u32 = 0;

/** Bytes of a shard that tables must do after the shifts: five words and what fills whole steps. */
const TAIL: usize = 48;

/**
 * x^300 + x^155 + x^117 + x^89 + 1 is a multiple of the polynomial of CRC-32, so a word w may be taken out of a message
 * when it is added at the distances 145, 183, 211 and 300 bits after itself. First bits are the lowest ones here.
 * `fold2` to `fold5` are what this adds to the second to the fifth word after w.
 */
@inline
function fold2(w: v128): v128 {
  return v128.xor(i64x2.shl(w, 17), i64x2.shl(w, 55));
}

@inline
function fold3(w: v128): v128 {
  return v128.xor(v128.xor(i64x2.shr_u(w, 47), i64x2.shr_u(w, 9)), i64x2.shl(w, 19));
}

@inline
function fold4(w: v128): v128 {
  return v128.xor(i64x2.shr_u(w, 45), i64x2.shl(w, 44));
}

@inline
function fold5(w: v128): v128 {
  return i64x2.shr_u(w, 20);
}

/** Copies the shards at `p` and `p2` to `q` and `q2`; their CRCs go to `crcA` and `crcB`. */
function copyPair(p: usize, p2: usize, q: usize, q2: usize, shard: usize): void {
  const end = p + shard;
  let a: u32 = ~0;
  let b: u32 = ~0;
  if (shard >= TAIL + 16) {
    // what was added to the next words; the CRC's first value is added to the first
    let s0 = i64x2.splat(0xffffffff);
    let s1 = i64x2.splat(0);
    let s2 = s1;
    let s3 = s1;
    let s4 = s1;
    const fold = end - TAIL;
    for (; p + 16 <= fold; p += 16, q += 16, p2 += 16, q2 += 16) {
      const x = v128.load(p);
      const y = v128.load(p2);
      v128.store(q, x);
      v128.store(q2, y);
      const w = v128.xor(s0, v128.shuffle<u64>(x, y, 0, 2));
      const v = v128.xor(s1, v128.shuffle<u64>(x, y, 1, 3));
      s0 = v128.xor(s2, fold2(w));
      s1 = v128.xor(v128.xor(s3, fold3(w)), fold2(v));
      s2 = v128.xor(v128.xor(s4, fold4(w)), fold3(v));
      s3 = v128.xor(fold5(w), fold4(v));
      s4 = fold5(v);
    }
    a = crcStep16(0, load<u64>(p) ^ v128.extract_lane<u64>(s0, 0), load<u64>(p, 8) ^ v128.extract_lane<u64>(s1, 0));
    b = crcStep16(0, load<u64>(p2) ^ v128.extract_lane<u64>(s0, 1), load<u64>(p2, 8) ^ v128.extract_lane<u64>(s1, 1));
    copy16(p, q);
    copy16(p2, q2);
    p += 16, q += 16, p2 += 16, q2 += 16;
    a = crcStep16(a, load<u64>(p) ^ v128.extract_lane<u64>(s2, 0), load<u64>(p, 8) ^ v128.extract_lane<u64>(s3, 0));
    b = crcStep16(b, load<u64>(p2) ^ v128.extract_lane<u64>(s2, 1), load<u64>(p2, 8) ^ v128.extract_lane<u64>(s3, 1));
    copy16(p, q);
    copy16(p2, q2);
    p += 16, q += 16, p2 += 16, q2 += 16;
    a = crcStep16(a, load<u64>(p) ^ v128.extract_lane<u64>(s4, 0), load<u64>(p, 8));
    b = crcStep16(b, load<u64>(p2) ^ v128.extract_lane<u64>(s4, 1), load<u64>(p2, 8));
    copy16(p, q);
    copy16(p2, q2);
    p += 16, q += 16, p2 += 16, q2 += 16;
  }
  for (; p + 16 <= end; p += 16, q += 16, p2 += 16, q2 += 16) {
    a = crcStep16(a, load<u64>(p), load<u64>(p, 8));
    b = crcStep16(b, load<u64>(p2), load<u64>(p2, 8));
    copy16(p, q);
    copy16(p2, q2);
  }
  for (; p < end; p++, q++, p2++, q2++) {
    const x = <u32>load<u8>(p);
    const y = <u32>load<u8>(p2);
    a = crcStep1(a, x);
    b = crcStep1(b, y);
    store<u8>(q, x);
    store<u8>(q2, y);
  }
  crcA = ~a;
  crcB = ~b;
}

@inline
function copy16(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
}

/** Writes the records of `count` shards that lie `stride` apart; returns where they end. */
export function writeRecords(from: usize, stride: usize, count: u32, shard: usize, to: usize): usize {
  usePolynomial(IEEE);
  const record = shard + 4;
  for (; count >= 2; count -= 2) {
    const second = to + record;
    copyPair(from, from + stride, to + 4, second + 4, shard);
    store<u32>(to, bswap<u32>(crcA));
    store<u32>(second, bswap<u32>(crcB));
    from += stride << 1;
    to = second + record;
  }
  if (count != 0) {
    copyPair(from, from, to + 4, to + 4, shard);
    store<u32>(to, bswap<u32>(crcA));
    to += record;
  }
  return to;
}

/** Copies the shards of `count` records to `to`; sets a byte at `flags` for each that is bad, and returns their number. */
export function checkRecords(from: usize, count: u32, shard: usize, to: usize, flags: usize): u32 {
  usePolynomial(IEEE);
  const record = shard + 4;
  let bad: u32 = 0;
  for (; count >= 2; count -= 2) {
    const second = from + record;
    copyPair(from + 4, second + 4, to, to + shard, shard);
    const badA = <u32>(bswap<u32>(load<u32>(from)) != crcA);
    const badB = <u32>(bswap<u32>(load<u32>(second)) != crcB);
    store<u8>(flags, badA);
    store<u8>(flags, badB, 1);
    bad += badA + badB;
    flags += 2;
    from = second + record;
    to += shard << 1;
  }
  if (count != 0) {
    copyPair(from + 4, from + 4, to, to, shard);
    const wrong = <u32>(bswap<u32>(load<u32>(from)) != crcA);
    store<u8>(flags, wrong);
    bad += wrong;
  }
  return bad;
}
