// Poly1305 (RFC 8439 section 2.5) with limbs of 26 bits, whose products fit in 64.
// State at CIPHER_STATE: r (5 x u64), accumulator (5 x u64 at 40), s (16 bytes at 80).

import { CIPHER_STATE } from '../map';

const MASK: u64 = 0x3ffffff;

/** Starts with the 32-byte one-time key at `key`. */
export function polyStart(key: usize): void {
  const low = load<u64>(key) & 0x0ffffffc0fffffff;
  const high = load<u64>(key, 8) & 0x0ffffffc0ffffffc;
  store<u64>(CIPHER_STATE, low & MASK);
  store<u64>(CIPHER_STATE, (low >> 26) & MASK, 8);
  store<u64>(CIPHER_STATE, ((low >> 52) | (high << 12)) & MASK, 16);
  store<u64>(CIPHER_STATE, (high >> 14) & MASK, 24);
  store<u64>(CIPHER_STATE, high >> 40, 32);
  memory.fill(CIPHER_STATE + 40, 0, 40);
  memory.copy(CIPHER_STATE + 80, key + 16, 16);
}

/** Takes in `length` bytes, the last block filled up with zeros (the AEAD's padding, not Poly1305's own). */
export function polyUpdate(p: usize, length: usize): void {
  polyBlocks(p, length >> 4);
  const rest = length & 15;
  if (rest == 0) return;
  memory.fill(CIPHER_STATE + 96, 0, 16);
  memory.copy(CIPHER_STATE + 96, p + length - rest, rest);
  polyBlocks(CIPHER_STATE + 96, 1);
}

function polyBlocks(p: usize, count: usize): void {
  const r0 = load<u64>(CIPHER_STATE), r1 = load<u64>(CIPHER_STATE, 8), r2 = load<u64>(CIPHER_STATE, 16);
  const r3 = load<u64>(CIPHER_STATE, 24), r4 = load<u64>(CIPHER_STATE, 32);
  const s1 = r1 * 5, s2 = r2 * 5, s3 = r3 * 5, s4 = r4 * 5;
  let h0 = load<u64>(CIPHER_STATE, 40), h1 = load<u64>(CIPHER_STATE, 48), h2 = load<u64>(CIPHER_STATE, 56);
  let h3 = load<u64>(CIPHER_STATE, 64), h4 = load<u64>(CIPHER_STATE, 72);
  for (; count > 0; count--, p += 16) {
    const low = load<u64>(p), high = load<u64>(p, 8);
    h0 += low & MASK;
    h1 += (low >> 26) & MASK;
    h2 += ((low >> 52) | (high << 12)) & MASK;
    h3 += (high >> 14) & MASK;
    h4 += (high >> 40) | (1 << 24);
    const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
    const d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2 + (d0 >> 26);
    const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3 + (d1 >> 26);
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4 + (d2 >> 26);
    const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + (d3 >> 26);
    h0 = (d0 & MASK) + (d4 >> 26) * 5;
    h1 = (d1 & MASK) + (h0 >> 26);
    h0 &= MASK;
    h2 = d2 & MASK;
    h3 = d3 & MASK;
    h4 = d4 & MASK;
  }
  store<u64>(CIPHER_STATE, h0, 40);
  store<u64>(CIPHER_STATE, h1, 48);
  store<u64>(CIPHER_STATE, h2, 56);
  store<u64>(CIPHER_STATE, h3, 64);
  store<u64>(CIPHER_STATE, h4, 72);
}

/** Writes the 16-byte tag. */
export function polyFinish(tag: usize): void {
  let h0 = load<u64>(CIPHER_STATE, 40), h1 = load<u64>(CIPHER_STATE, 48), h2 = load<u64>(CIPHER_STATE, 56);
  let h3 = load<u64>(CIPHER_STATE, 64), h4 = load<u64>(CIPHER_STATE, 72);
  // All carries, twice around, so that every limb is below 2^26.
  for (let i = 0; i < 2; i++) {
    h1 += h0 >> 26; h0 &= MASK;
    h2 += h1 >> 26; h1 &= MASK;
    h3 += h2 >> 26; h2 &= MASK;
    h4 += h3 >> 26; h3 &= MASK;
    h0 += (h4 >> 26) * 5; h4 &= MASK;
  }
  h1 += h0 >> 26; h0 &= MASK;
  // h - p when h >= p = 2^130 - 5: chosen without a branch on secret data.
  let g0 = h0 + 5;
  let g1 = h1 + (g0 >> 26);
  let g2 = h2 + (g1 >> 26);
  let g3 = h3 + (g2 >> 26);
  let g4 = h4 + (g3 >> 26);
  const over: u64 = 0 - (g4 >> 26);
  h0 = (h0 & ~over) | (g0 & MASK & over);
  h1 = (h1 & ~over) | (g1 & MASK & over);
  h2 = (h2 & ~over) | (g2 & MASK & over);
  h3 = (h3 & ~over) | (g3 & MASK & over);
  h4 = (h4 & ~over) | (g4 & MASK & over);
  // h + s modulo 2^128.
  const low = h0 | (h1 << 26) | (h2 << 52);
  const high = (h2 >> 12) | (h3 << 14) | (h4 << 40);
  const sum = low + load<u64>(CIPHER_STATE, 80);
  const carry: u64 = sum < low ? 1 : 0;
  store<u64>(tag, sum);
  store<u64>(tag, high + load<u64>(CIPHER_STATE, 88) + carry, 8);
}
