// Raw DEFLATE (RFC 1951). Bits are kept in 64 bits and refilled by whole words, so that up to 24 bytes after the input
// are read (never used: what lies beyond the input is noticed), and up to 7 bytes after the output are written. The host
// leaves room for both.

import {
  DISTANCE_COUNTS,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLE,
  LENGTHS,
  LITERAL_COUNTS,
  LITERAL_SYMBOLS,
  LITERAL_TABLE,
} from '../codecs-map';
import { DISTANCE_BITS, LITERAL_BITS, build, fixedCodes, longCode } from './huffman';

export const DAMAGED: i32 = -1;
export const TOO_LONG: i32 = -2;
export const CUT_OFF: i32 = -3;

/** Section 3.2.5: (base << 4 | extra bits) of length codes 257..285 and of distance codes 0..29. */
// prettier-ignore
const LENGTH_CODES: usize = memory.data<u16>([
  0x030, 0x040, 0x050, 0x060, 0x070, 0x080, 0x090, 0x0a0, 0x0b1, 0x0d1, 0x0f1, 0x111, 0x132, 0x172, 0x1b2, 0x1f2,
  0x233, 0x2b3, 0x333, 0x3b3, 0x434, 0x534, 0x634, 0x734, 0x835, 0xa35, 0xc35, 0xe35, 0x1020,
]);
// prettier-ignore
const DISTANCE_CODES: usize = memory.data<u32>([
  0x10, 0x20, 0x30, 0x40, 0x51, 0x71, 0x92, 0xd2, 0x113, 0x193, 0x214, 0x314, 0x415, 0x615, 0x816, 0xc16,
  0x1017, 0x1817, 0x2018, 0x3018, 0x4019, 0x6019, 0x801a, 0xc01a, 0x1001b, 0x1801b, 0x2001c, 0x3001c, 0x4001d, 0x6001d,
]);
/** Section 3.2.7: the order in which lengths of the code length code come. */
const ORDER: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

let consumed: usize = 0;

/** Bytes of input the last successful call used. */
export function inflateConsumed(): usize {
  return consumed;
}

/**
 * Inflates the stream at `src` into at most `room` bytes at `dst`. Returns their number, or DAMAGED, TOO_LONG, CUT_OFF.
 */
