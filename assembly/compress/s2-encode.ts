// Encoder of one S2 block of up to 4 MiB (repository-format section 7.4): greedy, with two hash tables, one over 8 bytes
// for matches worth having and one over 4 bytes for the rest. Positions without a match are skipped the faster the
// longer none was found.

import { S2_LONG, S2_SHORT } from '../codecs-map';

const LONG_PRIME: u64 = 0xcf1bbcdcb7a56463;
const SHORT_PRIME: u32 = 0x9e3779b1;
/** Bytes at the end that are always literals, so that words can be read without looking. */
const TAIL: usize = 16;

let out: usize = 0;

function emitLiterals(from: usize, to: usize): void {
  const size = to - from;
  if (size == 0) return;
  const n = <u32>size - 1;
  if (n < 60) {
    store<u8>(out++, n << 2);
  } else {
    const extra: u32 = n < 0x100 ? 1 : n < 0x10000 ? 2 : n < 0x1000000 ? 3 : 4;
    store<u8>(out, (59 + extra) << 2);
    store<u32>(out, n, 1);
    out += 1 + extra;
  }
  if (size <= 64) {
    // the room after the output and the tail of the input allow whole vectors
    let to = out;
    for (let at: usize = 0; at < size; at += 16, to += 16) v128.store(to, v128.load(from + at));
  } else {
    memory.copy(out, from, size);
  }
  out += size;
}

/** `size` >= 4. */
function emitRepeat(size: usize): void {
  if (size <= 8) {
    store<u16>(out, <u16>((size - 4) << 2) | 1);
    out += 2;
  } else if (size < 8 + 256) {
    store<u16>(out, (5 << 2) | 1);
    store<u8>(out, size - 8, 2);
    out += 3;
  } else if (size < 260 + 65536) {
    store<u16>(out, (6 << 2) | 1);
    store<u16>(out, size - 260, 2);
    out += 4;
  } else {
    store<u16>(out, (7 << 2) | 1);
    store<u32>(out, size - 65540, 2);
    out += 5;
  }
}

/** `size` >= 4. What one element cannot hold is repeated. */
function emitCopy(offset: usize, size: usize): void {
  if (offset < 2048 && size < 12) {
    store<u8>(out, <u8>((offset >> 8) << 5) | <u8>((size - 4) << 2) | 1);
    store<u8>(out, offset, 1);
    out += 2;
    return;
  }
  if (offset < 2048 && size > 64) {
    store<u8>(out, <u8>((offset >> 8) << 5) | (4 << 2) | 1);
    store<u8>(out, offset, 1);
    out += 2;
    emitRepeat(size - 8);
    return;
  }
  const wide = offset > 0xffff;
  let first = size;
  if (size > 64) first = size < 68 ? 60 : 64;
  store<u8>(out, <u8>((first - 1) << 2) | (wide ? 3 : 2));
  store<u32>(out, <u32>offset, 1);
  out += wide ? 5 : 3;
  if (size > first) emitRepeat(size - first);
}

@inline
function longSlot(word: u64, shift: u64): usize {
  return S2_LONG + (<usize>((word * LONG_PRIME) >> shift) << 2);
}

@inline
function shortSlot(word: u64, shift: u32): usize {
  return S2_SHORT + (<usize>((<u32>word * SHORT_PRIME) >> shift) << 2);
}

@inline
function remember(src: usize, at: usize, longShift: u64, shortShift: u32): void {
  const word = load<u64>(at);
  store<u32>(longSlot(word, longShift), <u32>(at - src));
  store<u32>(shortSlot(word, shortShift), <u32>(at - src));
}

/** End of the match of the bytes at `a` and at `b` (a < b), which goes on at most to `end`. */
@inline
function extend(a: usize, b: usize, end: usize): usize {
  while (b + 8 <= end) {
    const different = load<u64>(a) ^ load<u64>(b);
    if (different != 0) return b + (<usize>ctz(different) >> 3);
    a += 8;
    b += 8;
  }
  while (b < end && load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return b;
}

/**
 * Encodes `length` bytes at `src` to `dst`, which has room for length + length / 32 + 64 bytes. `patience` tells how long
 * to look where nothing is found (6: quick, 8: better). Returns the length of the block, or 0 when it would save less
 * than a thirty-second.
 */
export function s2Encode(src: usize, length: usize, dst: usize, patience: u32): usize {
  if (length < TAIL * 2) return 0;
  const better = patience > 6;
  const size = 32 - <u32>clz<u32>(<u32>length);
  const longBits = <u64>min<u32>(size, 17);
  const shortBits = min<u32>(size, better ? 16 : 14);
  memory.fill(S2_LONG, 0, <usize>4 << <usize>longBits);
  memory.fill(S2_SHORT, 0, <usize>4 << <usize>shortBits);
  const longShift = 64 - longBits;
  const shortShift = 32 - shortBits;
  const end = src + length;
  const stop = end - TAIL;
  const outStop = dst + length - (length >> 5);

  out = dst;
  let n = <u32>length;
  for (; n >= 128; n >>= 7) store<u8>(out++, n | 128);
  store<u8>(out++, n);

  let emitted = src;
  let repeat: usize = 0;
  let s = src + 1;
  while (s < stop) {
    const word = load<u64>(s);
    const long = longSlot(word, longShift);
    const short = shortSlot(word, shortShift);
    let from = src + load<u32>(long);
    const shortFrom = src + load<u32>(short);
    store<u32>(long, <u32>(s - src));
    store<u32>(short, <u32>(s - src));
    if (repeat != 0 && load<u32>(s + 1 - repeat) == <u32>(word >> 8)) {
      s++;
      from = s - repeat;
    } else if (load<u64>(from) == word) {
      // a long match
    } else if (load<u32>(shortFrom) == <u32>word) {
      from = shortFrom;
      const next = load<u64>(s + 1);
      const slot = longSlot(next, longShift);
      const longFrom = src + load<u32>(slot);
      store<u32>(slot, <u32>(s + 1 - src));
      if (load<u64>(longFrom) == next) {
        from = longFrom;
        s++;
      }
    } else {
      s += 1 + ((s - emitted) >> patience);
      continue;
    }
    const to = extend(from + 4, s + 4, end);
    const tried = s;
    while (s > emitted && from > src && load<u8>(s - 1) == load<u8>(from - 1)) {
      s--;
      from--;
    }
    const offset = s - from;
    if (offset > 0xffff && to - s < 8 && offset != repeat) {
      // the copy would take as many bytes as it saves
      s = tried + 2; // the tables may hold the position after it already
      continue;
    }
    emitLiterals(emitted, s);
    if (offset == repeat) emitRepeat(to - s);
    else emitCopy(offset, to - s);
    repeat = offset;
    emitted = to;
    if (out > outStop) return 0;
    if (to >= stop) break;
    // what the match covers is found again by some of its positions
    remember(src, s + 1, longShift, shortShift);
    remember(src, to - 2, longShift, shortShift);
    s = to;
  }
  if (out + (end - emitted) > outStop) return 0;
  emitLiterals(emitted, end);
  return out - dst;
}
