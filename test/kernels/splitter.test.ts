import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCairnError } from '../../src/errors.ts';
import { buzhashTable, scanBuzhash } from '../../src/kernels/buzhash.ts';
import { scanRabinKarp } from '../../src/kernels/rabinkarp.ts';
import { createSplitter, isSplitterName, splitterNames } from '../../src/kernels/splitter.ts';
import type { Splitter } from '../../src/kernels/types.ts';
import { bytes, vectors, xorshift } from './data.ts';
import { loadCore } from './load.ts';

const recorded = vectors<{
  length: number;
  generator: Record<'random' | 'low', { name: string; sha256: string }>;
  splitters: Record<string, Record<'random' | 'low', number[]>>;
}>('splitters.json.gz');
const { splitters: format } = vectors<{
  splitters: {
    windowHashes: { name: string; windowHex: string; buzhash32: string; rabinkarp64: string }[];
    chunkLengths_xorshift32MiB: Record<string, number[]>;
    chunkLengths_smallAverages: Record<string, number[]>;
    chunkLengths_5MiBZeros: Record<string, number[]>;
  };
}>('kernels.json.gz');

const core = loadCore();
const MiB = 1024 * 1024;

/** Chunk lengths when the object arrives in blocks of the sizes `next` gives. */
function cut(splitter: Splitter, data: Uint8Array, next: () => number): number[] {
  const lengths: number[] = [];
  splitter.reset();
  let start = 0;
  let seen = 0;
  for (let end = 0; end < data.length;) {
    end = Math.min(end + next(), data.length);
    for (;;) {
      const length = splitter.scan(data.subarray(start), seen, end - start);
      seen = end - start;
      if (length < 0) break;
      lengths.push(length);
      start += length;
      seen = 0;
    }
  }
  if (start < data.length) lengths.push(data.length - start);
  return lengths;
}

const streams: Partial<Record<'random' | 'low', Uint8Array>> = {};

/** The two streams of the fixture: SHA-256 blocks, and four letters with runs of zeros. */
function stream(kind: 'random' | 'low'): Uint8Array {
  return (streams[kind] ??= makeStream(kind));
}

function makeStream(kind: 'random' | 'low'): Uint8Array {
  const data = new Uint8Array(recorded.length);
  const name = new TextEncoder().encode(recorded.generator[kind].name);
  const input = new Uint8Array(name.length + 8);
  input.set(name);
  const counter = new DataView(input.buffer, name.length);
  for (let i = 0; i * 32 < data.length; i++) {
    counter.setUint32(4, i);
    data.set(createHash('sha256').update(input).digest(), i * 32);
  }
  if (kind === 'low')
    for (let i = 0; i < data.length; i++) data[i] = (i >> 16) % 4 === 3 ? 0 : 'abcd'.charCodeAt(data[i] & 3);
  expect(createHash('sha256').update(data).digest('hex')).toBe(recorded.generator[kind].sha256);
  return data;
}

describe('names', () => {
  it('are the 23 that Kopia has', () => {
    expect(splitterNames.toSorted()).toEqual(Object.keys(recorded.splitters).toSorted());
    expect(splitterNames.length).toBe(23);
    for (const name of splitterNames) expect(isSplitterName(name)).toBe(true);
  });

  it('others are refused', () => {
    for (const name of [
      '',
      'FIXED-3M',
      'DYNAMIC-4M',
      'fixed',
      'DYNAMIC-16M-BUZHASH',
      'constructor',
      'FIXED-4M-BUZHASH',
    ]) {
      expect(isSplitterName(name)).toBe(false);
      expect(() => createSplitter(name, core)).toThrow(expect.objectContaining({ code: 'unknown-algorithm' }));
    }
    try {
      createSplitter('x');
    } catch (error) {
      expect(isCairnError(error) && error.hint).toContain('DYNAMIC-4M-BUZHASH');
    }
  });

  it('give minimum and maximum', () => {
    expect(createSplitter('DYNAMIC', core)).toMatchObject({ minimum: 2 * MiB, maximum: 8 * MiB });
    expect(createSplitter('FIXED')).toMatchObject({ minimum: 4 * MiB, maximum: 4 * MiB });
  });
});

