// Entry of core.wasm: what the hot path of a backup runs. Raw addresses and lengths only.

export { CONTENT, CONTENT_LENGTH, SCRATCH, SCRATCH_LENGTH, STATE, DIGEST, JOBS, DIGESTS, BUZHASH_TABLE } from './map';
export { buzhashInit, buzhashScan } from './split/buzhash';
export { rabinKarpInit, rabinKarpScan } from './split/rabinkarp';
export { blake2bUpdate, blake2bFinish, blake2bMany } from './hash/blake2b';
export { blake2sUpdate, blake2sFinish, blake2sMany } from './hash/blake2s';
export { blake3Update, blake3Finish } from './hash/blake3';
export { sha256Update, sha256Finish } from './hash/sha256';
export { CIPHER_KEY, CIPHER_NONCE, CIPHER_AAD, CIPHER_TAG } from './map';
export { chachaPolyStart, chachaPolySeal, chachaPolyOpen, chachaPolyFinish } from './cipher/chachapoly';
