import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64 } from '../../src/bytes/base64.ts';
import { isCairnError } from '../../src/errors.ts';
import { compressorById } from '../../src/kernels/compressors.ts';
import { runs } from '../fuzz/mutate.ts';
import { ports } from '../runtime.ts';
import { codecVectors, join, mixed, plain, words } from './codecs-data.ts';
import { bytes, xorshift } from './data.ts';
import { loadCompressors } from './load-codecs.ts';

const LIMIT = 100_000;

/** Real streams by header ID: Kopia's, ours of several kinds of data, and lz4's. */
const seeds = new Map<number, Uint8Array[]>();
for (const vector of codecVectors.compression.vectors) {
  if (!vector.supported) continue;
  seeds.set(Number(vector.headerID), [
    bytes(vector.compressedHex!).subarray(4),
    fromBase64(vector.mixedCompressedBase64!)!.subarray(4),
  ]);
}
seeds.set(
  0x1400,
  Object.values(codecVectors.lz4).map((base64) => fromBase64(base64)!),
);
const chosen = [0x1000, 0x1100, 0x1103, 0x1200, 0x1201, 0x1400, 0x1500];
const inputs = [plain, mixed.subarray(319_000), words.subarray(0, 5000), xorshift(300), new Uint8Array(3000)];

type Change =
  | { kind: 'set' | 'insert'; place: number; byte: number }
  | { kind: 'cut' | 'remove' | 'repeat'; place: number; length: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constantFrom('set', 'insert'), place, byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constantFrom('cut', 'remove', 'repeat'), place, length: fc.integer({ min: 1, max: 300 }) }),
);

function altered(stream: Uint8Array, changes: readonly Change[]): Uint8Array {
  for (const each of changes) {
    const at = Math.floor(each.place * stream.length);
    const [head, tail] = [stream.slice(0, at), stream.slice(at)];
    if ('byte' in each) stream = join(head, Uint8Array.of(each.byte), tail.subarray(each.kind === 'set' ? 1 : 0));
    else if (each.kind === 'cut') stream = head;
    else if (each.kind === 'remove') stream = join(head, tail.subarray(each.length));
    else stream = join(head, tail.subarray(0, each.length), tail);
  }
  return stream;
}

describe.each([
  { way: 'kernels', compressors: loadCompressors() },
  { way: 'the runtime', compressors: loadCompressors(ports().native) },
])('any bytes to $way', ({ compressors }) => {
  it.each(chosen.map((id) => [compressorById(id).name, id] as const))('%s: data, or corrupt', async (_, id) => {
    const compressor = await compressors.byId(id);
    const streams = [...seeds.get(id)!];
    if (compressorById(id).writable) streams.push(...inputs.map((data) => compressor.compress(data)));
    const attempt = (stream: Uint8Array) => {
      try {
        return compressor.decompress(stream, LIMIT);
      } catch (error) {
        if (!isCairnError(error, 'corrupt')) throw error;
        expect(error.cause).not.toBeInstanceOf(WebAssembly.RuntimeError);
        return new Uint8Array(0);
      }
    };
    const stream = fc
      .tuple(fc.constantFrom(...streams), fc.array(change, { minLength: 1, maxLength: 4 }))
      .map(([seed, changes]) => altered(seed, changes));
    fc.assert(
      fc.property(fc.oneof({ arbitrary: stream, weight: 4 }, fc.uint8Array({ maxLength: 200 })), (input) => {
        const result = attempt(input);
        expect(result.length).toBeLessThanOrEqual(LIMIT);
        expect(result.buffer.byteLength).toBeLessThanOrEqual(LIMIT + 65536);
      }),
      { numRuns: runs },
    );
    // what went wrong before has no effect on what is whole
    if (compressorById(id).writable) expect(attempt(compressor.compress(plain))).toEqual(plain);
  });
});
