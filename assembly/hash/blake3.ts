// BLAKE3, keyed or plain. State: key (32 bytes), flags (u32 at 32), whole blocks of 256 KiB hashed before (u32 at 36).
//
// Chunks of 1024 bytes are hashed four at a time, then their parents four at a time. A block of 256 KiB is a whole
// subtree as long as bytes follow, so that 8 KiB of chaining values and a stack of subtrees are enough for any length.

import { BLAKE3_STACK, BLAKE3_VALUES, DIGEST, LANES, LAST, STATE } from '../map';
import { gatherWords, mixFour, mixOne } from './mix32';

const CHUNK: usize = 1024;
const BLOCK: usize = 256 * CHUNK;
const FLAGS: usize = 32;
const BLOCKS: usize = 36;

const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
const ROOT: u32 = 8;

// prettier-ignore
/** Order of message words in the 7 rounds: the permutation of the specification's table 2, applied over and over. */
const SCHEDULE: usize = memory.data<u8>([
   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,
   2,  6,  3, 10,  7,  0,  4, 13,  1, 11, 12,  5,  9, 14, 15,  8,
   3,  4, 10, 12, 13,  2,  7, 14,  6,  5,  9,  0, 11, 15,  8,  1,
  10,  7, 12,  9, 14,  3, 13, 15,  4,  0, 11,  2,  5,  8,  1,  6,
  12, 13,  9, 11, 15, 10, 14,  8,  7,  2,  5,  3,  0,  1,  6,  4,
   9, 14, 11,  5,  8, 12, 15,  1, 13,  3,  0, 10,  2,  6,  4,  7,
  11, 15,  5,  0,  1,  9,  8,  6, 14, 10,  2, 12,  3,  4,  7, 13,
]);
const SCHEDULE_END: usize = SCHEDULE + 7 * 16;

@inline
function compress(h: usize, p: usize, counter: u32, length: usize, flags: u32, out: usize): void {
  mixOne(h, p, counter, 0, <u32>length, flags, 0, SCHEDULE, SCHEDULE_END, out);
}

/**
 * Hashes four messages of `blocks` x 64 bytes, `stride` apart, to four chaining values at `out`.
 * Their counters are `counter` + 0..3 times `step`.
 */
function hashFour(
  p: usize,
  stride: usize,
  blocks: i32,
  counter: u32,
  step: u32,
  flags: u32,
  first: u32,
  last: u32,
  out: usize,
): void {
  for (let i: usize = 0; i < 8; i++) v128.store(i << 4, v128.load_splat<u32>(STATE + (i << 2)), LANES);
  const counters = i32x4.add(i32x4.splat(counter), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(step)));
  const q = p + stride, r = q + stride, s = r + stride;
  for (let at: usize = 0; blocks > 0; blocks--, at += 64) {
    gatherWords(p + at, q + at, r + at, s + at);
    const all = flags | (at == 0 ? first : 0) | (blocks == 1 ? last : 0);
    const zero = i32x4.splat(0);
    mixFour(counters, zero, i32x4.splat(64), i32x4.splat(all), zero, SCHEDULE, SCHEDULE_END);
  }
  for (let half: usize = 0; half < 32; half += 16) {
    const a = v128.load(half << 2, LANES), b = v128.load(half << 2, LANES + 16);
    const c = v128.load(half << 2, LANES + 32), d = v128.load(half << 2, LANES + 48);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(out + half, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(out + half, v128.shuffle<i64>(ab, cd, 1, 3), 32);
    v128.store(out + half, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 64);
    v128.store(out + half, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 96);
  }
}

/** Hashes one chunk of 0..1024 bytes; `root` is ROOT when it is all there is. */
function hashChunk(p: usize, length: usize, counter: u32, root: u32, out: usize): void {
  let h = STATE;
  let flags = load<u32>(STATE, FLAGS) | CHUNK_START;
  for (; length > 64; length -= 64, p += 64) {
    compress(h, p, counter, 64, flags, out);
    h = out;
    flags = load<u32>(STATE, FLAGS);
  }
  memory.fill(LAST, 0, 64);
  memory.copy(LAST, p, length);
  compress(h, LAST, counter, length, flags | CHUNK_END | root, out);
}

