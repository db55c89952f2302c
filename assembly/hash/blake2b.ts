// BLAKE2b (RFC 7693). State: 8 words, then the number of bytes hashed (u64 at 64). The host writes both, the key block
// already compressed into the words, so that a key costs nothing per hash.
//
// One content is hashed with scalars: rows of vectors are a tenth faster on some processors and half as fast on others.
// Two contents at once, one a lane, are faster everywhere than the dependency chain of one can be.

import { DIGEST, DIGESTS, JOBS, LANES, LAST, STATE, WORDS } from '../map';

const BLOCK: usize = 128;

// prettier-ignore
/** Order of message words in the 12 rounds (RFC 7693 section 2.7; rounds 10 and 11 repeat 0 and 1). */
const SIGMA: usize = memory.data<u8>([
   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,
  14, 10,  4,  8,  9, 15, 13,  6,  1, 12,  0,  2, 11,  7,  5,  3,
  11,  8, 12,  0,  5,  2, 15, 13, 10, 14,  3,  6,  7,  1,  9,  4,
   7,  9,  3,  1, 13, 12, 11, 14,  2,  6,  5, 10,  4,  0, 15,  8,
   9,  0,  5,  7,  2,  4, 10, 15, 14,  1, 11, 12,  6,  8,  3, 13,
   2, 12,  6, 10,  0, 11,  8,  3,  4, 13,  7,  5, 15, 14,  1,  9,
  12,  5,  1, 15, 14, 13,  4, 10,  0,  7,  6,  3,  9,  2,  8, 11,
  13, 11,  7, 14, 12,  1,  3,  9,  5,  0, 15,  4,  8,  6,  2, 10,
   6, 15, 14,  9, 11,  3,  0,  8, 12,  2, 13,  7,  1,  4, 10,  5,
  10,  2,  8,  4,  7,  6,  1,  5, 15, 11,  9, 14,  3, 12, 13,  0,
   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,
  14, 10,  4,  8,  9, 15, 13,  6,  1, 12,  0,  2, 11,  7,  5,  3,
]);

const IV0: u64 = 0x6a09e667f3bcc908;
const IV1: u64 = 0xbb67ae8584caa73b;
const IV2: u64 = 0x3c6ef372fe94f82b;
const IV3: u64 = 0xa54ff53a5f1d36f1;
const IV4: u64 = 0x510e527fade682d1;
const IV5: u64 = 0x9b05688c2b3e6c1f;
const IV6: u64 = 0x1f83d9abfb41bd6b;
const IV7: u64 = 0x5be0cd19137e2179;

@inline
function word(p: usize, i: usize): u64 {
  return load<u64>(p + (i << 3));
}

/**
 * Compresses `count` blocks at `p` into the words at `h`. `total` counts the bytes up to the end of the first of them;
 * `last` is all ones for the very last block, else zero.
 */
