// The mixing that BLAKE2s and BLAKE3 share: a 4 x 4 matrix of 32-bit words, rotations 16, 12, 8, 7. They differ in the
// number of rounds, the order of message words, and in whether the old chaining value enters the new one.

import { LANES, WORDS } from '../map';

export const IV0: u32 = 0x6a09e667;
export const IV1: u32 = 0xbb67ae85;
export const IV2: u32 = 0x3c6ef372;
export const IV3: u32 = 0xa54ff53a;
export const IV4: u32 = 0x510e527f;
export const IV5: u32 = 0x9b05688c;
export const IV6: u32 = 0x1f83d9ab;
export const IV7: u32 = 0x5be0cd19;

@inline
function word(p: usize, i: usize): u32 {
  return load<u32>(p + (i << 2));
}

/**
 * Compresses one block at `p` with the chaining value at `h` into `out`. v12..v15 are the last row; `keep` is all ones
 * where the old chaining value enters the new one, else zero; `order` and `end` bound the schedule, 16 bytes a round.
 */
export function mixOne(
  h: usize, p: usize, v12: u32, v13: u32, v14: u32, v15: u32, keep: u32, order: usize, end: usize, out: usize,
): void {
  let v0 = load<u32>(h), v1 = load<u32>(h, 4), v2 = load<u32>(h, 8), v3 = load<u32>(h, 12);
  let v4 = load<u32>(h, 16), v5 = load<u32>(h, 20), v6 = load<u32>(h, 24), v7 = load<u32>(h, 28);
  let v8 = IV0, v9 = IV1, v10 = IV2, v11 = IV3;
  for (; order < end; order += 16) {
    // Columns.
    v0 += word(p, load<u8>(order, 0)) + v4; v1 += word(p, load<u8>(order, 2)) + v5;
    v2 += word(p, load<u8>(order, 4)) + v6; v3 += word(p, load<u8>(order, 6)) + v7;
    v12 = rotr<u32>(v12 ^ v0, 16); v13 = rotr<u32>(v13 ^ v1, 16);
    v14 = rotr<u32>(v14 ^ v2, 16); v15 = rotr<u32>(v15 ^ v3, 16);
    v8 += v12; v9 += v13; v10 += v14; v11 += v15;
    v4 = rotr<u32>(v4 ^ v8, 12); v5 = rotr<u32>(v5 ^ v9, 12);
    v6 = rotr<u32>(v6 ^ v10, 12); v7 = rotr<u32>(v7 ^ v11, 12);
    v0 += word(p, load<u8>(order, 1)) + v4; v1 += word(p, load<u8>(order, 3)) + v5;
    v2 += word(p, load<u8>(order, 5)) + v6; v3 += word(p, load<u8>(order, 7)) + v7;
    v12 = rotr<u32>(v12 ^ v0, 8); v13 = rotr<u32>(v13 ^ v1, 8);
    v14 = rotr<u32>(v14 ^ v2, 8); v15 = rotr<u32>(v15 ^ v3, 8);
    v8 += v12; v9 += v13; v10 += v14; v11 += v15;
    v4 = rotr<u32>(v4 ^ v8, 7); v5 = rotr<u32>(v5 ^ v9, 7);
    v6 = rotr<u32>(v6 ^ v10, 7); v7 = rotr<u32>(v7 ^ v11, 7);
    // Diagonals.
    v0 += word(p, load<u8>(order, 8)) + v5; v1 += word(p, load<u8>(order, 10)) + v6;
    v2 += word(p, load<u8>(order, 12)) + v7; v3 += word(p, load<u8>(order, 14)) + v4;
    v15 = rotr<u32>(v15 ^ v0, 16); v12 = rotr<u32>(v12 ^ v1, 16);
    v13 = rotr<u32>(v13 ^ v2, 16); v14 = rotr<u32>(v14 ^ v3, 16);
    v10 += v15; v11 += v12; v8 += v13; v9 += v14;
    v5 = rotr<u32>(v5 ^ v10, 12); v6 = rotr<u32>(v6 ^ v11, 12);
    v7 = rotr<u32>(v7 ^ v8, 12); v4 = rotr<u32>(v4 ^ v9, 12);
    v0 += word(p, load<u8>(order, 9)) + v5; v1 += word(p, load<u8>(order, 11)) + v6;
    v2 += word(p, load<u8>(order, 13)) + v7; v3 += word(p, load<u8>(order, 15)) + v4;
    v15 = rotr<u32>(v15 ^ v0, 8); v12 = rotr<u32>(v12 ^ v1, 8);
    v13 = rotr<u32>(v13 ^ v2, 8); v14 = rotr<u32>(v14 ^ v3, 8);
    v10 += v15; v11 += v12; v8 += v13; v9 += v14;
    v5 = rotr<u32>(v5 ^ v10, 7); v6 = rotr<u32>(v6 ^ v11, 7);
    v7 = rotr<u32>(v7 ^ v8, 7); v4 = rotr<u32>(v4 ^ v9, 7);
  }
  gain(h, out, 0, keep, v0 ^ v8); gain(h, out, 4, keep, v1 ^ v9);
  gain(h, out, 8, keep, v2 ^ v10); gain(h, out, 12, keep, v3 ^ v11);
  gain(h, out, 16, keep, v4 ^ v12); gain(h, out, 20, keep, v5 ^ v13);
  gain(h, out, 24, keep, v6 ^ v14); gain(h, out, 28, keep, v7 ^ v15);
}

@inline
function gain(h: usize, out: usize, at: usize, keep: u32, value: u32): void {
  store<u32>(out + at, (load<u32>(h + at) & keep) ^ value);
}

