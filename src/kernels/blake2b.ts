import { CairnError } from '../errors.ts';
import { loadWords, quarters, wordBytes } from './mix32.ts';

/** BLAKE2b (RFC 7693), scalar: 64-bit words as pairs of 32-bit halves, low half first. */

const block = 128;

/** Order of message words in ten rounds (RFC 7693 section 2.7). */
export const sigma = Uint8Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  ...[14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  ...[11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  ...[7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  ...[9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  ...[2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  ...[12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  ...[13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  ...[6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  ...[10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
);
/** Two more rounds repeat the first two. */
const schedule = Uint8Array.of(...sigma, ...sigma.subarray(0, 32));

const iv = Uint32Array.of(
  ...[0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a],
  ...[0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19],
);

/** The first chaining value as bytes, for a digest of `length` bytes and a key of `keyLength` (section 2.5). */
export function blake2bStart(length: number, keyLength: number): Uint8Array {
  const h = iv.slice();
  h[0] ^= 0x01010000 ^ (keyLength << 8) ^ length;
  return wordBytes(h, 64);
}

/** The key filled up to one block, which goes before the data; nothing when the key is empty. */
export function blake2KeyBlock(key: Uint8Array, blockLength: number): Uint8Array {
  if (key.length === 0) return new Uint8Array(0);
  if (key.length > blockLength / 2)
    throw new CairnError('invalid-argument', `the hash takes keys of at most ${blockLength / 2} bytes`);
  const padded = new Uint8Array(blockLength);
  padded.set(key);
  return padded;
}

function add(v: Uint32Array, a: number, low: number, high: number): void {
  const sum = v[a] + low;
  v[a] = sum;
  v[a + 1] += high + (sum > 0xffffffff ? 1 : 0);
}

/** v[d] = rotr64(v[d] ^ v[a], n) */
function turn(v: Uint32Array, d: number, a: number, n: number): void {
  let low = v[d] ^ v[a];
  let high = v[d + 1] ^ v[a + 1];
  if (n >= 32) [low, high] = [high, low];
  n &= 31;
  v[d] = n === 0 ? low : (low >>> n) | (high << (32 - n));
  v[d + 1] = n === 0 ? high : (high >>> n) | (low << (32 - n));
}

function compress(h: Uint32Array, m: Uint32Array, total: number, last: boolean, v: Uint32Array): void {
  v.set(h);
  v.set(iv, 16);
  v[24] ^= total;
  v[25] ^= Math.floor(total / 2 ** 32);
  if (last) {
    v[28] = ~v[28];
    v[29] = ~v[29];
  }
  for (let at = 0; at < schedule.length; at += 2) {
    const quarter = (at & 15) * 2;
    const a = 2 * quarters[quarter];
    const b = 2 * quarters[quarter + 1];
    const c = 2 * quarters[quarter + 2];
    const d = 2 * quarters[quarter + 3];
    for (let half = 0; half < 2; half++) {
      const word = 2 * schedule[at + half];
      add(v, a, v[b], v[b + 1]);
      add(v, a, m[word], m[word + 1]);
      turn(v, d, a, half === 0 ? 32 : 16);
      add(v, c, v[d], v[d + 1]);
      turn(v, b, c, half === 0 ? 24 : 63);
    }
  }
  for (let i = 0; i < 16; i++) h[i] ^= v[i] ^ v[i + 16];
}

/** Digest of `length` bytes (1..64); keys have 0..64 bytes. */
export function blake2b(data: Uint8Array, key: Uint8Array, length: number): Uint8Array {
  const h = new Uint32Array(16);
  const m = new Uint32Array(32);
  const v = new Uint32Array(32);
  loadWords(h, blake2bStart(length, key.length), 0);
  const keyBlock = blake2KeyBlock(key, block);
  loadWords(m, keyBlock, 0);
  if (keyBlock.length > 0) compress(h, m, block, data.length === 0, v);
  for (let at = 0; at < data.length || (at === 0 && keyBlock.length === 0); at += block) {
    loadWords(m, data, at);
    const end = Math.min(at + block, data.length);
    compress(h, m, keyBlock.length + end, end === data.length, v);
  }
  return wordBytes(h, length);
}
