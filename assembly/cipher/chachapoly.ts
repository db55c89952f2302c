// ChaCha20-Poly1305 (RFC 8439 section 2.8). The host writes key, nonce and associated data, then calls start, seal or
// open for each piece, all but the last a multiple of 256 bytes, and finish, which leaves the tag at CIPHER_TAG.
// Bytes so far: associated data (u64 at CIPHER_STATE + 112), text (u64 at 120).

import { CIPHER_AAD, CIPHER_BLOCK, CIPHER_STATE, CIPHER_TAG } from '../map';
import { chacha20 } from './chacha20';
import { polyFinish, polyStart, polyUpdate } from './poly1305';

export function chachaPolyStart(aadLength: usize): void {
  memory.fill(CIPHER_BLOCK, 0, 256);
  chacha20(CIPHER_BLOCK, CIPHER_BLOCK, 256, 0);
  polyStart(CIPHER_BLOCK);
  polyUpdate(CIPHER_AAD, aadLength);
  store<u64>(CIPHER_STATE, aadLength, 112);
  store<u64>(CIPHER_STATE, 0, 120);
}

/** Number of the next 64 bytes, and the count moved on. Block 0 gave the one-time key. */
function advance(length: usize): u32 {
  const before = load<u64>(CIPHER_STATE, 120);
  store<u64>(CIPHER_STATE, before + length, 120);
  return 1 + <u32>(before >> 6);
}

export function chachaPolySeal(source: usize, target: usize, length: usize): void {
  chacha20(source, target, length, advance(length));
  polyUpdate(target, length);
}

export function chachaPolyOpen(source: usize, target: usize, length: usize): void {
  polyUpdate(source, length);
  chacha20(source, target, length, advance(length));
}

export function chachaPolyFinish(): void {
  polyUpdate(CIPHER_STATE + 112, 16);
  polyFinish(CIPHER_TAG);
}
