import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/gather.ts';
import { nativeZstd, zstdCodec } from '../../src/kernels/zstd.ts';
import { zstdFrames } from '../../src/kernels/zstd-frame.ts';
import { ZstdWasm } from '../../src/kernels/zstd-wasm.ts';
import { ports } from '../runtime.ts';
import { hex, join, mixed, plain, samples, words } from './codecs-data.ts';
import { xorshift } from './data.ts';
import { wasmModule } from './load-codecs.ts';

const wasm = new ZstdWasm(wasmModule('zstd'));
const native = nativeZstd(ports().native);
const engines = [{ way: 'WebAssembly', engine: wasm }, ...(native ? [{ way: 'the runtime', engine: native }] : [])];
const corrupt = (why: RegExp) => expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(why) });

describe.each(engines)('by $way', ({ engine }) => {
  const zstd = zstdCodec(engine, 3);

  it('reads what either wrote, at every level', () => {
    for (const other of engines)
      for (const level of [1, 2, 3, 5, 8, 12])
        for (const [name, data] of samples.slice(-7, -1))
          expect(equalBytes(zstd.decompress(other.engine.compress(data, level), data.length), data), name).toBe(true);
  });

  it('frames one after the other, skippable ones between', () => {
    const frame = zstd.compress(plain);
    const skipped = join(hex('532a4d1805000000'), xorshift(5));
    const all = join(skipped, frame, skipped, zstd.compress(words), skipped);
    expect(equalBytes(zstd.decompress(all, plain.length + words.length), join(plain, words))).toBe(true);
    expect(() => zstd.decompress(all, plain.length + words.length - 1)).toThrow(corrupt(/longer than/));
  });

  it('raw and run-length blocks, without a content size', () => {
    // window of 1 KiB, a raw block "abc", then 1000 times "x"
    const frame = hex('28b52ffd 0000 180000616263 431f0078');
    expect(new TextDecoder().decode(zstd.decompress(frame, 5000))).toBe('abc' + 'x'.repeat(1000));
    expect(() => zstd.decompress(frame, 1002)).toThrow(corrupt(/./));
  });

  it('every cut is refused', () => {
    for (const frame of [zstd.compress(plain), zstd.compress(xorshift(40))])
      for (let cut = 0; cut < frame.length; cut++)
        expect(() => zstd.decompress(frame.subarray(0, cut), 2000), `${cut}`).toThrow(corrupt(/./));
  });

  it.each([
    ['nothing', '', /empty/],
    ['other bytes', '28b52ffc00000000', /not a frame/],
    ['bytes behind a frame', '28b52ffd2000010000 00', /./],
    ['a reserved bit', '28b52ffd0800010000', /unknown form/],
    ['a dictionary', '28b52ffd010007010000', /dictionary/],
    ['a window of 64 MiB', '28b52ffd0080010000', /window/],
    ['a content size of 16 EiB', '28b52ffde0ffffffffffffffff010000', /longer than/],
    ['a reserved block type', '28b52ffd0000070000', /damaged/],
    ['a run of 2 MiB', '28b52ffd0050fbffff78', /damaged/],
    ['a skippable frame that is cut off', '502a4d18ffffffff00', /cut off/],
    ['garbage in a block', '28b52ffd00002d0000ffffffffff', /damaged/],
  ])('%s is refused', (_, text, why) => {
    expect(() => zstd.decompress(hex(text), 100_000)).toThrow(corrupt(why));
  });
});

describe('frames', () => {
  it('tell between which lengths the data is', () => {
    for (const [name, data] of samples) {
      const frame = wasm.compress(data, 3);
      const [{ start, end, least, most }, ...more] = zstdFrames(frame);
      expect([start, end, more.length]).toEqual([0, frame.length, 0]);
      expect(least, name).toBeLessThanOrEqual(data.length);
      expect(most, name).toBeGreaterThanOrEqual(data.length);
      expect(most, name).toBeLessThanOrEqual(data.length + 128 * 1024);
    }
  });
});

describe('memory', () => {
  it('of WebAssembly is given up when it has grown large', () => {
    const engine = new ZstdWasm(wasmModule('zstd'));
    const large = new Uint8Array(70 * 1024 * 1024);
    const frame = engine.compress(large, 1);
    expect(engine.decompress(frame, large.length).length).toBe(large.length);
    expect(equalBytes(engine.decompress(engine.compress(mixed, 3), mixed.length), mixed)).toBe(true);
  });
});
