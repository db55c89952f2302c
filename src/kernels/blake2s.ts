import { blake2KeyBlock, sigma } from './blake2b.ts';
import { iv32, mix32 } from './mix32.ts';
import { loadWords, wordBytes } from './words.ts';

/** BLAKE2s (RFC 7693), scalar. */

const block = 64;

/** The first chaining value as bytes, for a digest of `length` bytes and a key of `keyLength`. */
export function blake2sStart(length: number, keyLength: number): Uint8Array {
  const h = iv32.slice();
  h[0] ^= 0x01010000 ^ (keyLength << 8) ^ length;
  return wordBytes(h, 32);
}

function compress(h: Uint32Array, m: Uint32Array, total: number, last: boolean, v: Uint32Array): void {
  v.set(h);
  v.set(iv32, 8);
  v[12] ^= total;
  v[13] ^= Math.floor(total / 2 ** 32);
  if (last) v[14] = ~v[14];
  mix32(v, m, sigma);
  for (let i = 0; i < 8; i++) h[i] ^= v[i] ^ v[i + 8];
}

/** Digest of `length` bytes (1..32); keys have 0..32 bytes. */
export function blake2s(data: Uint8Array, key: Uint8Array, length: number): Uint8Array {
  const h = new Uint32Array(8);
  const m = new Uint32Array(16);
  const v = new Uint32Array(16);
  loadWords(h, blake2sStart(length, key.length), 0);
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
