import { type CipherGCM, type DecipherGCM, createCipheriv, createDecipheriv, getCiphers } from 'node:crypto';
import { release } from '../../src/bytes/release.ts';
import type { NativeAead } from '../../src/ports.ts';
import { madeGarbage } from './garbage.ts';

const TAG = 16;
/** `update` makes a new buffer each time; larger ones cost page faults (spec: kernels, section 4). */
const SLICE = 64 * 1024;
/** What the native object of one call holds until it is collected. */
const HANDLE = 1024;

/** Puts a result in its place. Its memory is given back at once, or left to the collector when others may share it. */
function move(from: Uint8Array, to: Uint8Array, at: number): void {
  to.set(from, at);
  const isAlone = from.buffer.byteLength < from.length + TAG;
  if (!isAlone || !release(from)) madeGarbage(from.length);
}

/** An AEAD of node:crypto, synchronous. `out` may be the memory of the input when both start at the same byte. */
function nodeAead(algorithm: 'aes-256-gcm' | 'chacha20-poly1305'): NativeAead {
  // The two have one interface, which the types tell only for GCM.
  const options = { authTagLength: TAG };
  const encipher = createCipheriv as (name: string, key: Uint8Array, nonce: Uint8Array, o: object) => CipherGCM;
  const decipher = createDecipheriv as (name: string, key: Uint8Array, nonce: Uint8Array, o: object) => DecipherGCM;
  return {
    seal(key, nonce, aad, plain, out) {
      const cipher = encipher(algorithm, key, nonce, options);
      cipher.setAAD(aad);
      for (let at = 0; at < plain.length; at += SLICE) move(cipher.update(plain.subarray(at, at + SLICE)), out, at);
      cipher.final();
      out.set(cipher.getAuthTag(), plain.length);
      madeGarbage(HANDLE);
    },
    open(key, nonce, aad, sealed, out) {
      const length = sealed.length - TAG;
      if (length < 0) return false;
      const cipher = decipher(algorithm, key, nonce, options);
      cipher.setAAD(aad);
      cipher.setAuthTag(sealed.slice(length));
      for (let at = 0; at < length; at += SLICE)
        move(cipher.update(sealed.subarray(at, Math.min(at + SLICE, length))), out, at);
      madeGarbage(HANDLE);
      try {
        cipher.final();
        return true;
      } catch {
        out.fill(0, 0, length); // altered bytes are never handed on
        return false;
      }
    },
  };
}

export const aesGcm = nodeAead('aes-256-gcm');
/** Absent on Bun. */
export const chachaPoly = getCiphers().includes('chacha20-poly1305') ? nodeAead('chacha20-poly1305') : undefined;
