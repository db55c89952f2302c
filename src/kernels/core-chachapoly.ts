import type { NativeAead } from '../ports.ts';
import type { CoreKernel } from './core.ts';

const pieceLength = 256 * 1024;
const tagLength = 16;
/** Room for associated data in the kernel; here it is a content's id. */
export const maximumAad = 256;

/** ChaCha20-Poly1305 by the core kernel, for runtimes that have none. Data goes through its scratch area. */
export function coreChachaPoly(core: CoreKernel): NativeAead {
  const { exports, memory } = core;
  const scratch = exports.SCRATCH.value;

  function start(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): void {
    memory.set(key, exports.CIPHER_KEY.value);
    memory.set(nonce, exports.CIPHER_NONCE.value);
    memory.set(aad, exports.CIPHER_AAD.value);
    exports.chachaPolyStart(aad.length);
  }

  function run(
    step: (source: number, target: number, length: number) => void,
    input: Uint8Array,
    out: Uint8Array,
  ): void {
    const address = core.addressOf(input);
    for (let at = 0; at < input.length; at += pieceLength) {
      const piece = input.subarray(at, at + pieceLength);
      if (address === undefined) memory.set(piece, scratch);
      step(address === undefined ? scratch : address + at, scratch, piece.length);
      out.set(memory.subarray(scratch, scratch + piece.length), at);
    }
    exports.chachaPolyFinish();
  }

  const tag = memory.subarray(exports.CIPHER_TAG.value, exports.CIPHER_TAG.value + tagLength);
  return {
    seal(key, nonce, aad, plain, out) {
      start(key, nonce, aad);
      run(exports.chachaPolySeal, plain, out);
      out.set(tag, plain.length);
    },
    open(key, nonce, aad, sealed, out) {
      const length = sealed.length - tagLength;
      start(key, nonce, aad);
      run(exports.chachaPolyOpen, sealed.subarray(0, length), out);
      let difference = 0;
      for (let i = 0; i < tagLength; i++) difference |= tag[i] ^ sealed[length + i];
      if (difference !== 0) out.fill(0, 0, length);
      return difference === 0;
    },
  };
}