export function inflate(src: usize, length: usize, dst: usize, room: usize): i32 {
  const end = src + length;
  const limit = dst + room;
  let p = src;
  let out = dst;
  let bits: u64 = 0;
  let n: u32 = 0; // bits held
  let last: u32 = 0;
  do {
    if (p > end + 8) return CUT_OFF;
    bits |= load<u64>(p) << n;
    p += (63 - n) >> 3;
    n |= 56;
    last = <u32>bits & 1;
    const type = (<u32>bits >> 1) & 3;
    bits >>= 3;
    n -= 3;
    if (type == 0) {
      p -= n >> 3;
      bits = 0;
      n = 0;
      if (p + 4 > end) return CUT_OFF;
      const size = <usize>load<u16>(p);
      if ((<u32>size ^ load<u16>(p, 2)) != 0xffff) return DAMAGED;
      p += 4;
      if (size > end - p) return CUT_OFF;
      if (size > limit - out) return TOO_LONG;
      memory.copy(out, p, size);
      p += size;
      out += size;
      continue;
    }
    if (type == 3) return DAMAGED;
    if (type == 1) {
      fixedCodes();
    } else {
      const literals = (<u32>bits & 31) + 257;
      const distances = (<u32>(bits >> 5) & 31) + 1;
      const lengths = (<u32>(bits >> 10) & 15) + 4;
      bits >>= 14;
      n -= 14;
      if (literals > 286 || distances > 30) return DAMAGED;
      memory.fill(LENGTHS, 0, 19);
      for (let i: u32 = 0; i < lengths; i++) {
        if (n < 3) {
          bits |= load<u64>(p) << n;
          p += (63 - n) >> 3;
          n |= 56;
        }
        store<u8>(LENGTHS + load<u8>(ORDER + i), <u32>bits & 7);
        bits >>= 3;
        n -= 3;
      }
      if (build(LENGTHS, 19, LITERAL_COUNTS, LITERAL_SYMBOLS, LITERAL_TABLE, 7) != 0) return DAMAGED;
      const total = literals + distances;
      for (let i: u32 = 0; i < total; ) {
        if (p > end + 8) return CUT_OFF;
        bits |= load<u64>(p) << n;
        p += (63 - n) >> 3;
        n |= 56;
        const entry = <u32>load<u16>(LITERAL_TABLE + ((<usize>bits & 127) << 1));
        if (entry == 0) return DAMAGED;
        bits >>= entry & 15;
        n -= entry & 15;
        const symbol = entry >> 4;
        if (symbol < 16) {
          store<u8>(LENGTHS + i++, symbol);
          continue;
        }
        const extra: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
        const repeat = (symbol == 18 ? 11 : 3) + (<u32>bits & ((1 << extra) - 1));
        bits >>= extra;
        n -= extra;
        if (i + repeat > total || (symbol == 16 && i == 0)) return DAMAGED;
        memory.fill(LENGTHS + i, symbol == 16 ? load<u8>(LENGTHS + i - 1) : 0, repeat);
        i += repeat;
      }
      if (load<u8>(LENGTHS, 256) == 0) return DAMAGED;
      // A code may be incomplete only when it is a single one of one bit.
      let left = build(LENGTHS, literals, LITERAL_COUNTS, LITERAL_SYMBOLS, LITERAL_TABLE, LITERAL_BITS);
      if (left < 0 || (left > 0 && <u32>load<u16>(LITERAL_COUNTS) + load<u16>(LITERAL_COUNTS, 2) != literals)) return DAMAGED;
      left = build(LENGTHS + literals, distances, DISTANCE_COUNTS, DISTANCE_SYMBOLS, DISTANCE_TABLE, DISTANCE_BITS);
      if (left < 0 || (left > 0 && <u32>load<u16>(DISTANCE_COUNTS) + load<u16>(DISTANCE_COUNTS, 2) != distances)) return DAMAGED;
    }
    for (;;) {
      if (n < 48) {
        // 48 bits are enough for a length, a distance and their extra bits
        if (p > end + 8) return CUT_OFF;
        bits |= load<u64>(p) << n;
        p += (63 - n) >> 3;
        n |= 56;
      }
      let entry = <u32>load<u16>((<usize>bits & ((1 << LITERAL_BITS) - 1)) << 1, LITERAL_TABLE);
      if (entry == 0) {
        entry = longCode(bits, LITERAL_COUNTS, LITERAL_SYMBOLS);
        if (entry == 0) return DAMAGED;
      }
      bits >>= entry & 15;
      n -= entry & 15;
      let symbol = entry >> 4;
      if (symbol < 256) {
        if (out >= limit) return TOO_LONG;
        store<u8>(out++, symbol);
        continue;
      }
      if (symbol == 256) break;
      symbol -= 257;
      if (symbol > 28) return DAMAGED;
      let code = <u32>load<u16>(LENGTH_CODES + (<usize>symbol << 1));
      let extra = code & 15;
      const size = <usize>(code >> 4) + (<usize>bits & ((1 << extra) - 1));
      bits >>= extra;
      n -= extra;
      entry = <u32>load<u16>((<usize>bits & ((1 << DISTANCE_BITS) - 1)) << 1, DISTANCE_TABLE);
      if (entry == 0) {
        entry = longCode(bits, DISTANCE_COUNTS, DISTANCE_SYMBOLS);
        if (entry == 0) return DAMAGED;
      }
      bits >>= entry & 15;
      n -= entry & 15;
      symbol = entry >> 4;
      if (symbol > 29) return DAMAGED;
      code = load<u32>(DISTANCE_CODES + (<usize>symbol << 2));
      extra = code & 15;
      const distance = <usize>(code >> 4) + (<usize>bits & ((1 << extra) - 1));
      bits >>= extra;
      n -= extra;
      if (distance > out - dst) return DAMAGED;
      if (size > limit - out) return TOO_LONG;
      const stop = out + size;
      let from = out - distance;
      if (distance >= 8) {
        for (; out < stop; out += 8, from += 8) store<u64>(out, load<u64>(from));
      } else {
        for (; out < stop; out++, from++) store<u8>(out, load<u8>(from));
      }
      out = stop;
    }
  } while (!last);
  p -= n >> 3;
  if (p > end) return CUT_OFF;
  consumed = p - src;
  return <i32>(out - dst);
}