function compress(h: usize, p: usize, count: usize, total: u64, last: u64): void {
  for (; count > 0; count--, p += BLOCK, total += BLOCK) {
    let v0 = load<u64>(h), v1 = load<u64>(h, 8), v2 = load<u64>(h, 16), v3 = load<u64>(h, 24);
    let v4 = load<u64>(h, 32), v5 = load<u64>(h, 40), v6 = load<u64>(h, 48), v7 = load<u64>(h, 56);
    let v8 = IV0, v9 = IV1, v10 = IV2, v11 = IV3, v12 = IV4 ^ total, v13 = IV5, v14 = IV6 ^ last, v15 = IV7;
    for (let order = SIGMA; order < SIGMA + 192; order += 16) {
      // Columns.
      v0 += word(p, load<u8>(order, 0)) + v4; v1 += word(p, load<u8>(order, 2)) + v5;
      v2 += word(p, load<u8>(order, 4)) + v6; v3 += word(p, load<u8>(order, 6)) + v7;
      v12 = rotr<u64>(v12 ^ v0, 32); v13 = rotr<u64>(v13 ^ v1, 32);
      v14 = rotr<u64>(v14 ^ v2, 32); v15 = rotr<u64>(v15 ^ v3, 32);
      v8 += v12; v9 += v13; v10 += v14; v11 += v15;
      v4 = rotr<u64>(v4 ^ v8, 24); v5 = rotr<u64>(v5 ^ v9, 24);
      v6 = rotr<u64>(v6 ^ v10, 24); v7 = rotr<u64>(v7 ^ v11, 24);
      v0 += word(p, load<u8>(order, 1)) + v4; v1 += word(p, load<u8>(order, 3)) + v5;
      v2 += word(p, load<u8>(order, 5)) + v6; v3 += word(p, load<u8>(order, 7)) + v7;
      v12 = rotr<u64>(v12 ^ v0, 16); v13 = rotr<u64>(v13 ^ v1, 16);
      v14 = rotr<u64>(v14 ^ v2, 16); v15 = rotr<u64>(v15 ^ v3, 16);
      v8 += v12; v9 += v13; v10 += v14; v11 += v15;
      v4 = rotr<u64>(v4 ^ v8, 63); v5 = rotr<u64>(v5 ^ v9, 63);
      v6 = rotr<u64>(v6 ^ v10, 63); v7 = rotr<u64>(v7 ^ v11, 63);
      // Diagonals.
      v0 += word(p, load<u8>(order, 8)) + v5; v1 += word(p, load<u8>(order, 10)) + v6;
      v2 += word(p, load<u8>(order, 12)) + v7; v3 += word(p, load<u8>(order, 14)) + v4;
      v15 = rotr<u64>(v15 ^ v0, 32); v12 = rotr<u64>(v12 ^ v1, 32);
      v13 = rotr<u64>(v13 ^ v2, 32); v14 = rotr<u64>(v14 ^ v3, 32);
      v10 += v15; v11 += v12; v8 += v13; v9 += v14;
      v5 = rotr<u64>(v5 ^ v10, 24); v6 = rotr<u64>(v6 ^ v11, 24);
      v7 = rotr<u64>(v7 ^ v8, 24); v4 = rotr<u64>(v4 ^ v9, 24);
      v0 += word(p, load<u8>(order, 9)) + v5; v1 += word(p, load<u8>(order, 11)) + v6;
      v2 += word(p, load<u8>(order, 13)) + v7; v3 += word(p, load<u8>(order, 15)) + v4;
      v15 = rotr<u64>(v15 ^ v0, 16); v12 = rotr<u64>(v12 ^ v1, 16);
      v13 = rotr<u64>(v13 ^ v2, 16); v14 = rotr<u64>(v14 ^ v3, 16);
      v10 += v15; v11 += v12; v8 += v13; v9 += v14;
      v5 = rotr<u64>(v5 ^ v10, 63); v6 = rotr<u64>(v6 ^ v11, 63);
      v7 = rotr<u64>(v7 ^ v8, 63); v4 = rotr<u64>(v4 ^ v9, 63);
    }
    gain(h, 0, v0 ^ v8); gain(h, 8, v1 ^ v9); gain(h, 16, v2 ^ v10); gain(h, 24, v3 ^ v11);
    gain(h, 32, v4 ^ v12); gain(h, 40, v5 ^ v13); gain(h, 48, v6 ^ v14); gain(h, 56, v7 ^ v15);
  }
}

@inline
function gain(h: usize, at: usize, value: u64): void {
  store<u64>(h + at, load<u64>(h + at) ^ value);
}

/** Copies the last 0..128 bytes to `to` and fills up with zeros. */
function pad(to: usize, p: usize, length: usize): void {
  memory.fill(to, 0, BLOCK);
  memory.copy(to, p, length);
}

/** Hashes whole blocks; more bytes must follow. */
export function blake2bUpdate(p: usize, length: usize): void {
  const total = load<u64>(STATE, 64);
  compress(STATE, p, length / BLOCK, total + BLOCK, 0);
  store<u64>(STATE, total + length, 64);
}

/** Hashes the rest, at least one byte unless there is none at all, and leaves 64 bytes at DIGEST. */
export function blake2bFinish(p: usize, length: usize): void {
  finishOne(STATE, p, length, load<u64>(STATE, 64));
  memory.copy(DIGEST, STATE, 64);
}

function finishOne(h: usize, p: usize, length: usize, before: u64): void {
  const whole = (max<usize>(length, 1) - 1) / BLOCK;
  compress(h, p, whole, before + BLOCK, 0);
  pad(LAST, p + whole * BLOCK, length - whole * BLOCK);
  compress(h, LAST, 1, before + length, -1);
}

@inline
function add(a: v128, b: v128): v128 {
  return i64x2.add(a, b);
}

@inline
function xor(a: v128, b: v128): v128 {
  return v128.xor(a, b);
}

