import { constants, deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/gather.ts';
import { crc32 } from '../../src/kernels/crc32.ts';
import { inflate } from '../../src/kernels/deflate-inflate.ts';
import { readGzip, writeGzip } from '../../src/kernels/deflate-gzip.ts';
import { writeDeflate } from '../../src/kernels/deflate-writer.ts';
import { join, mixed, plain, samples, words } from './codecs-data.ts';
import { bytes, xorshift } from './data.ts';
import { loadCodecs } from './load-codecs.ts';

const codecs = loadCodecs();
const corrupt = (why: RegExp) => expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(why) });
const read = (stream: Uint8Array) => inflate(codecs, stream, 0, 1000).data;

/** Bytes of these bits, in the order in which they are read. */
function bits(text: string): Uint8Array {
  const all = [...text.replaceAll(' ', '')].map(Number);
  return Uint8Array.from({ length: Math.ceil(all.length / 8) }, (_, i) =>
    all.slice(8 * i, 8 * i + 8).reduce((byte, bit, at) => byte | (bit << at), 0),
  );
}

describe('inflate', () => {
  const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = constants;
  it.each([0, 1, 6, 9])('reads level %i of zlib by every strategy', (level) => {
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
      for (const [sample, data] of samples) {
        if (data.length > 1_100_000) continue;
        const stream = deflateRawSync(data, { level, strategy });
        const { data: result, end } = inflate(codecs, stream, 0, data.length);
        expect(equalBytes(result, data), `${sample}, strategy ${strategy}`).toBe(true);
        expect(end).toBe(stream.length);
      }
    }
  });

  it('ends where the stream ends', () => {
    const stream = deflateRawSync(words);
    const { data, end } = inflate(codecs, join(xorshift(9), stream, xorshift(40)), 9, words.length);
    expect(end).toBe(9 + stream.length);
    expect(equalBytes(data, words)).toBe(true);
  });

  it('codes of every length up to 15 bits', () => {
    // Fibonacci frequencies make the code as deep as it may be.
    const parts: Uint8Array[] = [];
    for (let symbol = 0, a = 1, b = 1; symbol < 22; symbol++, [a, b] = [b, a + b])
      parts.push(new Uint8Array(a).fill(symbol * 11));
    const data = join(...parts);
    for (let i = data.length - 1, r = xorshift(4 * data.length); i > 0; i--) {
      const j = (r[4 * i] | (r[4 * i + 1] << 8) | (r[4 * i + 2] << 16)) % (i + 1);
      [data[i], data[j]] = [data[j], data[i]];
    }
    const stream = deflateRawSync(data, { strategy: Z_HUFFMAN_ONLY, memLevel: 9 });
    expect(equalBytes(inflate(codecs, stream, 0, data.length).data, data)).toBe(true);
  });

  it('a piece at every cut is refused', () => {
    for (const stream of [deflateRawSync(plain), deflateRawSync(xorshift(50)), deflateRawSync(plain, { level: 0 })]) {
      for (let cut = 0; cut < stream.length; cut++)
        expect(() => inflate(codecs, stream.subarray(0, cut), 0, 2000), `${cut}`).toThrow(corrupt(/./));
    }
  });

  it('a literal, a stored block and a match by hand', () => {
    expect(read(bytes('4b0400'))).toEqual(bytes('61'));
    expect(read(bytes('010300fcff616263'))).toEqual(bytes('616263'));
    expect(read(bits('1 10 10010001 0000001 00000 0000000'))).toEqual(bytes('61616161'));
  });

  it.each([
    ['block type 3', bits('1 11')],
    ['a stored length that differs from its complement', bytes('010300fcfe616263')],
    ['a stored block cut off', bytes('010300fcff6162')],
    ['a distance before the start', bits('1 10 10010001 0000001 00001 0000000')],
    ['length symbol 286', bits('1 10 10010001 11000110 00000 0000000')],
    ['distance symbol 30', bits('1 10 10010001 0000001 11110 0000000')],
    ['too many literal codes', bits('1 01 11110 00000 0000')],
    ['too many distance codes', bits('1 01 00000 11110 0000')],
    ['an oversubscribed code', bits('1 01 00000 00000 0000 100 100 100 100')],
    ['an incomplete code', bits('1 01 00000 00000 0000 100 000 000 000')],
    ['a repeat of nothing', bits('1 01 00000 00000 0000 100 100 000 000 0 00')],
    ['no end of block', bits('1 01 00000 00000 0000 000 000 100 100 1 1111111 1 1111111')],
    ['nothing', bytes('')],
  ])('%s is refused', (_, stream) => {
    expect(() => inflateRawSync(stream)).toThrow();
    expect(() => read(stream)).toThrow(corrupt(/damaged|cut off/));
  });

  it('a bomb yields no more than asked for', () => {
    const bomb = deflateRawSync(new Uint8Array(50_000_000));
    expect(() => inflate(loadCodecs(), bomb, 0, 1000)).toThrow(corrupt(/longer than the 1000 bytes/));
  });
});

describe('gzip', () => {
  it('reads members one after the other', () => {
    const stream = join(gzipSync(plain), gzipSync(new Uint8Array(0)), gzipSync(mixed));
    expect(equalBytes(readGzip(codecs, stream, plain.length + mixed.length), join(plain, mixed))).toBe(true);
    expect(() => readGzip(codecs, stream, plain.length + mixed.length - 1)).toThrow(corrupt(/longer/));
  });

  it('skips name, comment, extra field and header checksum', () => {
    const [header, body] = [gzipSync(plain).slice(0, 10), gzipSync(plain).slice(10)];
    header[3] = 2 | 4 | 8 | 16;
    const stream = join(
      header,
      bytes('0300aabbcc'),
      bytes('6e616d6500'),
      bytes('636f6d6d656e7400'),
      bytes('1234'),
      body,
    );
    expect(equalBytes(readGzip(codecs, stream, plain.length), plain)).toBe(true);
  });

  it('refuses a wrong checksum, a wrong length, other bytes behind, and every cut', () => {
    const stream = new Uint8Array(gzipSync(plain));
    const altered = (at: number) => stream.map((byte, i) => (i === stream.length + at ? byte ^ 1 : byte));
    expect(() => readGzip(codecs, altered(-8), 2000)).toThrow(corrupt(/checksum/));
    expect(() => readGzip(codecs, altered(-4), 2000)).toThrow(corrupt(/length/));
    expect(() => readGzip(codecs, join(stream, xorshift(30)), 2000)).toThrow(corrupt(/not gzip/));
    expect(() => readGzip(codecs, join(stream, new Uint8Array(1)), 2000)).toThrow(corrupt(/cut off/));
    for (let cut = 0; cut < stream.length; cut++)
      expect(() => readGzip(codecs, stream.subarray(0, cut), 2000), `${cut}`).toThrow(corrupt(/./));
  });
});

describe('writer', () => {
  it.each(samples)('zlib reads %s', (_, data) => {
    expect(equalBytes(new Uint8Array(inflateRawSync(writeDeflate(data))), data)).toBe(true);
    expect(equalBytes(new Uint8Array(gunzipSync(writeGzip(data))), data)).toBe(true);
  });

  it('CRC-32 of "123456789"', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});
