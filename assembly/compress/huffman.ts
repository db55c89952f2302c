// The canonical Huffman codes of DEFLATE (RFC 1951 section 3.2.2). Codes of up to 10 bits (distances: 8) come from one
// table look-up, longer ones are decoded bit by bit from the counts of codes of each length.

import {
  DISTANCE_COUNTS,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLE,
  LENGTHS,
  LITERAL_COUNTS,
  LITERAL_SYMBOLS,
  LITERAL_TABLE,
  OFFSETS,
} from '../codecs-map';

export const LITERAL_BITS: u32 = 10;
export const DISTANCE_BITS: u32 = 8;
const LONGEST_CODE: u32 = 15;

/**
 * Canonical code of `n` lengths (section 3.2.2). Returns how many codes are left unused (in units of the longest one):
 * 0 for a complete code, negative when there are too many.
 */
export function build(lengths: usize, n: u32, counts: usize, symbols: usize, table: usize, tableBits: u32): i32 {
  memory.fill(counts, 0, 32);
  for (let i: u32 = 0; i < n; i++) {
    const at = counts + (<usize>load<u8>(lengths + i) << 1);
    store<u16>(at, load<u16>(at) + 1);
  }
  let left: i32 = 1;
  let offset: u32 = 0;
  for (let length: usize = 1; length <= LONGEST_CODE; length++) {
    const count = <u32>load<u16>(counts + (length << 1));
    left = (left << 1) - count;
    if (left < 0) return left;
    store<u16>(OFFSETS + (length << 1), offset);
    offset += count;
  }
  for (let i: u32 = 0; i < n; i++) {
    const length = <usize>load<u8>(lengths + i);
    if (length == 0) continue;
    const at = OFFSETS + (length << 1);
    const to = load<u16>(at);
    store<u16>(symbols + (<usize>to << 1), i);
    store<u16>(at, to + 1);
  }
  memory.fill(table, 0, <usize>2 << tableBits);
  let code: u32 = 0; // with its bits in the order of the stream, first bit lowest
  let next = symbols;
  for (let length: u32 = 1; length <= tableBits; length++) {
    const top: u32 = 1 << (length - 1);
    for (let k = load<u16>(counts + (<usize>length << 1)); k > 0; k--) {
      const entry = (load<u16>(next) << 4) | <u16>length;
      next += 2;
      for (let i = code; i < <u32>1 << tableBits; i += top << 1) store<u16>(table + (<usize>i << 1), entry);
      let bit = top;
      while (code & bit) {
        code ^= bit;
        bit >>= 1;
      }
      code |= bit;
    }
  }
  return left;
}

/** Decodes a code that the table does not hold: (symbol << 4 | length), or 0 when there is no such code. */
export function longCode(bits: u64, counts: usize, symbols: usize): u32 {
  let code: i32 = 0;
  let first: i32 = 0;
  let index: i32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    code |= <i32>(bits & 1);
    bits >>= 1;
    const count = <i32>load<u16>(counts + (<usize>length << 1));
    if (code - count < first) return (<u32>load<u16>(symbols + (<usize>(index + code - first) << 1)) << 4) | length;
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return 0;
}

export function fixedCodes(): void {
  memory.fill(LENGTHS, 8, 144);
  memory.fill(LENGTHS + 144, 9, 112);
  memory.fill(LENGTHS + 256, 7, 24);
  memory.fill(LENGTHS + 280, 8, 8);
  build(LENGTHS, 288, LITERAL_COUNTS, LITERAL_SYMBOLS, LITERAL_TABLE, LITERAL_BITS);
  memory.fill(LENGTHS, 5, 30);
  build(LENGTHS, 30, DISTANCE_COUNTS, DISTANCE_SYMBOLS, DISTANCE_TABLE, DISTANCE_BITS);
}
