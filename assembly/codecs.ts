// Entry of codecs.wasm: compression and error correction. Raw addresses and lengths only.

export { HEAP, ECC_PARITY, ECC_TABLES, ECC_PLAIN, ECC_RECORDS, ECC_PARITY_RECORDS } from './codecs-map';
export { CASTAGNOLI, crc, usePolynomial } from './crc';
export { inflate, inflateConsumed } from './compress/inflate';
export { s2Encode } from './compress/s2-encode';
export { s2Decode } from './compress/s2-decode';
export { lz4Decode } from './compress/lz4';
export { xxh32 } from './compress/xxh32';
export { eccCheck, eccEncode, eccParity } from './ecc/reedsolomon';
