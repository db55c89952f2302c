/**
 * The mixing that BLAKE2s and BLAKE3 share: a 4 x 4 matrix of 32-bit words, rotations 16, 12, 8, 7 (RFC 7693 section 3.1).
 * Scalar; assembly/hash/mix32.ts is the fast one.
 */

/** Words of the eight quarter rounds: four columns, then four diagonals. */
export const quarters = Uint8Array.of(
  ...[0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  ...[0, 5, 10, 15, 1, 6, 11, 12, 2, 7, 8, 13, 3, 4, 9, 14],
);

/** Fractional parts of the square roots of the first eight primes, as SHA-256 has them. */
export const iv32 = Uint32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);

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

/** Loads little-endian words; bytes beyond the end of `data` count as zero. */
export function loadWords(words: Uint32Array, data: Uint8Array, at: number): void {
  for (let i = 0; i < words.length; i++, at += 4)
    words[i] = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24);
}

/** The first `length` bytes of little-endian words. */
export function wordBytes(words: Uint32Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => words[i >> 2] >>> (8 * (i & 3)));
}
