import { createHash, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto';
import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/gather.ts';
import type { NativeAead } from '../../src/ports.ts';
import { ports, runtimeName } from '../runtime.ts';

const { native, random } = ports();
const corrupt = expect.objectContaining({ code: 'corrupt' });

function bytes(length: number): Uint8Array {
  const data = new Uint8Array(length);
  random(data);
  return data;
}

/** Vitest's own comparison takes seconds for megabytes. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(equalBytes(actual, expected)).toBe(true);
}

describe.each([
  ['AES-256-GCM', native.aesGcm, gcm],
  ['ChaCha20-Poly1305', native.chachaPoly, chacha20poly1305],
] as const)('%s', (name, aead, library) => {
  if (aead !== undefined) aeadTests(aead, library);
  else it('is absent only on Bun', () => expect([runtimeName, name]).toEqual(['bun', 'ChaCha20-Poly1305']));
});

function aeadTests(aead: NativeAead, library: typeof gcm | typeof chacha20poly1305): void {
  // Both sides of the slices (256 KiB) and of the change to WebCrypto on Deno (64 KiB).
  it.each([0, 1, 16, 4096, 65_519, 65_536, 262_143, 262_144, 600_001])('seals and opens %d bytes', async (length) => {
    const [key, nonce, aad, plain] = [bytes(32), bytes(12), bytes(20), bytes(length)];
    const sealed = new Uint8Array(length + 16);
    await aead.seal(key, nonce, aad, plain, sealed);
    expectBytes(sealed, library(key, nonce, aad).encrypt(plain));
    const opened = new Uint8Array(length);
    expect(await aead.open(key, nonce, aad, sealed, opened)).toBe(true);
    expectBytes(opened, plain);
  });

  it.each([100, 300_000])('refuses %d altered bytes and hands none on', async (length) => {
    const [key, nonce, aad] = [bytes(32), bytes(12), bytes(5)];
    const sealed = new Uint8Array(length + 16);
    await aead.seal(key, nonce, aad, bytes(length), sealed);
    for (const at of [0, length - 1, length + 15]) {
      const altered = Uint8Array.from(sealed);
      altered[at] ^= 1;
      const out = new Uint8Array(length);
      expect(await aead.open(key, nonce, aad, altered, out)).toBe(false);
      expect(out.every((byte) => byte === 0)).toBe(true);
    }
    expect(await aead.open(key, nonce, bytes(5), sealed, new Uint8Array(length))).toBe(false);
    for (const short of [0, 15])
      expect(await aead.open(key, nonce, aad, sealed.subarray(0, short), new Uint8Array(0))).toBe(false);
  });

  it.each([1000, 100_000])('works in WebAssembly and shared memory, %d bytes', async (length) => {
    const [key, nonce, aad, plain] = [bytes(32), bytes(12), bytes(5), bytes(length)];
    const sealed = library(key, nonce, aad).encrypt(plain);
    const memory = new Uint8Array(new WebAssembly.Memory({ initial: 8 }).buffer);
    const shared = new Uint8Array(new SharedArrayBuffer(length + 16));
    memory.set(plain, 64);
    await aead.seal(key, nonce, aad, memory.subarray(64, 64 + length), memory.subarray(200_000, 200_016 + length));
    expectBytes(memory.subarray(200_000, 200_016 + length), sealed);
    shared.set(plain);
    await aead.seal(key, nonce, aad, shared.subarray(0, length), shared);
    expectBytes(shared, sealed);
    expect(await aead.open(key, nonce, aad, shared, memory.subarray(0, length))).toBe(true);
    expectBytes(memory.subarray(0, length), plain);
  });
}

describe('hashes and keys', () => {
  const data = bytes(1000);
  const key = bytes(32);

  it('agree with their definitions', async () => {
    expectBytes(native.sha256!(data), createHash('sha256').update(data).digest());
    expectBytes(native.hmacSha256!(key, data), createHmac('sha256', key).update(data).digest());
    expectBytes(native.hmacSha224!(key, data), createHmac('sha224', key).update(data).digest());
    expectBytes(await native.pbkdf2Sha256!(key, data, 10, 40), pbkdf2Sync(key, data, 10, 40, 'sha256'));
    const cost = { N: 1024, r: 8, p: 2 };
    expectBytes(await native.scrypt!(key, data, cost, 64), scryptSync(key, data, 64, cost));
  });

  it('spend the 64 MiB of scrypt that Kopia asks for, more than node:crypto allows by itself', async () => {
    const cost = { N: 65536, r: 8, p: 1 };
    const expected = scryptSync(key, data, 32, { ...cost, maxmem: 2 ** 27 });
    expectBytes(await native.scrypt!(key, data, cost, 32), expected);
  });
});

describe('compression', () => {
  const text = new TextEncoder().encode('all work and no play makes a dull backup\n'.repeat(20_000));

  describe.each([
    ['gzip', native.gzip, native.gunzip],
    ['raw deflate', native.deflateRaw, native.inflateRaw],
    ['zstd', native.zstdCompress, native.zstdDecompress],
  ] as const)('%s', (name, compress, decompress) => {
    if (compress !== undefined && decompress !== undefined) codecTests(compress, decompress);
    else it('is absent only on older Node', () => expect([runtimeName, name]).toEqual(['node', 'zstd']));
  });

  function codecTests(
    compress: (data: Uint8Array, level: number) => Uint8Array,
    decompress: (data: Uint8Array, limit: number) => Uint8Array,
  ): void {
    it('gives back what it took', () => {
      for (const data of [new Uint8Array(0), text.subarray(0, 1), text, bytes(300_000)]) {
        const packed = compress(data, 3);
        expect(packed.constructor).toBe(Uint8Array);
        expectBytes(decompress(packed, data.length), data);
        expectBytes(decompress(packed, data.length + 1000), data);
      }
      expect(compress(text, 3).length).toBeLessThan(text.length / 20);
    });

    it('stops at the limit', () => {
      const packed = compress(text, 3);
      for (const limit of [0, 1, 1000, text.length - 1]) expect(() => decompress(packed, limit)).toThrow(corrupt);
      expect(() => decompress(compress(new Uint8Array(1), 3), 0)).toThrow(/more than 0 bytes/);
    });

    it('refuses what is none', () => {
      const damaged = compress(text, 3).map((byte, at) => (at > 12 ? ~byte : byte));
      for (const data of [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), damaged])
        expect(() => decompress(data, text.length)).toThrow(corrupt);
    });
  }

  it('reads gzip of several members, and refuses one that is cut off or followed by other bytes', () => {
    const [a, b] = [native.gzip!(text.subarray(0, 100), 6), native.gzip!(text.subarray(100, 300), 9)];
    const both = Uint8Array.from([...a, ...b]);
    expectBytes(native.gunzip!(both, 300), text.subarray(0, 300));
    expect(() => native.gunzip!(both, 299)).toThrow(corrupt);
    expect(() => native.gunzip!(both.subarray(0, both.length - 9), 300)).toThrow(corrupt);
    expect(() => native.gunzip!(Uint8Array.from([...a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 300)).toThrow(corrupt);
  });
});
