import { utf8 } from '../../src/bytes/gather.ts';
import { bytes, vectors, xorshift } from './data.ts';

export const codecVectors = vectors<{
  compression: {
    vectors: {
      name: string;
      headerID: string;
      deprecated: boolean;
      supported: boolean;
      compressedHex?: string;
      mixedCompressedBase64?: string;
    }[];
  };
  ecc: {
    outputs: { percent: number; inputLength: number; outputLength: number; sha256: string }[];
    parityMatrixRowsHex: Record<string, string[]>;
    shardTable: Record<string, number>[];
  };
  lz4: Record<string, string>;
}>('codecs.json.gz');

/** The inputs of the vectors, by the names they have there. */
export const plain = utf8('The quick brown fox jumps over the lazy dog. '.repeat(40));
export const mixed = join(utf8('abcdefgh'.repeat(40000)), xorshift(300));
export const words = utf8(
  Array.from(
    xorshift(9000),
    (byte) => ['snow', 'stone', 'path', 'cairn', 'ridge', 'summit', 'backup', 'fog'][byte & 7] + (byte >> 3),
  ).join(' '),
);

/** Bytes of hex with spaces where they help to read it. */
export function hex(text: string): Uint8Array {
  return bytes(text.replaceAll(' ', ''));
}

export function join(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Inputs that meet the corners of encoders: nothing, hardly anything, blocks' borders, no redundancy, nothing else. */
export const samples: readonly (readonly [name: string, data: Uint8Array])[] = [
  ...[0, 1, 2, 3, 4, 15, 31, 32, 33, 64, 100].map((length) => [`${length} bytes`, plain.slice(0, length)] as const),
  ['plain', plain],
  ['mixed', mixed],
  ['words', words],
  ['random', xorshift(200_000)],
  ['zeros', new Uint8Array(1024 * 1024 + 1)],
  ['a block', repeated(1024 * 1024)],
  ['blocks', repeated(1024 * 1024 + 4000)],
];

/** Text, code-like numbers and noise in turn, never quite the same. */
function repeated(length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let seed = 1, total = 0; total < length; seed++) {
    const part = join(words.subarray(seed % 500, 3000 + (seed % 7000)), xorshift(seed % 700, seed));
    parts.push(part);
    total += part.length;
  }
  return join(...parts).slice(0, length);
}
