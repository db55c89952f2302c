// ChaCha20 (RFC 8439 section 2.4), four blocks of 64 bytes at a time, one a lane.

import { CIPHER_BLOCK, CIPHER_KEY, CIPHER_NONCE } from '../map';

@inline
function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b);
}

@inline
function rotl16(x: v128): v128 {
  return v128.shuffle<i16>(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
}

/** rotl(x ^ y, n) for the other rotations. */
@inline
function turn(x: v128, y: v128, n: i32): v128 {
  const z = v128.xor(x, y);
  return v128.or(i32x4.shl(z, n), i32x4.shr_u(z, 32 - n));
}

@inline
function keyWord(i: usize): v128 {
  return v128.load_splat<u32>(CIPHER_KEY + (i << 2));
}

/** XORs four words of the key stream of all four blocks, words `at`/4.. of each, into the text. */
@inline
function apply(source: usize, target: usize, at: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  applyOne(source + at, target + at, v128.shuffle<i64>(ab, cd, 0, 2));
  applyOne(source + at + 64, target + at + 64, v128.shuffle<i64>(ab, cd, 1, 3));
  applyOne(source + at + 128, target + at + 128, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
  applyOne(source + at + 192, target + at + 192, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
}

@inline
function applyOne(source: usize, target: usize, stream: v128): void {
  v128.store(target, v128.xor(v128.load(source), stream));
}

/** Whole groups of 256 bytes, from `source` to `target`, which may be the same. */
function cryptGroups(source: usize, target: usize, groups: usize, counter: u32): void {
  let c12 = add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
  const s13 = v128.load_splat<u32>(CIPHER_NONCE);
  const s14 = v128.load_splat<u32>(CIPHER_NONCE, 4);
  const s15 = v128.load_splat<u32>(CIPHER_NONCE, 8);
  for (; groups > 0; groups--, source += 256, target += 256, c12 = add(c12, i32x4.splat(4))) {
    let v0 = i32x4.splat(0x61707865), v1 = i32x4.splat(0x3320646e);
    let v2 = i32x4.splat(0x79622d32), v3 = i32x4.splat(0x6b206574);
    let v4 = keyWord(0), v5 = keyWord(1), v6 = keyWord(2), v7 = keyWord(3);
    let v8 = keyWord(4), v9 = keyWord(5), v10 = keyWord(6), v11 = keyWord(7);
    let v12 = c12, v13 = s13, v14 = s14, v15 = s15;
    for (let round = 0; round < 10; round++) {
      // Columns.
      v0 = add(v0, v4); v1 = add(v1, v5); v2 = add(v2, v6); v3 = add(v3, v7);
      v12 = rotl16(v128.xor(v12, v0)); v13 = rotl16(v128.xor(v13, v1));
      v14 = rotl16(v128.xor(v14, v2)); v15 = rotl16(v128.xor(v15, v3));
      v8 = add(v8, v12); v9 = add(v9, v13); v10 = add(v10, v14); v11 = add(v11, v15);
      v4 = turn(v4, v8, 12); v5 = turn(v5, v9, 12); v6 = turn(v6, v10, 12); v7 = turn(v7, v11, 12);
      v0 = add(v0, v4); v1 = add(v1, v5); v2 = add(v2, v6); v3 = add(v3, v7);
      v12 = turn(v12, v0, 8); v13 = turn(v13, v1, 8); v14 = turn(v14, v2, 8); v15 = turn(v15, v3, 8);
      v8 = add(v8, v12); v9 = add(v9, v13); v10 = add(v10, v14); v11 = add(v11, v15);
      v4 = turn(v4, v8, 7); v5 = turn(v5, v9, 7); v6 = turn(v6, v10, 7); v7 = turn(v7, v11, 7);
      // Diagonals.
      v0 = add(v0, v5); v1 = add(v1, v6); v2 = add(v2, v7); v3 = add(v3, v4);
      v15 = rotl16(v128.xor(v15, v0)); v12 = rotl16(v128.xor(v12, v1));
      v13 = rotl16(v128.xor(v13, v2)); v14 = rotl16(v128.xor(v14, v3));
      v10 = add(v10, v15); v11 = add(v11, v12); v8 = add(v8, v13); v9 = add(v9, v14);
      v5 = turn(v5, v10, 12); v6 = turn(v6, v11, 12); v7 = turn(v7, v8, 12); v4 = turn(v4, v9, 12);
      v0 = add(v0, v5); v1 = add(v1, v6); v2 = add(v2, v7); v3 = add(v3, v4);
      v15 = turn(v15, v0, 8); v12 = turn(v12, v1, 8); v13 = turn(v13, v2, 8); v14 = turn(v14, v3, 8);
      v10 = add(v10, v15); v11 = add(v11, v12); v8 = add(v8, v13); v9 = add(v9, v14);
      v5 = turn(v5, v10, 7); v6 = turn(v6, v11, 7); v7 = turn(v7, v8, 7); v4 = turn(v4, v9, 7);
    }
    v0 = add(v0, i32x4.splat(0x61707865)); v1 = add(v1, i32x4.splat(0x3320646e));
    v2 = add(v2, i32x4.splat(0x79622d32)); v3 = add(v3, i32x4.splat(0x6b206574));
    apply(source, target, 0, v0, v1, v2, v3);
    apply(source, target, 16, add(v4, keyWord(0)), add(v5, keyWord(1)), add(v6, keyWord(2)), add(v7, keyWord(3)));
    apply(source, target, 32, add(v8, keyWord(4)), add(v9, keyWord(5)), add(v10, keyWord(6)), add(v11, keyWord(7)));
    apply(source, target, 48, add(v12, c12), add(v13, s13), add(v14, s14), add(v15, s15));
  }
}

/** Encrypts or decrypts from `source` to `target`, which may be the same; `counter` numbers the first 64 bytes. */
export function chacha20(source: usize, target: usize, length: usize, counter: u32): void {
  const groups = length >> 8;
  cryptGroups(source, target, groups, counter);
  const rest = length & 255;
  if (rest == 0) return;
  const done = groups << 8;
  memory.fill(CIPHER_BLOCK, 0, 256);
  memory.copy(CIPHER_BLOCK, source + done, rest);
  cryptGroups(CIPHER_BLOCK, CIPHER_BLOCK, 1, counter + ((<u32>groups) << 2));
  memory.copy(target + done, CIPHER_BLOCK, rest);
}
