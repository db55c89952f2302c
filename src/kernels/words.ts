/** Tables and bytes as 32-bit words, for the scalar hashes. */

/** Words written as hexadecimal numbers with white space between them. */
export function hexWords(text: string): Uint32Array {
  return Uint32Array.from(text.trim().split(/\s+/), (word) => Number.parseInt(word, 16));
}

/** Numbers 0..15 written as one hexadecimal digit each; white space is only for the eye. */
export function hexDigits(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(/\s/g, ''), (digit) => Number.parseInt(digit, 16));
}

/** Loads little-endian words; bytes beyond the end of `data` count as zero. */
export function loadWords(words: Uint32Array, data: Uint8Array, at: number): void {
  for (let i = 0; i < words.length; i++, at += 4)
    words[i] = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24);
}

/** The first `length` bytes of little-endian words. */
export function wordBytes(words: Uint32Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => words[i >> 2] >>> (8 * (i & 3)));
}