/** Chaining values of all chunks of a piece of at most one block; returns their number. */
function hashChunks(p: usize, length: usize): usize {
  const flags = load<u32>(STATE, FLAGS);
  const counter = load<u32>(STATE, BLOCKS) << 8;
  const count = (length + CHUNK - 1) / CHUNK;
  const whole = length / CHUNK;
  let i: usize = 0;
  for (; i + 4 <= whole; i += 4) {
    const out = BLAKE3_VALUES + (i << 5);
    hashFour(p + i * CHUNK, CHUNK, 16, counter + <u32>i, 1, flags, CHUNK_START, CHUNK_END, out);
  }
  for (; i < count; i++)
    hashChunk(p + i * CHUNK, min(CHUNK, length - i * CHUNK), counter + <u32>i, 0, BLAKE3_VALUES + (i << 5));
  return count;
}

/** Compresses the two chaining values at `pair`. */
function hashParent(pair: usize, root: u32, out: usize): void {
  compress(STATE, pair, 0, 64, load<u32>(STATE, FLAGS) | PARENT | root, out);
}

/** Replaces chaining values by their parents until at most `target` are left; returns their number. */
function reduce(count: usize, target: usize): usize {
  const flags = load<u32>(STATE, FLAGS) | PARENT;
  while (count > target) {
    const pairs = count >> 1;
    let i: usize = 0;
    for (; i + 4 <= pairs; i += 4)
      hashFour(BLAKE3_VALUES + (i << 6), 64, 1, 0, 0, flags, 0, 0, BLAKE3_VALUES + (i << 5));
    for (; i < pairs; i++) hashParent(BLAKE3_VALUES + (i << 6), 0, BLAKE3_VALUES + (i << 5));
    if (count & 1) memory.copy(BLAKE3_VALUES + (pairs << 5), BLAKE3_VALUES + ((count - 1) << 5), 32);
    count = pairs + (count & 1);
  }
  return count;
}

/** Number of subtrees on the stack: one for each bit set in the number of blocks. */
@inline
function depth(blocks: u32): usize {
  return popcnt<u32>(blocks);
}

/** Hashes whole blocks of 256 KiB; more bytes must follow. */
export function blake3Update(p: usize, length: usize): void {
  for (; length >= BLOCK; length -= BLOCK, p += BLOCK) {
    reduce(hashChunks(p, BLOCK), 1);
    let blocks = load<u32>(STATE, BLOCKS);
    let top = BLAKE3_STACK + (depth(blocks) << 5);
    memory.copy(top, BLAKE3_VALUES, 32);
    store<u32>(STATE, blocks + 1, BLOCKS);
    for (; blocks & 1; blocks >>= 1) {
      top -= 32;
      hashParent(top, 0, top);
    }
  }
}

/** Hashes the rest, at least one byte unless there is none at all, and leaves 32 bytes at DIGEST. */
export function blake3Finish(p: usize, length: usize): void {
  const whole: usize = length == 0 ? 0 : (length - 1) / BLOCK;
  blake3Update(p, whole * BLOCK);
  p += whole * BLOCK;
  length -= whole * BLOCK;
  const blocks = load<u32>(STATE, BLOCKS);
  if (blocks == 0 && length <= CHUNK) {
    hashChunk(p, length, 0, ROOT, DIGEST);
    return;
  }
  if (reduce(hashChunks(p, length), 2) == 2) hashParent(BLAKE3_VALUES, blocks == 0 ? ROOT : 0, BLAKE3_VALUES);
  for (let level = depth(blocks); level > 0; level--) {
    memory.copy(BLAKE3_STACK + (level << 5), BLAKE3_VALUES, 32);
    hashParent(BLAKE3_STACK + ((level - 1) << 5), level == 1 ? ROOT : 0, BLAKE3_VALUES);
  }
  memory.copy(DIGEST, BLAKE3_VALUES, 32);
}
