import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fromHex } from '../../src/bytes/hex.ts';

/** A JSON file of test/vectors. */
export function vectors<T>(name: string): T {
  return JSON.parse(new TextDecoder().decode(gunzipSync(readFileSync(new URL(`../vectors/${name}`, import.meta.url)))));
}

export function bytes(text: string): Uint8Array {
  const value = fromHex(text);
  if (value === undefined) throw new Error(`bad hex ${text}`);
  return value;
}

/** The portable pseudo-random stream of the format vectors; another seed gives other bytes. */
export function xorshift(length: number, seed = 0x9e3779b9): Uint8Array {
  const out = new Uint8Array(length);
  let x = seed | 0;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x;
  }
  return out;
}
