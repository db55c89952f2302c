import { hexDigits, hexWords } from './words.ts';

/**
 * The mixing that BLAKE2s and BLAKE3 share: a 4 x 4 matrix of 32-bit words, rotations 16, 12, 8, 7 (RFC 7693 section 3.1).
 * Scalar; assembly/hash/mix32.ts is the fast one.
 */

/** Words of the eight quarter rounds: four columns, then four diagonals. */
export const quarters = hexDigits('048c 159d 26ae 37bf 05af 16bc 278d 349e');

/** Fractional parts of the square roots of the first eight primes, as SHA-256 has them. */
export const iv32 = hexWords('6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19');

function rotr(x: number, n: number): number {
  return (x >>> n) | (x << (32 - n));
}

/** Mixes the 16 words of `v` with the 16 of `m`, in the order of `schedule`, 16 entries a round. */
export function mix32(v: Uint32Array, m: Uint32Array, schedule: Uint8Array): void {
  for (let at = 0; at < schedule.length; at += 2) {
    const quarter = (at & 15) * 2;
    const a = quarters[quarter];
    const b = quarters[quarter + 1];
    const c = quarters[quarter + 2];
    const d = quarters[quarter + 3];
    v[a] += v[b] + m[schedule[at]];
    v[d] = rotr(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 12);
    v[a] += v[b] + m[schedule[at + 1]];
    v[d] = rotr(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 7);
  }
}
