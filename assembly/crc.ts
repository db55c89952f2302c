// CRC-32 with reflected polynomials, 16 bytes a step. The tables hold one polynomial at a time: an instance of this
// module serves either S2 (Castagnoli) or error correction (IEEE), so that they are built once.

import { CRC_TABLES } from './codecs-map';

/** As in gzip and zlib (RFC 1952 section 8). */
export const IEEE: u32 = 0xedb88320;
/** RFC 3720 appendix B.4. */
export const CASTAGNOLI: u32 = 0x82f63b78;

let current: u32 = 0;

/** Makes the tables those of this polynomial. */
export function usePolynomial(polynomial: u32): void {
  if (polynomial == current) return;
  current = polynomial;
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? polynomial : 0);
    store<u32>(<usize>byte << 2, crc, CRC_TABLES);
  }
  for (let at: usize = 0; at < 15 * 1024; at += 4) {
    const crc = load<u32>(at, CRC_TABLES);
    store<u32>(at, (crc >> 8) ^ load<u32>(<usize>(crc & 255) << 2, CRC_TABLES), CRC_TABLES + 1024);
  }
}

/** Takes in the 16 bytes `a`, `b`. */
@inline
export function crcStep16(crc: u32, a: u64, b: u64): u32 {
  a ^= crc;
  return (
    load<u32>((<usize>a & 255) << 2, CRC_TABLES + 15 * 1024) ^
    load<u32>((<usize>(a >> 8) & 255) << 2, CRC_TABLES + 14 * 1024) ^
    load<u32>((<usize>(a >> 16) & 255) << 2, CRC_TABLES + 13 * 1024) ^
    load<u32>((<usize>(a >> 24) & 255) << 2, CRC_TABLES + 12 * 1024) ^
    load<u32>((<usize>(a >> 32) & 255) << 2, CRC_TABLES + 11 * 1024) ^
    load<u32>((<usize>(a >> 40) & 255) << 2, CRC_TABLES + 10 * 1024) ^
    load<u32>((<usize>(a >> 48) & 255) << 2, CRC_TABLES + 9 * 1024) ^
    load<u32>(<usize>(a >> 56) << 2, CRC_TABLES + 8 * 1024) ^
    load<u32>((<usize>b & 255) << 2, CRC_TABLES + 7 * 1024) ^
    load<u32>((<usize>(b >> 8) & 255) << 2, CRC_TABLES + 6 * 1024) ^
    load<u32>((<usize>(b >> 16) & 255) << 2, CRC_TABLES + 5 * 1024) ^
    load<u32>((<usize>(b >> 24) & 255) << 2, CRC_TABLES + 4 * 1024) ^
    load<u32>((<usize>(b >> 32) & 255) << 2, CRC_TABLES + 3 * 1024) ^
    load<u32>((<usize>(b >> 40) & 255) << 2, CRC_TABLES + 2 * 1024) ^
    load<u32>((<usize>(b >> 48) & 255) << 2, CRC_TABLES + 1024) ^
    load<u32>(<usize>(b >> 56) << 2, CRC_TABLES)
  );
}

@inline
export function crcStep1(crc: u32, byte: u32): u32 {
  return (crc >> 8) ^ load<u32>(<usize>((crc ^ byte) & 255) << 2, CRC_TABLES);
}

/** CRC of the bytes under the polynomial in use. */
export function crc(p: usize, length: usize): u32 {
  const end = p + length;
  let crc: u32 = 0xffffffff;
  for (; p + 16 <= end; p += 16) crc = crcStep16(crc, load<u64>(p), load<u64>(p, 8));
  for (; p < end; p++) crc = crcStep1(crc, load<u8>(p));
  return ~crc;
}