@inline
function rotr32(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 1, 0, 3, 2);
}

@inline
function rotr24(x: v128): v128 {
  return v128.or(i64x2.shr_u(x, 24), i64x2.shl(x, 40));
}

@inline
function rotr16(x: v128): v128 {
  return v128.shuffle<i16>(x, x, 1, 2, 3, 0, 5, 6, 7, 4);
}

@inline
function rotr63(x: v128): v128 {
  return v128.or(i64x2.shr_u(x, 63), i64x2.add(x, x));
}

@inline
function words(i: usize): v128 {
  return v128.load(i << 4, WORDS);
}

/** As `compress`, over two lanes at once; chaining values at LANES, word by word. */
function compressPair(p: usize, q: usize, count: usize, totals: v128, last: v128): void {
  for (; count > 0; count--, p += BLOCK, q += BLOCK, totals = add(totals, i64x2.splat(BLOCK))) {
    for (let i: usize = 0; i < BLOCK; i += 16) {
      const x = v128.load(p + i), y = v128.load(q + i);
      v128.store(i << 1, v128.shuffle<i64>(x, y, 0, 2), WORDS);
      v128.store(i << 1, v128.shuffle<i64>(x, y, 1, 3), WORDS + 16);
    }
    let v0 = v128.load(LANES), v1 = v128.load(LANES, 16), v2 = v128.load(LANES, 32), v3 = v128.load(LANES, 48);
    let v4 = v128.load(LANES, 64), v5 = v128.load(LANES, 80), v6 = v128.load(LANES, 96), v7 = v128.load(LANES, 112);
    let v8 = i64x2.splat(IV0), v9 = i64x2.splat(IV1), v10 = i64x2.splat(IV2), v11 = i64x2.splat(IV3);
    let v12 = xor(i64x2.splat(IV4), totals), v13 = i64x2.splat(IV5);
    let v14 = xor(i64x2.splat(IV6), last), v15 = i64x2.splat(IV7);
    for (let order = SIGMA; order < SIGMA + 192; order += 16) {
      // Columns.
      v0 = add(add(v0, words(load<u8>(order, 0))), v4); v1 = add(add(v1, words(load<u8>(order, 2))), v5);
      v2 = add(add(v2, words(load<u8>(order, 4))), v6); v3 = add(add(v3, words(load<u8>(order, 6))), v7);
      v12 = rotr32(xor(v12, v0)); v13 = rotr32(xor(v13, v1)); v14 = rotr32(xor(v14, v2)); v15 = rotr32(xor(v15, v3));
      v8 = add(v8, v12); v9 = add(v9, v13); v10 = add(v10, v14); v11 = add(v11, v15);
      v4 = rotr24(xor(v4, v8)); v5 = rotr24(xor(v5, v9)); v6 = rotr24(xor(v6, v10)); v7 = rotr24(xor(v7, v11));
      v0 = add(add(v0, words(load<u8>(order, 1))), v4); v1 = add(add(v1, words(load<u8>(order, 3))), v5);
      v2 = add(add(v2, words(load<u8>(order, 5))), v6); v3 = add(add(v3, words(load<u8>(order, 7))), v7);
      v12 = rotr16(xor(v12, v0)); v13 = rotr16(xor(v13, v1)); v14 = rotr16(xor(v14, v2)); v15 = rotr16(xor(v15, v3));
      v8 = add(v8, v12); v9 = add(v9, v13); v10 = add(v10, v14); v11 = add(v11, v15);
      v4 = rotr63(xor(v4, v8)); v5 = rotr63(xor(v5, v9)); v6 = rotr63(xor(v6, v10)); v7 = rotr63(xor(v7, v11));
      // Diagonals.
      v0 = add(add(v0, words(load<u8>(order, 8))), v5); v1 = add(add(v1, words(load<u8>(order, 10))), v6);
      v2 = add(add(v2, words(load<u8>(order, 12))), v7); v3 = add(add(v3, words(load<u8>(order, 14))), v4);
      v15 = rotr32(xor(v15, v0)); v12 = rotr32(xor(v12, v1)); v13 = rotr32(xor(v13, v2)); v14 = rotr32(xor(v14, v3));
      v10 = add(v10, v15); v11 = add(v11, v12); v8 = add(v8, v13); v9 = add(v9, v14);
      v5 = rotr24(xor(v5, v10)); v6 = rotr24(xor(v6, v11)); v7 = rotr24(xor(v7, v8)); v4 = rotr24(xor(v4, v9));
      v0 = add(add(v0, words(load<u8>(order, 9))), v5); v1 = add(add(v1, words(load<u8>(order, 11))), v6);
      v2 = add(add(v2, words(load<u8>(order, 13))), v7); v3 = add(add(v3, words(load<u8>(order, 15))), v4);
      v15 = rotr16(xor(v15, v0)); v12 = rotr16(xor(v12, v1)); v13 = rotr16(xor(v13, v2)); v14 = rotr16(xor(v14, v3));
      v10 = add(v10, v15); v11 = add(v11, v12); v8 = add(v8, v13); v9 = add(v9, v14);
      v5 = rotr63(xor(v5, v10)); v6 = rotr63(xor(v6, v11)); v7 = rotr63(xor(v7, v8)); v4 = rotr63(xor(v4, v9));
    }
    feed(0, v0, v8); feed(16, v1, v9); feed(32, v2, v10); feed(48, v3, v11);
    feed(64, v4, v12); feed(80, v5, v13); feed(96, v6, v14); feed(112, v7, v15);
  }
}

