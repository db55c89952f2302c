// Buzhash over a window of 64 bytes (Kopia's DYNAMIC-*-BUZHASH): H = XOR of rotl(T[byte i], 63 - i).
//
// The window is exactly the last 64 bytes, so a position can be tested from any starting point, and 16 of them are
// tested for one step of the hash. In the frame k_l = rotr(h_(n+l), l) the hashes after position n are h_n XOR partial
// sums of rotr(d_m, m), d = T[in] ^ T[out]. Four positions fill a vector: the sums over four bytes come from four tables
// whose entry for byte m is already spread over the lanes m..4, one vector load a byte; what leaves the window is the sum
// made 64 bytes earlier, kept in a ring. Sums over 8, 12 and 16 bytes add the fourth lane of the one before. Only one XOR
// and one shuffle then lie between a hash and the hash 16 bytes later.

import { BUZHASH_RING, BUZHASH_TABLE, BUZHASH_WIDE } from '../map';

/** Spreads the host's byte table over the four wide ones. */
export function buzhashInit(): void {
  for (let place: usize = 0; place < 4; place++) {
    for (let byte: usize = 0; byte < 256; byte++) {
      const value = load<u32>(byte << 2, BUZHASH_TABLE);
      const entry = BUZHASH_WIDE + (place << 12) + (byte << 4);
      for (let lane: usize = 0; lane < 4; lane++)
        store<u32>(entry + (lane << 2), lane >= place ? rotr<u32>(value, <u32>place + 1) : 0);
    }
  }
}

@inline
function table(p: usize): u32 {
  return load<u32>((<usize>load<u8>(p)) << 2, BUZHASH_TABLE);
}

/** Hash of the 64 bytes before `p`. */
function windowBefore(p: usize): u32 {
  let h: u32 = 0;
  for (let q = p - 64; q < p; q++) h = rotl<u32>(h, 1) ^ table(q);
  return h;
}

/** One position at a time: the tail of a range, and the exact place of a hit. */
function scanSlowly(p: usize, end: usize, mask: u32): usize {
  let h = windowBefore(p);
  for (; p < end; p++) {
    h = rotl<u32>(h, 1) ^ table(p - 64) ^ table(p);
    if ((h & mask) == 0) return p;
  }
  return end;
}

/** What four bytes add to the hashes of their four positions. */
@inline
function spread(bytes: u32): v128 {
  return v128.xor(
    v128.xor(v128.load((bytes << 4) & 0xff0, BUZHASH_WIDE), v128.load((bytes >> 4) & 0xff0, BUZHASH_WIDE + 0x1000)),
    v128.xor(
      v128.load((bytes >> 12) & 0xff0, BUZHASH_WIDE + 0x2000),
      v128.load((bytes >> 20) & 0xff0, BUZHASH_WIDE + 0x3000),
    ),
  );
}

/** `spread` without what it was 64 bytes ago, which stands in the ring and is replaced. */
@inline
function change(bytes: u32, ring: usize): v128 {
  const x = spread(bytes);
  const d = v128.xor(x, v128.load(ring, BUZHASH_RING));
  v128.store(ring, x, BUZHASH_RING);
  return d;
}

@inline
function turn(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
}

@inline
function turn8(x: v128): v128 {
  return v128.shuffle<i8>(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
}

@inline
function fourth(k: v128): v128 {
  return v128.shuffle<i32>(k, k, 3, 3, 3, 3);
}

/** The mask in the frames of four positions, `n` bytes on. */
function masks(mask: u32, n: i32): v128 {
  return i32x4(rotr<u32>(mask, n + 1), rotr<u32>(mask, n + 2), rotr<u32>(mask, n + 3), rotr<u32>(mask, n + 4));
}

/** Takes positions where a hash has no bit of the mask in as zeros. */
@inline
function test(lowest: v128, h: v128, d: v128, mask: v128): v128 {
  return i32x4.min_u(lowest, v128.and(v128.xor(h, d), mask));
}

/**
 * Address of the first byte in [p, end) after which the hash has no bit of `mask`, else `end`.
 * The 64 bytes before `p` must be there.
 */
export function buzhashScan(p: usize, end: usize, mask: u32): usize {
  const mask0 = masks(mask, 0), mask1 = masks(mask, 4), mask2 = masks(mask, 8), mask3 = masks(mask, 12);
  for (let i: usize = 0; i < 64; i += 4) v128.store(i << 2, spread(load<u32>(p - 64 + i)), BUZHASH_RING);

  let h = i32x4.splat(windowBefore(p));
  while (p + 64 <= end) {
    let lowest = i32x4.splat(-1);
    for (let ring: usize = 0; ring < 256; ring += 64, p += 16) {
      const a = load<u64>(p), b = load<u64>(p, 8);
      const d0 = change(<u32>a, ring);
      const d1 = v128.xor(turn(change(<u32>(a >> 32), ring + 16), 4), fourth(d0));
      const d2 = v128.xor(turn8(change(<u32>b, ring + 32)), fourth(d1));
      const d3 = v128.xor(turn(change(<u32>(b >> 32), ring + 48), 12), fourth(d2));
      lowest = test(lowest, h, d0, mask0);
      lowest = test(lowest, h, d1, mask1);
      lowest = test(lowest, h, d2, mask2);
      lowest = test(lowest, h, d3, mask3);
      // The hash after 16 bytes, back in the plain frame: lane 3 turned by 16 bits, in all lanes.
      const k = v128.xor(h, d3);
      h = v128.shuffle<i16>(k, k, 7, 6, 7, 6, 7, 6, 7, 6);
    }
    if (!i32x4.all_true(lowest)) return scanSlowly(p - 64, p, mask);
  }
  return scanSlowly(p, end, mask);
}
