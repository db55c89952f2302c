/** S2 streams (spec/repository-format.md section 7.4); the framing is here, blocks and checksums are kernels. */
import type { Codecs, CodecsExports } from './codecs.ts';
import { type Codec, corrupt, tooLong } from './compress.ts';

const IDENTIFIER = Uint8Array.of(0xff, 0x06, 0, 0, 0x53, 0x32, 0x73, 0x54, 0x77, 0x4f); // "S2sTwO"
const SNAPPY = Uint8Array.of(0xff, 0x06, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59); // "sNaPpY"
const COMPRESSED = 0;
const UNCOMPRESSED = 1;
/** Chunk types from here on may be skipped, lower ones not. */
const SKIPPABLE = 0x80;

const BLOCK = 1024 * 1024;
const BLOCK_MAXIMUM = 4 * 1024 * 1024;
const SNAPPY_BLOCK_MAXIMUM = 64 * 1024;
/** Type, length and checksum. */
const HEAD = 8;

/** `patience`: how long the encoder looks for matches where it finds none; 6 is quick, 8 is better. */
export function s2Codec(codecs: Codecs, patience: number): Codec {
  return {
    compress: (data) => compress(codecs, data, patience),
    decompress: (stream, limit) => decompress(codecs, stream, limit),
  };
}

function compress(codecs: Codecs, data: Uint8Array, patience: number): Uint8Array {
  const blocks = Math.ceil(data.length / BLOCK);
  const result = new Uint8Array(IDENTIFIER.length + data.length + blocks * HEAD);
  const view = new DataView(result.buffer);
  result.set(IDENTIFIER);
  let at = IDENTIFIER.length;
  const block = Math.min(data.length, BLOCK);
  codecs.run(block, block + (block >> 5), (kernel, from, to) => {
    kernel.usePolynomial(kernel.CASTAGNOLI.value);
    for (let start = 0; start < data.length; start += BLOCK) {
      const plain = data.subarray(start, start + BLOCK);
      codecs.write(from, plain);
      const length = kernel.s2Encode(from, plain.length, to, patience);
      const body = length > 0 ? codecs.view(to, length) : plain;
      view.setUint32(at, ((body.length + 4) << 8) | (length > 0 ? COMPRESSED : UNCOMPRESSED), true);
      view.setUint32(at + 4, maskedCrc(kernel, from, plain.length), true);
      result.set(body, at + HEAD);
      at += HEAD + body.length;
    }
  });
  return result.subarray(0, at);
}

interface Chunk {
  readonly compressed: boolean;
  readonly start: number;
  readonly end: number;
  readonly plainLength: number;
}

/** The chunks that hold data; throws `corrupt` on bad framing and when they tell of more than `limit` bytes. */
function* dataChunks(stream: Uint8Array, limit: number): Generator<Chunk> {
  let maximum = 0;
  let total = 0;
  for (let at = 0; at < stream.length;) {
    if (at + 4 > stream.length) throw corrupt('s2', 'cut off');
    const type = stream[at];
    const start = at + 4;
    at = start + (stream[at + 1] | (stream[at + 2] << 8) | (stream[at + 3] << 16));
    if (at > stream.length) throw corrupt('s2', 'cut off');
    if (type === IDENTIFIER[0]) {
      if (begins(stream, start - 4, at, IDENTIFIER)) maximum = BLOCK_MAXIMUM;
      else if (begins(stream, start - 4, at, SNAPPY)) maximum = SNAPPY_BLOCK_MAXIMUM;
      else throw corrupt('s2', 'not an S2 stream');
      continue;
    }
    if (maximum === 0) throw corrupt('s2', 'not an S2 stream');
    if (type >= SKIPPABLE) continue;
    if (type > UNCOMPRESSED || at - start < 4) throw corrupt('s2', 'damaged');
    const compressed = type === COMPRESSED;
    const plainLength = compressed ? uvarint(stream, start + 4, at) : at - start - 4;
    if (plainLength > maximum) throw corrupt('s2', 'damaged: a block is too long');
    total += plainLength;
    if (total > limit) throw tooLong('s2', limit);
    yield { compressed, start, end: at, plainLength };
  }
}

function decompress(codecs: Codecs, stream: Uint8Array, limit: number): Uint8Array {
  let total = 0;
  let largest = 0;
  let body = 0;
  for (const chunk of dataChunks(stream, limit)) {
    total += chunk.plainLength;
    largest = Math.max(largest, chunk.plainLength);
    body = Math.max(body, chunk.end - chunk.start);
  }
  const result = new Uint8Array(total);
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 0;
  codecs.run(body, largest, (kernel, from, to) => {
    kernel.usePolynomial(kernel.CASTAGNOLI.value);
    for (const { compressed, start, end, plainLength } of dataChunks(stream, limit)) {
      const length = end - start - 4;
      codecs.write(from, stream.subarray(start + 4, end));
      if (compressed && !kernel.s2Decode(from, length, to, plainLength)) throw corrupt('s2', 'damaged');
      const plain = compressed ? to : from;
      if (maskedCrc(kernel, plain, plainLength) !== view.getUint32(start, true))
        throw corrupt('s2', 'damaged: a checksum differs');
      result.set(codecs.view(plain, plainLength), at);
      at += plainLength;
    }
  });
  return result;
}

function begins(stream: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  return end - start === word.length && word.every((byte, i) => stream[start + i] === byte);
}

function uvarint(stream: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end && at < start + 5; at++) {
    value += (stream[at] & 0x7f) * 2 ** (7 * (at - start));
    if (stream[at] < 0x80) return value;
  }
  throw corrupt('s2', 'damaged');
}

function maskedCrc(kernel: CodecsExports, at: number, length: number): number {
  const crc = kernel.crc(at, length);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
