import { iv32, mix32 } from './mix32.ts';
import { loadWords, wordBytes } from './words.ts';

/** BLAKE3 (specification of 2020), scalar, digests of 32 bytes. */

const chunkStart = 1;
const chunkEnd = 2;
const parent = 4;
const root = 8;
export const keyedHash = 16;
const deriveContext = 32;
const deriveMaterial = 64;

/** Order of message words in seven rounds: the permutation of table 2, applied over and over. */
const schedule = new Uint8Array(7 * 16);
const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
for (let i = 0; i < schedule.length; i++) schedule[i] = i < 16 ? i : schedule[i - (i % 16) - 16 + permutation[i % 16]];

const v = new Uint32Array(16);

function compress(h: Uint32Array, m: Uint32Array, counter: number, length: number, flags: number): Uint32Array {
  v.set(h);
  v.set(iv32.subarray(0, 4), 8);
  v.set([counter, Math.floor(counter / 2 ** 32), length, flags], 12);
  mix32(v, m, schedule);
  return Uint32Array.from({ length: 8 }, (_, i) => v[i] ^ v[i + 8]);
}

function hashChunk(data: Uint8Array, counter: number, key: Uint32Array, flags: number, rootFlag: number): Uint32Array {
  const m = new Uint32Array(16);
  let h = key;
  for (let at = 0; at === 0 || at < data.length; at += 64) {
    loadWords(m, data, at);
    const last = at + 64 >= data.length;
    const all = flags | (at === 0 ? chunkStart : 0) | (last ? chunkEnd | rootFlag : 0);
    h = compress(h, m, counter, Math.min(64, data.length - at), all);
  }
  return h;
}

/** Chaining value of a subtree whose first chunk has the number `counter`. */
function hashTree(data: Uint8Array, counter: number, key: Uint32Array, flags: number, rootFlag: number): Uint32Array {
  if (data.length <= 1024) return hashChunk(data, counter, key, flags, rootFlag);
  // The left part is the largest power of two of whole chunks that leaves something for the right one.
  const left = 2 ** (31 - Math.clz32(Math.ceil(data.length / 1024) - 1));
  const m = new Uint32Array(16);
  m.set(hashTree(data.subarray(0, left * 1024), counter, key, flags, 0));
  m.set(hashTree(data.subarray(left * 1024), counter + left, key, flags, 0), 8);
  return compress(key, m, 0, 64, flags | parent | rootFlag);
}

function keyWords(key: Uint8Array): Uint32Array {
  const words = new Uint32Array(8);
  loadWords(words, key, 0);
  return words;
}

/** Keyed hash of 32 bytes; the key has exactly 32. */
export function blake3(data: Uint8Array, key: Uint8Array): Uint8Array {
  return wordBytes(hashTree(data, 0, keyWords(key), keyedHash, root), 32);
}

/** The derive_key mode: 32 bytes for a context string and key material. */
export function blake3DeriveKey(context: string, material: Uint8Array): Uint8Array {
  const contextKey = hashTree(new TextEncoder().encode(context), 0, iv32, deriveContext, root);
  return wordBytes(hashTree(material, 0, contextKey, deriveMaterial, root), 32);
}
