import { CairnError } from '../errors.ts';
import { quarters } from './mix32.ts';
import { hexDigits, hexWords, loadWords, wordBytes } from './words.ts';

/** BLAKE2b (RFC 7693), scalar: 64-bit words as pairs of 32-bit halves, low half first. */

const block = 128;

/** Order of message words in ten rounds (RFC 7693 section 2.7). */
export const sigma = hexDigits(`
  0123456789abcdef
  ea489fd61c02b753
  b8c052fdae367194
  7931dcbe265a40f8
  905724afe1bc683d
  2c6a0b834d75fe19
  c51fed4a0763928b
  db7ec13950f4862a
  6fe9b308c2d714a5
  a2847615fb9e3cd0
`);
/** Two more rounds repeat the first two. */
const schedule = Uint8Array.of(...sigma, ...sigma.subarray(0, 32));

const iv = hexWords(`
  f3bcc908 6a09e667 84caa73b bb67ae85 fe94f82b 3c6ef372 5f1d36f1 a54ff53a
  ade682d1 510e527f 2b3e6c1f 9b05688c fb41bd6b 1f83d9ab 137e2179 5be0cd19
`);

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
