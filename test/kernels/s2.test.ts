import { describe, expect, it } from 'vitest';
import { equalBytes, utf8 } from '../../src/bytes/gather.ts';
import { s2Codec } from '../../src/kernels/s2.ts';
import { hex, join, samples, words } from './codecs-data.ts';
import { xorshift } from './data.ts';
import { loadCodecs } from './load-codecs.ts';

const codecs = loadCodecs();
const s2 = s2Codec(codecs, 6);
const corrupt = (why: RegExp) => expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(why) });

const IDENTIFIER = join(hex('ff060000'), utf8('S2sTwO'));
const SNAPPY = join(hex('ff060000'), utf8('sNaPpY'));

function crc32c(data: Uint8Array): number {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

/** A chunk of this type; `plain` is what its checksum is over. */
function chunk(type: number, body: Uint8Array, plain: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, ((body.length + 4) << 8) | type, true);
  const crc = crc32c(plain);
  head.setUint32(4, ((crc >>> 15) | (crc << 17)) + 0xa282ead8, true);
  return join(new Uint8Array(head.buffer), body);
}

const block = (body: string, text: string) => join(IDENTIFIER, chunk(0, hex(body), utf8(text)));
const read = (stream: Uint8Array, limit = 1_000_000) => new TextDecoder().decode(s2.decompress(stream, limit));

/** Three letters, then a copy, then a repeat of `length` bytes. */
const readRepeat = (tail: string, length: number) => {
  const text = 'abc'.repeat(30000).slice(0, 7 + length);
  const prefix: number[] = [];
  let n = text.length;
  for (; n >= 128; n >>>= 7) prefix.push((n & 127) | 128);
  const head = [...prefix, n].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  expect(read(block(head + '08616263 0103' + tail, text))).toBe(text);
};

/** A literal alone, with the length that `head` tells. */
const readLiteral = (length: number, head: string) => {
  const data = utf8('x'.repeat(length));
  const stream = join(IDENTIFIER, chunk(0, join(hex(head), data), data));
  expect(read(stream)).toBe('x'.repeat(length));
};

describe('S2 blocks', () => {
  it('copies of one byte of offset', () => {
    expect(read(block('07 08616263 0103', 'abcabca'))).toBe('abcabca');
    expect(read(block('0e 08616263 1d03', 'abcabcabcabcab'))).toBe('abcabcabcabcab');
  });

  it('copies of two and of four bytes of offset', () => {
    expect(read(block('08 08616263 120300', 'abcabcab'))).toBe('abcabcab');
    expect(read(block('08 08616263 1303000000', 'abcabcab'))).toBe('abcabcab');
  });

  it('repeats of every size', () => {
    readRepeat('0100', 4);
    readRepeat('1100', 8);
    readRepeat('150000', 8);
    readRepeat('1500ff', 8 + 255);
    readRepeat('19000000', 260);
    readRepeat('1900ff10', 260 + 0x10ff);
    readRepeat('1d00020000', 65540 + 2);
  });

  it('literals of every size of length', () => {
    readLiteral(60, '3c ec');
    readLiteral(61, '3d f03c');
    readLiteral(300, 'ac02 f42b01');
    readLiteral(70000, 'f0a204 f86f1101');
    readLiteral(70000, 'f0a204 fc6f110100');
  });

  it.each([
    ['a repeat before any copy', '0708616263 0d00'],
    ['a copy from before the start', '07 08616263 0104'],
    ['a copy of offset 0', '07 08616263 0e0000'],
    ['more than the length told', '05 08616263 0103'],
    ['less than the length told', '08 08616263 0103'],
    ['a literal cut off', '07 18616263'],
    ['a literal of no sane length', '07 fcffffffff616263'],
    ['a copy cut off', '07 08616263 01'],
    ['a repeat cut off', '0e 08616263 0103 1d0000'],
    ['no length', ''],
    ['a length without end', 'ffffffffffff'],
    ['a length of 5 MiB', '8080c002 08616263'],
  ])('%s is refused', (_, text) => {
    expect(() => read(block(text, 'abcabca'))).toThrow(corrupt(/damaged/));
  });
});

describe('S2 streams', () => {
  const stream = s2.compress(words);

  it('raw chunks, padding, an index and repeated identifiers', () => {
    const raw = chunk(1, utf8('hello '), utf8('hello '));
    const all = join(IDENTIFIER, raw, hex('fe030000010203'), IDENTIFIER, hex('99020000aabb'), raw, SNAPPY, raw);
    expect(read(all)).toBe('hello hello hello ');
    expect(read(IDENTIFIER)).toBe('');
    expect(read(new Uint8Array(0))).toBe('');
  });

  it('Snappy streams, whose blocks are small', () => {
    const small = chunk(0, hex('08 08616263 120300'), utf8('abcabcab'));
    expect(read(join(SNAPPY, small))).toBe('abcabcab');
    const big = new Uint8Array(65537);
    expect(read(join(IDENTIFIER, chunk(1, big, big))).length).toBe(65537);
    expect(() => read(join(SNAPPY, chunk(1, big, big)))).toThrow(corrupt(/too long/));
  });

  it('bad framing is refused', () => {
    const raw = chunk(1, utf8('hello '), utf8('hello '));
    expect(() => read(raw)).toThrow(corrupt(/not an S2 stream/));
    expect(() => read(hex('ff06000053327354774e'))).toThrow(corrupt(/not an S2 stream/));
    expect(() => read(join(IDENTIFIER, hex('0203000010aabb')))).toThrow(corrupt(/damaged/));
    expect(() => read(join(IDENTIFIER, hex('0102000000aa')))).toThrow(corrupt(/damaged|cut off/));
    expect(() => read(join(IDENTIFIER, chunk(1, utf8('hello '), utf8('hellO '))))).toThrow(corrupt(/checksum/));
    for (const cut of [1, 9, 11, 13, 20, stream.length - 1])
      expect(() => s2.decompress(stream.subarray(0, cut), words.length), `${cut}`).toThrow(corrupt(/cut off|checksum/));
  });

  it('every altered byte of a block is noticed', () => {
    const small = s2.compress(words.subarray(0, 300));
    for (let i = 0; i < small.length; i++) {
      const altered = small.slice();
      altered[i] ^= 0x40;
      try {
        // a changed type of chunk may make it skippable: then less comes out
        expect(s2.decompress(altered, 300).length).toBeLessThan(300);
      } catch (error) {
        expect(error).toMatchObject({ code: 'corrupt' });
      }
    }
  });

  it('the limit is held before anything is decoded', () => {
    expect(() => s2.decompress(stream, words.length - 1)).toThrow(corrupt(/longer than/));
    const claim = chunk(0, hex('80808002'), words);
    const claims = join(IDENTIFIER, ...Array.from({ length: 1000 }, () => claim));
    expect(() => s2.decompress(claims, 1_000_000)).toThrow(corrupt(/longer than/));
  });

  it('both encoders round-trip, and incompressible data grows by framing only', () => {
    for (const patience of [6, 8]) {
      const codec = s2Codec(codecs, patience);
      for (const [name, data] of samples)
        expect(equalBytes(codec.decompress(codec.compress(data), data.length), data), name).toBe(true);
      expect(codec.compress(xorshift(1_100_000)).length).toBe(1_100_000 + 10 + 2 * 8);
    }
  });
});
