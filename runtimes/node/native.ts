import * as crypto from 'node:crypto';
import * as zlib from 'node:zlib';
import { CairnError } from '../../src/errors.ts';
import type { Native } from '../../src/ports.ts';
import { aesGcm, chachaPoly } from './aead.ts';
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
  return (data: Uint8Array, limit: number): Uint8Array => {
    try {
      const result = decode(data, { maxOutputLength: Math.max(limit, 1), chunkSize: chunkSize(limit) });
      if (result.length <= limit) return plainBytes(result);
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== 'ERR_BUFFER_TOO_LARGE') {
        throw new CairnError('corrupt', `${name} data is damaged`, { cause });
      }
    }
    throw new CairnError('corrupt', `${name} data holds more than ${limit} bytes`);
  };
}

/** One chunk with a byte to spare for small results, few for large ones. */
function chunkSize(expected: number): number {
  return Math.min(Math.max(expected + 1, 64), 256 * 1024);
}

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
  gzip: (data, level) => plainBytes(zlib.gzipSync(data, { level, chunkSize: chunkSize(data.length) })),
  gunzip: inflater('gzip', zlib.gunzipSync),
  deflateRaw: (data, level) => plainBytes(zlib.deflateRawSync(data, { level, chunkSize: chunkSize(data.length) })),
  inflateRaw: inflater('deflate', zlib.inflateRawSync),
  ...(zstdCompressSync !== undefined &&
    zstdDecompressSync !== undefined && {
      zstdCompress: (data: Uint8Array, level: number) =>
        plainBytes(
          zstdCompressSync(data, {
            params: { [ZSTD_COMPRESSION_LEVEL]: level },
            pledgedSrcSize: data.length,
            chunkSize: chunkSize(data.length),
          }),
        ),
      zstdDecompress: inflater('zstd', zstdDecompressSync),
    }),
};
