// Records: CRC-32 (4 bytes, big-endian) and a shard. Two are worked on at a time, because one CRC waits for its own
// table look-ups most of the time.

import { IEEE, crcStep1, crcStep16, usePolynomial } from '../crc';

@inline
function copy16(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
}

/** Writes the records of `count` shards that lie `stride` apart; returns where they end. */
export function writeRecords(from: usize, stride: usize, count: u32, shard: usize, to: usize): usize {
  usePolynomial(IEEE);
  const record = shard + 4;
  for (; count >= 2; count -= 2) {
    let a: u32 = ~0;
    let b: u32 = ~0;
    let p = from;
    let q = to + 4;
    const end = from + shard;
    for (; p + 16 <= end; p += 16, q += 16) {
      const p2 = p + stride;
      a = crcStep16(a, load<u64>(p), load<u64>(p, 8));
      b = crcStep16(b, load<u64>(p2), load<u64>(p2, 8));
      copy16(p, q);
      copy16(p2, q + record);
    }
    for (; p < end; p++, q++) {
      const x = <u32>load<u8>(p);
      const y = <u32>load<u8>(p + stride);
      a = crcStep1(a, x);
      b = crcStep1(b, y);
      store<u8>(q, x);
      store<u8>(q + record, y);
    }
    store<u32>(to, bswap<u32>(~a));
    store<u32>(to + record, bswap<u32>(~b));
    from += stride << 1;
    to += record << 1;
  }
  if (count != 0) {
    store<u32>(to, bswap<u32>(copyShard(from, to + 4, shard)));
    to += record;
  }
  return to;
}

/** Copies one shard; returns its CRC. */
function copyShard(p: usize, q: usize, shard: usize): u32 {
  let crc: u32 = ~0;
  const end = p + shard;
  for (; p + 16 <= end; p += 16, q += 16) {
    crc = crcStep16(crc, load<u64>(p), load<u64>(p, 8));
    copy16(p, q);
  }
  for (; p < end; p++, q++) {
    const x = <u32>load<u8>(p);
    crc = crcStep1(crc, x);
    store<u8>(q, x);
  }
  return ~crc;
}

/** Copies the shards of `count` records to `to`; sets a byte at `flags` for each that is bad, and returns their number. */
export function checkRecords(from: usize, count: u32, shard: usize, to: usize, flags: usize): u32 {
  usePolynomial(IEEE);
  const record = shard + 4;
  let bad: u32 = 0;
  for (; count >= 2; count -= 2) {
    let a: u32 = ~0;
    let b: u32 = ~0;
    let p = from + 4;
    let q = to;
    const end = p + shard;
    for (; p + 16 <= end; p += 16, q += 16) {
      const p2 = p + record;
      a = crcStep16(a, load<u64>(p), load<u64>(p, 8));
      b = crcStep16(b, load<u64>(p2), load<u64>(p2, 8));
      copy16(p, q);
      copy16(p2, q + shard);
    }
    for (; p < end; p++, q++) {
      const x = <u32>load<u8>(p);
      const y = <u32>load<u8>(p + record);
      a = crcStep1(a, x);
      b = crcStep1(b, y);
      store<u8>(q, x);
      store<u8>(q + shard, y);
    }
    const badA = <u32>(bswap<u32>(load<u32>(from)) != ~a);
    const badB = <u32>(bswap<u32>(load<u32>(from + record)) != ~b);
    store<u8>(flags, badA);
    store<u8>(flags, badB, 1);
    bad += badA + badB;
    flags += 2;
    from += record << 1;
    to += shard << 1;
  }
  if (count != 0) {
    const wrong = <u32>(bswap<u32>(load<u32>(from)) != copyShard(from + 4, to, shard));
    store<u8>(flags, wrong);
    bad += wrong;
  }
  return bad;
}
