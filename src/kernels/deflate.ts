/** gzip (RFC 1952) and raw DEFLATE (RFC 1951): the runtime's own, else the inflate kernel and a plain writer. */
import type { Native } from '../ports.ts';
import type { Codecs } from './codecs.ts';
import type { Codec } from './compress.ts';
import { readGzip, writeGzip } from './deflate-gzip.ts';
import { inflate, inflatedBound } from './deflate-inflate.ts';
import { writeDeflate } from './deflate-writer.ts';

/** Levels are zlib's, 1 to 9; decoders throw on bad data and on more than `limit` bytes. `into` as for a `Compressor`. */
export interface DeflateEngine {
  gzip(data: Uint8Array, level: number): Uint8Array;
  gunzip(stream: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
  deflate(data: Uint8Array, level: number): Uint8Array;
  inflate(stream: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
}

export function gzipCodec(engine: DeflateEngine, level: number): Codec {
  return {
    compress: (data) => engine.gzip(data, level),
    decompress: (stream, limit, into) => engine.gunzip(stream, limit, into),
  };
}

export function deflateCodec(engine: DeflateEngine, level: number): Codec {
  return {
    compress: (data) => engine.deflate(data, level),
    decompress: (stream, limit, into) => engine.inflate(stream, limit, into),
  };
}

/** The runtime's own; undefined where it lacks any of the four. */
export function nativeDeflate(native: Native): DeflateEngine | undefined {
  const { gzip, gunzip, deflateRaw, inflateRaw } = native;
  if (gzip === undefined || gunzip === undefined || deflateRaw === undefined || inflateRaw === undefined)
    return undefined;
  return {
    gzip: (data, level) => gzip.call(native, data, level),
    gunzip: (stream, limit, into) => gunzip.call(native, stream, inflatedBound(stream.length, limit), into),
    deflate: (data, level) => deflateRaw.call(native, data, level),
    inflate: (stream, limit, into) => inflateRaw.call(native, stream, inflatedBound(stream.length, limit), into),
  };
}

/** Where the runtime has none that is synchronous. The writer knows one level; nothing needs it to be small there. */
export function kernelDeflate(codecs: Codecs): DeflateEngine {
  return {
    gzip: (data) => writeGzip(data),
    gunzip: (stream, limit) => readGzip(codecs, stream, limit),
    deflate: (data) => writeDeflate(data),
    inflate: (stream, limit) => inflate(codecs, stream, 0, limit).data,
  };
}
