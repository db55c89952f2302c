// SHA-256 and SHA-224 (FIPS 180-4). State: 8 words (native order), then the number of bytes hashed (u64) at 32.
// HMAC needs no code of its own here: the host starts from the state after the padded key.

import { DIGEST, LAST, STATE, WORDS } from '../map';

// prettier-ignore
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

function compress(p: usize, count: usize): void {
  for (; count > 0; count--, p += 64) {
    for (let i: usize = 0; i < 64; i += 4) store<u32>(i, bswap<u32>(load<u32>(p + i)), WORDS);
    for (let i: usize = 64; i < 256; i += 4) {
      const x = load<u32>(i - 60, WORDS);
      const y = load<u32>(i - 8, WORDS);
      const s0 = rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
      const s1 = rotr<u32>(y, 17) ^ rotr<u32>(y, 19) ^ (y >> 10);
      store<u32>(i, load<u32>(i - 64, WORDS) + s0 + load<u32>(i - 28, WORDS) + s1, WORDS);
    }
    let a = load<u32>(STATE), b = load<u32>(STATE, 4), c = load<u32>(STATE, 8), d = load<u32>(STATE, 12);
    let e = load<u32>(STATE, 16), f = load<u32>(STATE, 20), g = load<u32>(STATE, 24), h = load<u32>(STATE, 28);
    for (let i: usize = 0; i < 256; i += 4) {
      const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
      const t1 = h + s1 + ((e & f) ^ (~e & g)) + load<u32>(K + i) + load<u32>(i, WORDS);
      const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
      const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g; g = f; f = e; e = d + t1;
      d = c; c = b; b = a; a = t1 + t2;
    }
    gain(0, a); gain(4, b); gain(8, c); gain(12, d);
    gain(16, e); gain(20, f); gain(24, g); gain(28, h);
  }
}

@inline
function gain(at: usize, value: u32): void {
  store<u32>(at, load<u32>(at, STATE) + value, STATE);
}

/** Hashes whole blocks of 64 bytes. */
export function sha256Update(p: usize, length: usize): void {
  compress(p, length >> 6);
  store<u64>(STATE, load<u64>(STATE, 32) + length, 32);
}

/** Hashes the rest, any length, and leaves 32 bytes at DIGEST. */
export function sha256Finish(p: usize, length: usize): void {
  const bits = (load<u64>(STATE, 32) + length) << 3;
  compress(p, length >> 6);
  const rest = length & 63;
  const padded: usize = rest < 56 ? 64 : 128;
  memory.fill(LAST, 0, 128);
  memory.copy(LAST, p + length - rest, rest);
  store<u8>(LAST + rest, 0x80);
  store<u64>(LAST + padded - 8, bswap<u64>(bits));
  compress(LAST, padded >> 6);
  for (let i: usize = 0; i < 32; i += 4) store<u32>(i, bswap<u32>(load<u32>(i, STATE)), DIGEST);
}