@inline
function feed(at: usize, x: v128, y: v128): void {
  v128.store(at, xor(v128.load(at, LANES), xor(x, y)), LANES);
}

/** Puts the starting state into a lane. */
function startLane(lane: usize): void {
  for (let i: usize = 0; i < 8; i++) store<u64>((i << 4) + (lane << 3), load<u64>(i << 3, STATE), LANES);
}

function takeLane(lane: usize, to: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) store<u64>(to + (i << 3), load<u64>((i << 4) + (lane << 3), LANES));
}

/** Hashes `count` contents of at least one byte each, described at JOBS; leaves 32 bytes of each at DIGESTS. */
export function blake2bMany(count: usize): void {
  const start = load<u64>(STATE, 64);
  let next: usize = 2;
  // Lane 0: job i, at p, n bytes left; lane 1: job j, at q, m bytes left.
  let i: usize = 0, p: usize = load<u32>(JOBS), n: usize = load<u32>(JOBS, 4), before = start;
  let j: usize = 1, q: usize = load<u32>(JOBS, 8), m: usize = load<u32>(JOBS, 12), beforeSecond = start;
  startLane(0);
  startLane(1);
  while (i < count && j < count) {
    const whole = min((n - 1) / BLOCK, (m - 1) / BLOCK);
    if (whole > 0) {
      compressPair(p, q, whole, i64x2(before + BLOCK, beforeSecond + BLOCK), i64x2.splat(0));
      const bytes = whole * BLOCK;
      p += bytes; n -= bytes; before += bytes;
      q += bytes; m -= bytes; beforeSecond += bytes;
      continue;
    }
    // At least one lane is at its last block.
    const ends = n <= BLOCK, endsSecond = m <= BLOCK;
    const bytes = ends ? n : BLOCK, bytesSecond = endsSecond ? m : BLOCK;
    if (ends) pad(LAST, p, n);
    if (endsSecond) pad(LAST + BLOCK, q, m);
    compressPair(
      ends ? LAST : p,
      endsSecond ? LAST + BLOCK : q,
      1,
      i64x2(before + bytes, beforeSecond + bytesSecond),
      i64x2(ends ? -1 : 0, endsSecond ? -1 : 0),
    );
    p += bytes; n -= bytes; before += bytes;
    q += bytesSecond; m -= bytesSecond; beforeSecond += bytesSecond;
    if (ends) {
      takeLane(0, DIGESTS + (i << 5), 4);
      i = next++;
      p = load<u32>(i << 3, JOBS); n = load<u32>(i << 3, JOBS + 4); before = start;
      startLane(0);
    }
    if (endsSecond) {
      takeLane(1, DIGESTS + (j << 5), 4);
      j = next++;
      q = load<u32>(j << 3, JOBS); m = load<u32>(j << 3, JOBS + 4); beforeSecond = start;
      startLane(1);
    }
  }
  if (i < count) finishLane(0, i, p, n, before);
  if (j < count) finishLane(1, j, q, m, beforeSecond);
}

/** The one content that is left goes on alone. */
function finishLane(lane: usize, job: usize, p: usize, length: usize, before: u64): void {
  takeLane(lane, DIGEST, 8);
  finishOne(DIGEST, p, length, before);
  memory.copy(DIGESTS + (job << 5), DIGEST, 32);
}
