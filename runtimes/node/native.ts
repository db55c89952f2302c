import * as crypto from 'node:crypto';
import * as zlib from 'node:zlib';
import { copyInto } from '../../src/bytes/gather.ts';
import { release } from '../../src/bytes/release.ts';
import { CairnError } from '../../src/errors.ts';
import type { Native } from '../../src/ports.ts';
import { aesGcm, chachaPoly } from './aead.ts';
import { madeGarbage } from './garbage.ts';
import { called } from './handle.ts';

type Sum = (data: Uint8Array, options: object) => Uint8Array;

/** Not in the types of Node 20. */
interface Zstd {
  zstdCompressSync?: Sum;
  zstdDecompressSync?: Sum;
}
const { zstdCompressSync, zstdDecompressSync } = zlib as Zstd;
const ZSTD_COMPRESSION_LEVEL = 100;

/** The bytes without Buffer's methods; copied when they would keep much more memory alive. */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  if (buffer.length < buffer.buffer.byteLength / 2) return new Uint8Array(buffer);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function hmac(algorithm: 'sha224' | 'sha256') {
  return (key: Uint8Array, data: Uint8Array) => plainBytes(crypto.createHmac(algorithm, key).update(data).digest());
}

/**
 * A decoder that yields at most `limit` bytes; anything else is `corrupt`. Deno and Bun take a zstd stream that is cut
 * off for a whole one: kernels/ walks the frames before.
 */
function inflater(name: string, decode: Sum) {
  return (data: Uint8Array, limit: number, into?: Uint8Array): Uint8Array => {
    try {
      const result = inOneChunk(data, { maxOutputLength: Math.max(limit, 1) }, decode, limit + 1, into);
      if (result.length <= limit) return result;
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== 'ERR_BUFFER_TOO_LARGE') {
        throw new CairnError('corrupt', `${name} data is damaged`, { cause });
      }
    }
    throw new CairnError('corrupt', `${name} data holds more than ${limit} bytes`);
  };
}

/** Results up to this size come in one chunk; what a damaged length asks for beyond is taken as it comes. */
const ONE_CHUNK = 16 << 20;
/** Larger than what Node cuts from memory that buffers share. */
const OWN_MEMORY = 65 * 1024;
/** What the stream object of one call holds until it is collected. */
const HANDLE = 4096;

/**
 * The result of a zlib call that gets one chunk with room for `most` bytes. The call's stream object keeps the chunk
 * until a full collection, which many megabytes would wait for: the chunk is given back here. A large result that is not
 * in `into` is given back by whoever asked for it.
 */
function inOneChunk(data: Uint8Array, options: object, call: Sum, most: number, into?: Uint8Array): Uint8Array {
  if (most >= ONE_CHUNK) return plainBytes(call(data, options));
  const chunkSize = Math.max(most, OWN_MEMORY);
  const chunk = call(data, { ...options, chunkSize });
  if (chunk.buffer.byteLength !== chunkSize) return plainBytes(chunk);
  const result = copyInto(chunk, into);
  const canGiveBack = release(new Uint8Array(chunk.buffer));
  const isKept = result.buffer === into?.buffer || (canGiveBack && result.length >= OWN_MEMORY);
  madeGarbage(isKept ? HANDLE : result.length);
  return result;
}

const compressed = (data: Uint8Array, options: object, encode: Sum): Uint8Array =>
  inOneChunk(data, options, encode, data.length + (data.length >> 7) + 1024);

export const nodeNative: Native = {
  aesGcm,
  chachaPoly,
  sha256: (data) => plainBytes(crypto.createHash('sha256').update(data).digest()),
  hmacSha256: hmac('sha256'),
  hmacSha224: hmac('sha224'),
  scrypt: async (password, salt, { N, r, p }, length) =>
    plainBytes(
      await called<Uint8Array>((done) =>
        crypto.scrypt(password, salt, length, { N, r, p, maxmem: 160 * N * r + 1024 * r * p + 65536 }, done),
      ),
    ),
  pbkdf2Sha256: async (password, salt, iterations, length) =>
    plainBytes(await called<Uint8Array>((done) => crypto.pbkdf2(password, salt, iterations, length, 'sha256', done))),
  gzip: (data, level) => compressed(data, { level }, zlib.gzipSync),
  gunzip: inflater('gzip', zlib.gunzipSync),
  deflateRaw: (data, level) => compressed(data, { level }, zlib.deflateRawSync),
  inflateRaw: inflater('deflate', zlib.inflateRawSync),
  ...(zstdCompressSync !== undefined &&
    zstdDecompressSync !== undefined && {
      zstdCompress: (data: Uint8Array, level: number) =>
        compressed(
          data,
          { params: { [ZSTD_COMPRESSION_LEVEL]: level }, pledgedSrcSize: data.length },
          zstdCompressSync,
        ),
      zstdDecompress: inflater('zstd', zstdDecompressSync),
    }),
};
