// Entry of codecs.wasm: compression and error correction. Raw addresses and lengths only.

export { HEAP } from './codecs-map';
export { inflate, inflateConsumed } from './compress/inflate';
export { CASTAGNOLI, IEEE, crc, usePolynomial } from './crc';
export { s2Encode } from './compress/s2-encode';
export { s2Decode } from './compress/s2-decode';
export { lz4Decode } from './compress/lz4';
export { xxh32 } from './compress/xxh32';
