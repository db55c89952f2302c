// Buzhash over a window of 64 bytes (Kopia's DYNAMIC-*-BUZHASH): H = XOR of rotl(T[byte i], 63 - i).
//
// The window is exactly the last 64 bytes, so a position can be tested from any starting point. Four positions are
// tested at once. In the frame k_l = rotr(h_(n+l), l) the four hashes after position n are h_n XOR partial sums of
// rotr(d_m, m), d = T[in] ^ T[out]. The sums come from four tables whose entry for byte m of a group is already spread
// over the lanes m..4, one vector load a byte; what leaves the window is the sum made 64 bytes earlier, kept in a ring.

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

/** The hash after the last of four positions, in all lanes and the plain frame. */
@inline
function carry(k: v128): v128 {
  const last = v128.shuffle<i32>(k, k, 3, 3, 3, 3);
  return v128.or(i32x4.shl(last, 4), i32x4.shr_u(last, 28));
}

/**
 * Address of the first byte in [p, end) after which the low bits of `mask` are zero, else `end`.
 * The 64 bytes before `p` must be there.
 */
export function buzhashScan(p: usize, end: usize, mask: u32): usize {
  const masks = i32x4(rotr<u32>(mask, 1), rotr<u32>(mask, 2), rotr<u32>(mask, 3), rotr<u32>(mask, 4));
  let h = i32x4.splat(windowBefore(p));
  for (let i: usize = 0; i < 64; i += 4) v128.store(BUZHASH_RING + (i << 2), spread(load<u32>(p - 64 + i)));

  while (p + 64 <= end) {
    let lowest = i32x4.splat(-1);
    for (let ring: usize = 0; ring < 256; ring += 64, p += 16) {
      const a = load<u64>(p);
      const b = load<u64>(p, 8);

      const x0 = spread(<u32>a);
      const k0 = v128.xor(h, v128.xor(x0, v128.load(ring, BUZHASH_RING)));
      v128.store(ring, x0, BUZHASH_RING);
      lowest = i32x4.min_u(lowest, v128.and(k0, masks));
      h = carry(k0);

      const x1 = spread(<u32>(a >> 32));
      const k1 = v128.xor(h, v128.xor(x1, v128.load(ring, BUZHASH_RING + 16)));
      v128.store(ring, x1, BUZHASH_RING + 16);
      lowest = i32x4.min_u(lowest, v128.and(k1, masks));
      h = carry(k1);

      const x2 = spread(<u32>b);
      const k2 = v128.xor(h, v128.xor(x2, v128.load(ring, BUZHASH_RING + 32)));
      v128.store(ring, x2, BUZHASH_RING + 32);
      lowest = i32x4.min_u(lowest, v128.and(k2, masks));
      h = carry(k2);

      const x3 = spread(<u32>(b >> 32));
      const k3 = v128.xor(h, v128.xor(x3, v128.load(ring, BUZHASH_RING + 48)));
      v128.store(ring, x3, BUZHASH_RING + 48);
      lowest = i32x4.min_u(lowest, v128.and(k3, masks));
      h = carry(k3);
    }
    if (!i32x4.all_true(lowest)) return scanSlowly(p - 64, p, mask);
  }
  return scanSlowly(p, end, mask);
}
