// The memory map of codecs.wasm (compress/README.md, ecc/README.md). Literal low addresses become immediate offsets of
// loads; the compiler's own data begins at 0x10000. An area is valid during one call, but for the ECC tables.

export const CRC_TABLES: usize = 0x0400; // 16 x 256 x u32

export const LENGTHS: usize = 0x8400; // code lengths: 320 x u8
export const OFFSETS: usize = 0x8580; // 16 x u16
export const LITERAL_COUNTS: usize = 0x8600; // codes of each length: 16 x u16
export const LITERAL_SYMBOLS: usize = 0x8640; // 288 x u16
export const LITERAL_TABLE: usize = 0x8c00; // 1024 x u16
export const DISTANCE_COUNTS: usize = 0x9400; // 16 x u16
export const DISTANCE_SYMBOLS: usize = 0x9440; // 32 x u16
export const DISTANCE_TABLE: usize = 0x9500; // 256 x u16

export const S2_LONG: usize = 0x20000; // 2^17 x u32
export const S2_SHORT: usize = 0xa0000; // 2^16 x u32

export const ECC_PARITY: usize = 0xe0000; // parity shards of one block, or flags of bad shards: 64 KiB
export const ECC_TABLES: usize = 0xf0000; // nibble tables, written by the host: 1 MiB

/** From here on the host's input and output; it grows the memory as they need. */
export const HEAP: usize = 0x200000;

// Error correction works in pieces, within the memory the module begins with: 640 KiB each.
export const ECC_PLAIN: usize = 0x200000;
export const ECC_RECORDS: usize = 0x2a0000;
export const ECC_PARITY_RECORDS: usize = 0x340000;
