import { createHash, createHmac, hkdfSync, pbkdf2Sync, scryptSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/bytes/gather.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { deriveFormatKey, hkdfSha256, hmacSha256, keyAlgorithmNames, sha256 } from '../../src/kernels/derive.ts';
import { scalarHmac, scalarSha2 } from '../../src/kernels/sha256.ts';
import type { Native } from '../../src/ports.ts';
import { bytes, vectors, xorshift } from './data.ts';

const { keyDerivation } = vectors<{
  keyDerivation: {
    hkdf: ({ keyHex: string; length: number; purpose: string } & Record<string, string>)[];
    passwords: { algorithm: string; keyHex: string; password?: string; passwordUtf8Hex?: string; saltHex: string }[];
  };
}>('kernels.json.gz');

const native: Native = {
  scrypt: (password, salt, cost, length) =>
    new Uint8Array(scryptSync(password, salt, length, { ...cost, maxmem: 256 * 1024 * 1024 })),
  pbkdf2Sha256: (password, salt, iterations, length) =>
    new Uint8Array(pbkdf2Sync(password, salt, iterations, length, 'sha256')),
};

describe('SHA-256, SHA-224 and HMAC', () => {
  it('match the runtime at any length', () => {
    const data = xorshift(3000);
    fc.assert(
      fc.property(fc.nat(300), fc.nat(150), fc.nat(9), (length, keyLength, from) => {
        const [piece, key] = [data.subarray(from, from + length), data.subarray(0, keyLength)];
        expect(toHex(sha256(piece))).toBe(createHash('sha256').update(piece).digest('hex'));
        expect(toHex(scalarSha2(piece, 28))).toBe(createHash('sha224').update(piece).digest('hex'));
        expect(toHex(hmacSha256(key, piece))).toBe(createHmac('sha256', key).update(piece).digest('hex'));
        expect(toHex(scalarHmac(key, piece, 28))).toBe(createHmac('sha224', key).update(piece).digest('hex'));
      }),
    );
  });

  it('take the runtime where it is given', () => {
    const marker = Uint8Array.of(1);
    expect(sha256(marker, { sha256: () => marker })).toBe(marker);
    expect(hmacSha256(marker, marker, { hmacSha256: () => marker })).toBe(marker);
  });
});

describe('HKDF-SHA256', () => {
  it('matches Kopia', () => {
    for (const { keyHex, length, purpose, masterKeyAscii, masterKeyHex, saltAscii, saltHex } of keyDerivation.hkdf) {
      const master = masterKeyHex === undefined ? utf8(masterKeyAscii) : bytes(masterKeyHex);
      const salt = saltHex === undefined ? utf8(saltAscii) : bytes(saltHex);
      expect(toHex(hkdfSha256(master, salt, utf8(purpose), length))).toBe(keyHex);
    }
  });

  it('matches the runtime at any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(80), fc.nat(40), (length, salt, info) => {
        const [a, b, c] = [xorshift(32, length), xorshift(salt, 2), xorshift(info, 3)];
        expect(toHex(hkdfSha256(a, b, c, length))).toBe(toHex(new Uint8Array(hkdfSync('sha256', a, b, c, length))));
      }),
      { numRuns: 30 },
    );
  });

  it('refuses an empty key and a length beyond its reach', () => {
    expect(() => hkdfSha256(new Uint8Array(0), masterSalt, masterSalt, 32)).toThrow('empty');
    expect(() => hkdfSha256(masterSalt, masterSalt, masterSalt, 255 * 32 + 1)).toThrow('8161');
  });
});

const masterSalt = xorshift(32);

describe.each([
  { way: 'the runtime', native },
  { way: 'the library', native: {} },
])('format keys by $way', ({ native }) => {
  it.each(keyDerivation.passwords)(
    '$algorithm $password',
    async ({ algorithm, keyHex, password, passwordUtf8Hex, saltHex }) => {
      const text = password ?? new TextDecoder().decode(bytes(passwordUtf8Hex!));
      expect(toHex(await deriveFormatKey(algorithm, text, bytes(saltHex), native))).toBe(keyHex);
    },
  );
});

describe('deriveFormatKey', () => {
  it('refuses unknown algorithms and a short unique ID', async () => {
    for (const algorithm of ['', 'scrypt', 'scrypt-1048576-8-1', 'toString'])
      await expect(deriveFormatKey(algorithm, 'x', masterSalt, native)).rejects.toMatchObject({
        code: 'unknown-algorithm',
      });
    for (const algorithm of keyAlgorithmNames)
      await expect(deriveFormatKey(algorithm, 'x', new Uint8Array(15), native)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
  });

  it('says so where the runtime forbids what the library needs', async () => {
    const forbidden: Native = {
      scrypt: () => {
        throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
      },
    };
    await expect(deriveFormatKey(keyAlgorithmNames[0], 'x', masterSalt, forbidden)).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('derived key'),
    });
  });

  it('gives the same key for an empty password by either way', async () => {
    const [a, b] = await Promise.all(
      [native, {}].map((way) => deriveFormatKey(keyAlgorithmNames[0], '', masterSalt, way)),
    );
    expect(toHex(a)).toBe(toHex(b));
  });
});
