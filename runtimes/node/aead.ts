import { type CipherGCM, type DecipherGCM, createCipheriv, createDecipheriv, getCiphers } from 'node:crypto';
import type { NativeAead } from '../../src/ports.ts';
import { madeGarbage } from './garbage.ts';

const TAG = 16;
/** `update` makes a new buffer each time; larger ones cost page faults (spec: kernels, section 4). */
const SLICE = 64 * 1024;

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
      for (let at = 0; at < plain.length; at += SLICE) out.set(cipher.update(plain.subarray(at, at + SLICE)), at);
      cipher.final();
      out.set(cipher.getAuthTag(), plain.length);
      madeGarbage(plain.length);
    },
    open(key, nonce, aad, sealed, out) {
      const length = sealed.length - TAG;
      if (length < 0) return false;
      const cipher = decipher(algorithm, key, nonce, options);
      cipher.setAAD(aad);
      cipher.setAuthTag(sealed.slice(length));
      for (let at = 0; at < length; at += SLICE) {
        out.set(cipher.update(sealed.subarray(at, Math.min(at + SLICE, length))), at);
      }
      madeGarbage(length);
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
