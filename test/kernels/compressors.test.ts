import { describe, expect, it } from 'vitest';
import { fromBase64 } from '../../src/bytes/base64.ts';
import { equalBytes } from '../../src/bytes/gather.ts';
import { compressorById, compressorByName, compressorNames, Compressors } from '../../src/kernels/compressors.ts';
import { ports } from '../runtime.ts';
import { codecVectors, join, mixed, plain, samples } from './codecs-data.ts';
import { bytes } from './data.ts';
import { loadCompressors, loadWasm } from './load-codecs.ts';

const ways = [
  { way: 'kernels', compressors: loadCompressors() },
  { way: 'the runtime', compressors: loadCompressors(ports().native) },
];
const writable = compressorNames.filter((name) => compressorByName(name).writable);
const corrupt = expect.objectContaining({ name: 'CairnError', code: 'corrupt' });

describe('names', () => {
  it('are those of Kopia, with its IDs', () => {
    const theirs = codecVectors.compression.vectors;
    expect(compressorNames.toSorted()).toEqual(theirs.map(({ name }) => name).toSorted());
    for (const { name, headerID, deprecated, supported } of theirs) {
      expect(compressorByName(name)).toMatchObject({ id: Number(headerID), deprecated, writable: supported });
      expect(compressorById(Number(headerID)).name).toBe(name);
    }
  });

  it('unknown ones are refused with the names there are', async () => {
    expect(() => compressorByName('zstd-ultra')).toThrow(
      expect.objectContaining({ code: 'unknown-algorithm', hint: expect.stringContaining('zstd-fastest') }),
    );
    expect(() => compressorById(0x1104)).toThrow(/0x1104/);
    await expect(loadCompressors().byId(7)).rejects.toMatchObject({ code: 'unknown-algorithm' });
    await expect(loadCompressors().byName('none')).rejects.toMatchObject({ code: 'unknown-algorithm' });
  });

  it('lz4 is read only', async () => {
    const lz4 = await loadCompressors().byName('lz4');
    expect(() => lz4.compress(plain)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe.each(ways)('by $way', ({ compressors }) => {
  it.each(codecVectors.compression.vectors.filter(({ supported }) => supported))(
    'reads what Kopia wrote as $name',
    async ({ headerID, compressedHex, mixedCompressedBase64 }) => {
      const compressor = await compressors.byId(Number(headerID));
      for (const [expected, payload] of [
        [plain, bytes(compressedHex!)],
        [mixed, fromBase64(mixedCompressedBase64!)!],
      ] as const) {
        const stream = payload.subarray(4);
        expect(equalBytes(compressor.decompress(stream, expected.length), expected)).toBe(true);
        expect(equalBytes(compressor.decompress(stream, expected.length + 1000), expected)).toBe(true);
        expect(() => compressor.decompress(stream, expected.length - 1)).toThrow(corrupt);
        expect(() => compressor.decompress(stream, 0)).toThrow(corrupt);
        expect(() => compressor.decompress(stream.subarray(0, stream.length - 1), expected.length)).toThrow(corrupt);
      }
    },
  );

  it.each(writable)('reads what it wrote as %s', async (name) => {
    const compressor = await compressors.byName(name);
    for (const [sample, data] of samples) {
      const stream = compressor.compress(data);
      expect(stream.length, sample).toBeLessThan(data.length * 1.15 + 64);
      expect(equalBytes(compressor.decompress(stream, data.length), data), sample).toBe(true);
      if (data.length > 1) expect(() => compressor.decompress(stream, data.length - 1), sample).toThrow(corrupt);
      // what was allocated follows the stream, whatever the limit
      expect(compressor.decompress(stream, 2 ** 45).length, sample).toBe(data.length);
    }
  });

  it('reads gzip of several members', async () => {
    const gzip = await compressors.byName('gzip');
    const stream = join(gzip.compress(plain), gzip.compress(new Uint8Array(0)), gzip.compress(mixed));
    expect(equalBytes(gzip.decompress(stream, 400_000), join(plain, mixed))).toBe(true);
    expect(() => gzip.decompress(stream, plain.length + mixed.length - 1)).toThrow(corrupt);
  });

  it('input may be a piece of a larger buffer', async () => {
    const piece = mixed.subarray(7, 100_007);
    for (const name of writable) {
      const compressor = await compressors.byName(name);
      const stream = compressor.compress(piece);
      const inside = new Uint8Array(stream.length + 20);
      inside.set(stream, 11);
      const result = compressor.decompress(inside.subarray(11, 11 + stream.length), piece.length);
      expect(equalBytes(result, piece), name).toBe(true);
    }
  });
});

async function length(name: string, data: Uint8Array): Promise<number> {
  return (await loadCompressors().byName(name)).compress(data).length;
}

describe('sizes', () => {
  it('kernels compress as they should', async () => {
    const [, words] = samples.find(([name]) => name === 'words')!;
    expect(await length('s2-default', words)).toBeLessThan(words.length * 0.45);
    expect(await length('s2-better', words)).toBeLessThanOrEqual(await length('s2-default', words));
    expect(await length('zstd-best-compression', words)).toBeLessThan(await length('zstd-fastest', words));
    expect(await length('s2-default', mixed)).toBeLessThan(600);
  });
});

describe('loading', () => {
  it('only what is needed, once, and again after a failure', async () => {
    const asked: string[] = [];
    let works = false;
    const compressors = new Compressors({
      native: ports().native,
      wasm: async (name) => {
        asked.push(name);
        if (!works) throw new Error('offline');
        return loadWasm(name);
      },
    });
    if (ports().native.gzip !== undefined) {
      await compressors.byName('gzip');
      await compressors.byName('deflate-default');
    }
    expect(asked).toEqual([]);
    await expect(compressors.byName('s2-default')).rejects.toThrow('offline');
    works = true;
    const [one, two] = await Promise.all([compressors.byName('s2-default'), compressors.byName('lz4')]);
    expect(asked).toEqual(['codecs', 'codecs']);
    expect(await compressors.byId(0x1200)).toBe(one);
    expect(two.id).toBe(0x1400);
  });

  it('compressed data does not share the memory of the kernels', async () => {
    for (const name of ['zstd', 's2-default', 'gzip']) {
      const compressor = await loadCompressors().byName(name);
      const first = compressor.compress(plain);
      const copy = first.slice();
      compressor.compress(mixed);
      expect(equalBytes(first, copy), name).toBe(true);
    }
  });
});
