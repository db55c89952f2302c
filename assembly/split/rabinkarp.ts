// Rabin-Karp over a window of 64 bytes (Kopia's DYNAMIC-*-RABINKARP): the window as a polynomial over GF(2), first byte
// most significant, modulo an irreducible one of degree 53. Four stretches are walked at once to fill the pipeline.

import { RABIN_MOD, RABIN_OUT } from '../map';

const POLYNOMIAL: u64 = 0x2e3e3e4a305605;
const TOP: u64 = 1 << 53;
const STRETCH: usize = 4096;

@inline
function timesX(v: u64): u64 {
  v <<= 1;
  return v & TOP ? v ^ POLYNOMIAL : v;
}

/** `out[b]` is b times x^(8*63); `mod[b]` takes b times x^53 back below degree 53 and clears its own bits. */
export function rabinKarpInit(): void {
  for (let byte: u64 = 0; byte < 256; byte++) {
    let leaving = byte;
    let reduced = byte;
    for (let i = 0; i < 8 * 63; i++) leaving = timesX(leaving);
    for (let i = 0; i < 53; i++) reduced = timesX(reduced);
    store<u64>(<usize>byte << 3, leaving, RABIN_OUT);
    store<u64>(<usize>byte << 3, reduced | (byte << 53), RABIN_MOD);
  }
}

@inline
function append(v: u64, p: usize): u64 {
  return ((v << 8) | <u64>load<u8>(p)) ^ load<u64>(<usize>((v >> 45) & 0xff) << 3, RABIN_MOD);
}

@inline
function roll(v: u64, p: usize): u64 {
  return append(v ^ load<u64>((<usize>load<u8>(p - 64)) << 3, RABIN_OUT), p);
}

function windowBefore(p: usize): u64 {
  let v: u64 = 0;
  for (let q = p - 64; q < p; q++) v = append(v, q);
  return v;
}

function scanSlowly(p: usize, end: usize, mask: u64): usize {
  let v = windowBefore(p);
  for (; p < end; p++) {
    v = roll(v, p);
    if ((v & mask) == 0) return p;
  }
  return end;
}

/** As buzhashScan. */
export function rabinKarpScan(p: usize, end: usize, lowMask: u32): usize {
  const mask: u64 = lowMask;
  while (p + 4 * STRETCH <= end) {
    const next = p + 4 * STRETCH;
    let a = windowBefore(p);
    let b = windowBefore(p + STRETCH);
    let c = windowBefore(p + 2 * STRETCH);
    let d = windowBefore(p + 3 * STRETCH);
    for (let q = p; q < p + STRETCH; q++) {
      a = roll(a, q);
      b = roll(b, q + STRETCH);
      c = roll(c, q + 2 * STRETCH);
      d = roll(d, q + 3 * STRETCH);
      if (!(a & mask) || !(b & mask) || !(c & mask) || !(d & mask)) return scanSlowly(p, next, mask);
    }
    p = next;
  }
  return scanSlowly(p, end, mask);
}
