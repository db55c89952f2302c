// BLAKE2s (RFC 7693). State: 8 words, then the number of bytes hashed (u64 at 32); the key block is compressed into the
// words by the host, so that a key costs nothing per hash. Up to four contents are hashed at once, one a lane.

import { DIGEST, DIGESTS, JOBS, LANES, LAST, STATE } from '../map';
import { gatherWords, IV4, IV5, IV6, IV7, mixFour, mixOne } from './mix32';

const BLOCK: usize = 64;

// prettier-ignore
/** Order of message words in the 10 rounds (RFC 7693 section 2.7). */
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
]);
const SIGMA_END: usize = SIGMA + 10 * 16;

/** As compress of blake2b.ts. */
function compress(h: usize, p: usize, count: usize, total: u64, last: u32): void {
  for (; count > 0; count--, p += BLOCK, total += BLOCK) {
    const low = IV4 ^ <u32>total, high = IV5 ^ <u32>(total >> 32);
    mixOne(h, p, low, high, IV6 ^ last, IV7, -1, SIGMA, SIGMA_END, h);
  }
}

function pad(to: usize, p: usize, length: usize): void {
  memory.fill(to, 0, BLOCK);
  memory.copy(to, p, length);
}

/** Hashes whole blocks; more bytes must follow. */
export function blake2sUpdate(p: usize, length: usize): void {
  const total = load<u64>(STATE, 32);
  compress(STATE, p, length / BLOCK, total + BLOCK, 0);
  store<u64>(STATE, total + length, 32);
}

/** Hashes the rest, at least one byte unless there is none at all, and leaves 32 bytes at DIGEST. */
export function blake2sFinish(p: usize, length: usize): void {
  finishOne(STATE, p, length, load<u64>(STATE, 32));
  memory.copy(DIGEST, STATE, 32);
}

function finishOne(h: usize, p: usize, length: usize, before: u64): void {
  const whole = (max<usize>(length, 1) - 1) / BLOCK;
  compress(h, p, whole, before + BLOCK, 0);
  pad(LAST, p + whole * BLOCK, length - whole * BLOCK);
  compress(h, LAST, 1, before + length, -1);
}

// What the lanes work on, four entries each. An idle lane hashes zeros that nobody asks for.
const NONE: u32 = 0xffffffff;
const JOB: usize = memory.data(16, 16);
const ADDRESS: usize = memory.data(16, 16);
const LEFT: usize = memory.data(16, 16); // bytes
const TOTAL: usize = memory.data(16, 16); // bytes up to the end of the next block; contents here are below 4 GiB
const ENDS: usize = memory.data(16, 16); // all ones where the next block is the last

function startLane(lane: usize, job: usize, count: usize): void {
  const at = lane << 2;
  const idle = job >= count;
  store<u32>(JOB + at, idle ? NONE : <u32>job);
  store<u32>(ADDRESS + at, idle ? <u32>LAST : load<u32>(job << 3, JOBS));
  store<u32>(LEFT + at, idle ? NONE : load<u32>(job << 3, JOBS + 4));
  store<u32>(TOTAL + at, load<u32>(STATE, 32));
  for (let i: usize = 0; i < 8; i++) store<u32>((i << 4) + at, load<u32>(i << 2, STATE), LANES);
}

function takeLane(lane: usize, to: usize): void {
  for (let i: usize = 0; i < 8; i++) store<u32>(to + (i << 2), load<u32>((i << 4) + (lane << 2), LANES));
}

/** One block of each lane, at the addresses, totals and marks in memory. */
function compressFour(): void {
  gatherWords(load<u32>(ADDRESS), load<u32>(ADDRESS, 4), load<u32>(ADDRESS, 8), load<u32>(ADDRESS, 12));
  const low = v128.xor(i32x4.splat(IV4), v128.load(TOTAL));
  const last = v128.xor(i32x4.splat(IV6), v128.load(ENDS));
  mixFour(low, i32x4.splat(IV5), last, i32x4.splat(IV7), i32x4.splat(-1), SIGMA, SIGMA_END);
}

/** Adds `bytes` to the four entries of a record. */
@inline
function advance(record: usize, bytes: v128): void {
  v128.store(record, i32x4.add(v128.load(record), bytes));
}

/** Hashes `count` contents of at least one byte each, described at JOBS; leaves 32 bytes of each at DIGESTS. */
export function blake2sMany(count: usize): void {
  let next: usize = 0;
  let active = min<usize>(count, 4);
  for (; next < 4; next++) startLane(next, next, count);
  while (active > 1) {
    const busy = i32x4.ne(v128.load(JOB), i32x4.splat(NONE));
    const step = v128.and(busy, i32x4.splat(<i32>BLOCK));
    let whole: u32 = NONE;
    for (let at: usize = 0; at < 16; at += 4) whole = min(whole, (load<u32>(LEFT + at) - 1) / <u32>BLOCK);
    v128.store(ENDS, i32x4.splat(0));
    for (let i = whole; i > 0; i--) {
      advance(TOTAL, i32x4.splat(<i32>BLOCK));
      compressFour();
      advance(ADDRESS, step);
    }
    advance(LEFT, i32x4.neg(v128.and(busy, i32x4.splat(whole * <u32>BLOCK))));

    // Now one lane at least is at its last block.
    for (let lane: usize = 0; lane < 4; lane++) {
      const at = lane << 2;
      const left = load<u32>(LEFT + at);
      const bytes = min(left, <u32>BLOCK);
      store<u32>(TOTAL + at, load<u32>(TOTAL + at) + bytes);
      if (left > <u32>BLOCK) continue;
      const padded = LAST + lane * BLOCK;
      pad(padded, load<u32>(ADDRESS + at), left);
      store<u32>(ADDRESS + at, <u32>padded);
      store<u32>(ENDS + at, -1);
    }
    compressFour();
    advance(ADDRESS, step);
    advance(LEFT, i32x4.neg(step));
    for (let lane: usize = 0; lane < 4; lane++) {
      if (load<u32>(ENDS + (lane << 2)) == 0) continue;
      takeLane(lane, DIGESTS + (<usize>load<u32>(JOB + (lane << 2)) << 5));
      if (next >= count) active--;
      startLane(lane, next++, count);
    }
  }
  // The one content that is left goes on alone.
  for (let lane: usize = 0; lane < 4; lane++) {
    const at = lane << 2;
    if (load<u32>(JOB + at) == NONE) continue;
    takeLane(lane, DIGEST);
    finishOne(DIGEST, load<u32>(ADDRESS + at), load<u32>(LEFT + at), load<u32>(TOTAL + at));
    memory.copy(DIGESTS + (<usize>load<u32>(JOB + at) << 5), DIGEST, 32);
  }
}