/** Loads a block of each of four lanes and leaves word i of all of them at WORDS + 16 i. */
export function gatherWords(p: usize, q: usize, r: usize, s: usize): void {
  for (let i: usize = 0; i < 64; i += 16) {
    const a = v128.load(p + i), b = v128.load(q + i), c = v128.load(r + i), d = v128.load(s + i);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(i << 2, v128.shuffle<i64>(ab, cd, 0, 2), WORDS);
    v128.store(i << 2, v128.shuffle<i64>(ab, cd, 1, 3), WORDS + 16);
    v128.store(i << 2, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), WORDS + 32);
    v128.store(i << 2, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), WORDS + 48);
  }
}

@inline
function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b);
}

@inline
function xor(a: v128, b: v128): v128 {
  return v128.xor(a, b);
}

@inline
function rotr16(x: v128): v128 {
  return v128.shuffle<i16>(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
}

@inline
function rotr12(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 12), i32x4.shl(x, 20));
}

@inline
function rotr8(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 8), i32x4.shl(x, 24));
}

@inline
function rotr7(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
}

@inline
function words(i: usize): v128 {
  return v128.load(i << 4, WORDS);
}

@inline
function feed(at: usize, x: v128, y: v128, keep: v128): void {
  v128.store(at, xor(v128.and(v128.load(at, LANES), keep), xor(x, y)), LANES);
}

/** As `mixOne`, over four lanes: chaining values at LANES, word by word, message at WORDS. */
export function mixFour(v12: v128, v13: v128, v14: v128, v15: v128, keep: v128, order: usize, end: usize): void {
  let v0 = v128.load(LANES), v1 = v128.load(LANES, 16), v2 = v128.load(LANES, 32), v3 = v128.load(LANES, 48);
  let v4 = v128.load(LANES, 64), v5 = v128.load(LANES, 80), v6 = v128.load(LANES, 96), v7 = v128.load(LANES, 112);
  let v8 = i32x4.splat(IV0), v9 = i32x4.splat(IV1), v10 = i32x4.splat(IV2), v11 = i32x4.splat(IV3);
  for (; order < end; order += 16) {
    // Columns.
    v0 = add(add(v0, words(load<u8>(order, 0))), v4); v1 = add(add(v1, words(load<u8>(order, 2))), v5);
    v2 = add(add(v2, words(load<u8>(order, 4))), v6); v3 = add(add(v3, words(load<u8>(order, 6))), v7);
    v12 = rotr16(xor(v12, v0)); v13 = rotr16(xor(v13, v1)); v14 = rotr16(xor(v14, v2)); v15 = rotr16(xor(v15, v3));
    v8 = add(v8, v12); v9 = add(v9, v13); v10 = add(v10, v14); v11 = add(v11, v15);
    v4 = rotr12(xor(v4, v8)); v5 = rotr12(xor(v5, v9)); v6 = rotr12(xor(v6, v10)); v7 = rotr12(xor(v7, v11));
    v0 = add(add(v0, words(load<u8>(order, 1))), v4); v1 = add(add(v1, words(load<u8>(order, 3))), v5);
    v2 = add(add(v2, words(load<u8>(order, 5))), v6); v3 = add(add(v3, words(load<u8>(order, 7))), v7);
    v12 = rotr8(xor(v12, v0)); v13 = rotr8(xor(v13, v1)); v14 = rotr8(xor(v14, v2)); v15 = rotr8(xor(v15, v3));
    v8 = add(v8, v12); v9 = add(v9, v13); v10 = add(v10, v14); v11 = add(v11, v15);
    v4 = rotr7(xor(v4, v8)); v5 = rotr7(xor(v5, v9)); v6 = rotr7(xor(v6, v10)); v7 = rotr7(xor(v7, v11));
    // Diagonals.
    v0 = add(add(v0, words(load<u8>(order, 8))), v5); v1 = add(add(v1, words(load<u8>(order, 10))), v6);
    v2 = add(add(v2, words(load<u8>(order, 12))), v7); v3 = add(add(v3, words(load<u8>(order, 14))), v4);
    v15 = rotr16(xor(v15, v0)); v12 = rotr16(xor(v12, v1)); v13 = rotr16(xor(v13, v2)); v14 = rotr16(xor(v14, v3));
    v10 = add(v10, v15); v11 = add(v11, v12); v8 = add(v8, v13); v9 = add(v9, v14);
    v5 = rotr12(xor(v5, v10)); v6 = rotr12(xor(v6, v11)); v7 = rotr12(xor(v7, v8)); v4 = rotr12(xor(v4, v9));
    v0 = add(add(v0, words(load<u8>(order, 9))), v5); v1 = add(add(v1, words(load<u8>(order, 11))), v6);
    v2 = add(add(v2, words(load<u8>(order, 13))), v7); v3 = add(add(v3, words(load<u8>(order, 15))), v4);
    v15 = rotr8(xor(v15, v0)); v12 = rotr8(xor(v12, v1)); v13 = rotr8(xor(v13, v2)); v14 = rotr8(xor(v14, v3));
    v10 = add(v10, v15); v11 = add(v11, v12); v8 = add(v8, v13); v9 = add(v9, v14);
    v5 = rotr7(xor(v5, v10)); v6 = rotr7(xor(v6, v11)); v7 = rotr7(xor(v7, v8)); v4 = rotr7(xor(v4, v9));
  }
  feed(0, v0, v8, keep); feed(16, v1, v9, keep); feed(32, v2, v10, keep); feed(48, v3, v11, keep);
  feed(64, v4, v12, keep); feed(80, v5, v13, keep); feed(96, v6, v14, keep); feed(112, v7, v15, keep);
}
