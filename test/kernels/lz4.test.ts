import { describe, expect, it } from 'vitest';
import { fromBase64 } from '../../src/bytes/base64.ts';
import { equalBytes } from '../../src/bytes/gather.ts';
import { lz4Codec } from '../../src/kernels/lz4.ts';
import { codecVectors, join, mixed, plain, words } from './codecs-data.ts';
import { bytes } from './data.ts';
import { loadCodecs } from './load-codecs.ts';

const codecs = loadCodecs();
const lz4 = lz4Codec(codecs);
const inputs: Record<string, Uint8Array> = { plain, mixed, words };
const frames = Object.entries(codecVectors.lz4).map(([name, base64]) => ({
  name,
  frame: fromBase64(base64)!,
  expected: inputs[name.split('.')[0]],
}));
const corrupt = (why: RegExp) => expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(why) });

describe.each(frames)('$name', ({ frame, expected }) => {
  it('is read', () => {
    expect(equalBytes(lz4.decompress(frame, expected.length), expected)).toBe(true);
    expect(equalBytes(lz4.decompress(frame, 2 ** 40), expected)).toBe(true);
  });

  it('holds the limit and notices cuts and bytes behind', () => {
    expect(() => lz4.decompress(frame, expected.length - 1)).toThrow(corrupt(/longer than/));
    expect(() => lz4.decompress(join(frame, bytes('00')), expected.length)).toThrow(corrupt(/follow/));
    const step = Math.ceil(frame.length / 100);
    for (let cut = 0; cut < frame.length; cut += step)
      expect(() => lz4.decompress(frame.subarray(0, cut), expected.length), `${cut}`).toThrow(corrupt(/./));
  });
});

describe('damage', () => {
  const { frame, expected } = frames.find(({ name }) => name === 'plain.blocksums')!;

  const altered = (at: number, mask: number) => frame.map((byte, i) => (i === at ? byte ^ mask : byte));

  it('every altered byte is noticed', () => {
    for (let i = 0; i < frame.length; i++) {
      expect(() => lz4.decompress(altered(i, 0x10), expected.length), `${i}`).toThrow(corrupt(/./));
    }
  });

  it('says what is wrong', () => {
    expect(() => lz4.decompress(altered(0, 1), 2000)).toThrow(corrupt(/not a frame/));
    expect(() => lz4.decompress(altered(4, 0x80), 2000)).toThrow(corrupt(/unknown form/));
    expect(() => lz4.decompress(altered(4, 1), 2000)).toThrow(corrupt(/dictionary/));
    expect(() => lz4.decompress(altered(6, 1), 2000)).toThrow(corrupt(/header checksum/));
    expect(() => lz4.decompress(altered(20, 1), 2000)).toThrow(corrupt(/checksum|damaged/));
  });
});
