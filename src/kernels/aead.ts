import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Native, NativeAead } from '../ports.ts';
import { coreChachaPoly, maximumAad } from './core-chachapoly.ts';
import type { CoreKernel } from './core.ts';

export type AeadName = 'AES-256-GCM' | 'CHACHA20-POLY1305';

/** The fastest there is: the runtime's own, the kernel, or a library in plain JavaScript. */
export function aead(name: AeadName, native: Native, core?: CoreKernel): NativeAead {
  if (name === 'AES-256-GCM') return native.aesGcm ?? libraryGcm;
  if (native.chachaPoly !== undefined) return native.chachaPoly;
  return core === undefined ? libraryChachaPoly : kernelOrLibrary(coreChachaPoly(core));
}

function kernelOrLibrary(kernel: NativeAead): NativeAead {
  const pick = (aad: Uint8Array) => (aad.length <= maximumAad ? kernel : libraryChachaPoly);
  return {
    seal: (key, nonce, aad, plain, out) => pick(aad).seal(key, nonce, aad, plain, out),
    open: (key, nonce, aad, sealed, out) => pick(aad).open(key, nonce, aad, sealed, out),
  };
}

type Library = (
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
) => { encrypt(plain: Uint8Array): Uint8Array; decrypt(sealed: Uint8Array): Uint8Array };

function fromLibrary(library: Library): NativeAead {
  return {
    seal(key, nonce, aad, plain, out) {
      out.set(library(key, nonce, aad).encrypt(plain));
    },
    open(key, nonce, aad, sealed, out) {
      try {
        out.set(library(key, nonce, aad).decrypt(sealed));
        return true;
      } catch (error) {
        if (error instanceof Error && error.message.endsWith('invalid tag')) return false;
        throw error;
      }
    },
  };
}

const libraryGcm = fromLibrary(gcm);
const libraryChachaPoly = fromLibrary(chacha20poly1305);