describe('windows of 64 bytes', () => {
  it('the table is the one of Kopia', () => {
    const big = new Uint8Array(1024);
    for (const [i, word] of buzhashTable.entries()) new DataView(big.buffer).setUint32(4 * i, word);
    expect(createHash('sha256').update(big).digest('hex')).toBe(
      '9f95254df5585a4957a754ceac4fba2a8af24ad015e84f56db59dfc1e218f6dd',
    );
  });

  it.each(format.windowHashes)('$name', ({ windowHex, buzhash32, rabinkarp64 }) => {
    // A window ends where the hash has no bit of a mask exactly when the hash has none.
    const data = new Uint8Array(129);
    data.set(bytes(windowHex), 65);
    core.memory.set(data, core.contentAddress);
    const end = core.contentAddress + data.length;
    for (let bit = 0; bit < 32; bit++) {
      const mask = (1 << bit) >>> 0;
      const hit = (hash: string) => ((Number.parseInt(hash.slice(-8), 16) & mask) === 0 ? 128 : 129);
      expect(scanBuzhash(data, 128, 129, mask)).toBe(hit(buzhash32));
      expect(scanRabinKarp(data, 128, 129, mask)).toBe(hit(rabinkarp64));
      expect(core.exports.buzhashScan(end - 1, end, mask) - core.contentAddress).toBe(hit(buzhash32));
      expect(core.exports.rabinKarpScan(end - 1, end, mask) - core.contentAddress).toBe(hit(rabinkarp64));
    }
  });

  it('kernels and scalar code find the same places, for any mask, place and length', () => {
    const data = xorshift(70_000, 11);
    core.memory.set(data, core.contentAddress);
    fc.assert(
      fc.property(fc.nat(20), fc.integer({ min: 64, max: 40_000 }), fc.nat(30_000), (bits, from, length) => {
        const mask = 2 ** bits - 1;
        const to = from + length;
        const at = (address: number) => core.contentAddress + address;
        expect(core.exports.buzhashScan(at(from), at(to), mask)).toBe(at(scanBuzhash(data, from, to, mask)));
        expect(core.exports.rabinKarpScan(at(from), at(to), mask)).toBe(at(scanRabinKarp(data, from, to, mask)));
      }),
      { numRuns: 300 },
    );
  });

  it('cut as Kopia does for tiny averages too', () => {
    const data = new Uint8Array(64 + 20_000);
    data.set(xorshift(20_000), 64);
    for (const [name, expected] of Object.entries(format.chunkLengths_smallAverages)) {
      const [, hash, average, length] = /^(\w+) avg (\d+), first (\d+) bytes$/.exec(name)!;
      const scan = hash === 'BUZHASH' ? scanBuzhash : scanRabinKarp;
      const end = 64 + Number(length);
      const lengths: number[] = [];
      for (let start = 64; start < end;) {
        const most = Math.min(start + 2 * Number(average) - 1, end);
        const from = start + Number(average) / 2 - 1;
        const hit = from < most ? scan(data, from, most, Number(average) - 1) : most;
        const length = Math.min(hit + 1, end) - start;
        lengths.push(length);
        start += length;
      }
      // The recorded lists leave the unfinished last chunk out or in; compare what both have.
      expect(lengths.slice(0, expected.length), name).toEqual(expected);
      expect(lengths.length - expected.length, name).toBeLessThanOrEqual(1);
    }
  });
});

describe.each([
  { way: 'kernel', core },
  { way: 'scalar', core: undefined },
])('cut lists by $way', ({ core }) => {
  it.each(['random', 'low'] as const)('every name over the %s stream of the fixture', (kind) => {
    const data = stream(kind);
    for (const name of splitterNames) {
      const blocks = name.includes('RABINKARP') && core === undefined ? 4 * MiB : 256 * 1024;
      expect(
        cut(createSplitter(name, core), data, () => blocks),
        name,
      ).toEqual(recorded.splitters[name][kind]);
    }
  });

  it('zeros are cut at every minimum, without a scan', () => {
    const zeros = new Uint8Array(5 * MiB);
    for (const [name, expected] of Object.entries(format.chunkLengths_5MiBZeros))
      expect(cut(createSplitter(name, core), zeros, () => 256 * 1024)).toEqual(expected);
  });

  it('fewer bytes than the minimum give no cut', () => {
    const splitter = createSplitter('DYNAMIC-128K-BUZHASH', core);
    expect(splitter.scan(new Uint8Array(0), 0, 0)).toBe(-1);
    expect(splitter.scan(new Uint8Array(64 * 1024), 0, 64 * 1024 - 1)).toBe(-1);
    expect(splitter.scan(new Uint8Array(64 * 1024), 64 * 1024 - 1, 64 * 1024)).toBe(64 * 1024);
  });
});

describe('blocks', () => {
  it('32 MiB of the portable stream in large blocks', () => {
    const data = xorshift(32 * MiB);
    for (const [name, expected] of Object.entries(format.chunkLengths_xorshift32MiB))
      expect(
        cut(createSplitter(name, core), data, () => 8 * MiB),
        name,
      ).toEqual(expected);
  });

  const data = xorshift(3 * MiB, 5);
  const names = ['DYNAMIC-128K-BUZHASH', 'DYNAMIC-128K-RABINKARP', 'FIXED-128K'];

  it.each(names)('%s cuts the same whatever the block sizes', (name) => {
    const expected = cut(createSplitter(name), data, () => data.length);
    expect(expected.length).toBeGreaterThan(10);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 9 }), (sizes) => {
        let i = 0;
        expect(cut(createSplitter(name, core), data, () => Math.max(sizes[i++ % sizes.length], 1000))).toEqual(
          expected,
        );
      }),
      { numRuns: 12 },
    );
  });

  it.each(names)('%s scans the memory of the kernel', (name) => {
    const splitter = createSplitter(name, core);
    core.memory.set(data, core.contentAddress + 3);
    const expected = cut(createSplitter(name), data, () => data.length);
    const lengths: number[] = [];
    for (let start = 0; start < data.length;) {
      const length = splitter.scanAt!(core.contentAddress + 3 + start, 0, data.length - start);
      const view = core.memory.subarray(core.contentAddress + 3 + start, core.contentAddress + 3 + data.length);
      expect(splitter.scan(view, 0, view.length)).toBe(length);
      lengths.push(length < 0 ? data.length - start : length);
      start += lengths.at(-1)!;
    }
    expect(lengths).toEqual(expected);
  });
});
