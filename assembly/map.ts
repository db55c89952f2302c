// The memory map of core.wasm (README.md). Literal low addresses become immediate offsets of loads, which is what makes
// the table look-ups cheap; everything here lies below the compiler's own data at 0x10000.

// Splitters.
export const BUZHASH_TABLE: usize = 0x0400; // 256 x u32, written by the host
export const BUZHASH_RING: usize = 0x0800; // 16 x v128
export const BUZHASH_WIDE: usize = 0x1000; // 4 tables of 256 x v128
export const RABIN_OUT: usize = 0x5000; // 256 x u64
export const RABIN_MOD: usize = 0x5800; // 256 x u64

// Hashes. One runs at a time, so that all share one state: the host writes its first bytes before each hash.
export const STATE: usize = 0x6000; // 256 bytes, layout in each hash's file
export const DIGEST: usize = 0x6100; // 64 bytes
export const LAST: usize = 0x6200; // padded last blocks: 4 x 128 bytes
export const WORDS: usize = 0x6400; // message words: 16 x v128
export const LANES: usize = 0x6500; // chaining values of lanes: 16 x v128
export const BLAKE3_STACK: usize = 0x6800; // 64 x 32 bytes
export const BLAKE3_VALUES: usize = 0x7000; // 256 x 32 bytes
export const JOBS: usize = 0xa000; // 256 x (address u32, length u32), written by the host
export const DIGESTS: usize = 0xa800; // 256 x 32 bytes

// ChaCha20-Poly1305.
export const CIPHER_KEY: usize = 0x9000; // 32 bytes, written by the host
export const CIPHER_NONCE: usize = 0x9020; // 12 bytes, written by the host
export const CIPHER_AAD: usize = 0x9100; // at most 256 bytes, written by the host
export const CIPHER_TAG: usize = 0x9200; // 16 bytes
export const CIPHER_STATE: usize = 0x9240; // Poly1305, counters
export const CIPHER_BLOCK: usize = 0x9300; // 256 bytes

// The host's own areas.
export const CONTENT: usize = 0x40000; // the largest content (16 MiB) and one read block
export const CONTENT_LENGTH: usize = 0x1040000;
export const SCRATCH: usize = 0x1080000; // pieces of data that lie outside
export const SCRATCH_LENGTH: usize = 0x80000;
