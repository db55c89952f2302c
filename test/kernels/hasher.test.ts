import { createHmac } from 'node:crypto';
import {
  createBLAKE2b,
  createBLAKE2s,
  createBLAKE3,
  createHMAC,
  createSHA224,
  createSHA256,
  createSHA3,
} from 'hash-wasm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex as hex } from '../../src/bytes/hex.ts';
import { blake2b } from '../../src/kernels/blake2b.ts';
import { blake2s } from '../../src/kernels/blake2s.ts';
import { blake3 } from '../../src/kernels/blake3.ts';
import { createHasher, hasherNames } from '../../src/kernels/hasher.ts';
import type { Native } from '../../src/ports.ts';
import { bytes, vectors, xorshift } from './data.ts';
import { loadCore } from './load.ts';

const { hashing } = vectors<{
  hashing: { vectors: { algorithm: string; secretHex: string; digests?: Record<string, string> }[] };
}>('kernels.json.gz');

const core = loadCore();
const native: Native = {
  hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
  hmacSha224: (key, data) => new Uint8Array(createHmac('sha224', key).update(data).digest()),
};
const ways = [
  { way: 'kernel', core, native: undefined },
  { way: 'scalar', core: undefined, native: undefined },
  { way: 'native', core, native },
];

const key = xorshift(32, 7);
/** Another program's digest under `key`. */
const oracles: Record<
  string,
  () => Promise<{ init(): { update(d: Uint8Array): { digest(t: 'binary'): Uint8Array } } }>
> = {
  'BLAKE2B-256-128': () => createBLAKE2b(256, key),
  'BLAKE2B-256': () => createBLAKE2b(256, key),
  'BLAKE2S-128': () => createBLAKE2s(128, key),
  'BLAKE2S-256': () => createBLAKE2s(256, key),
  'BLAKE3-256': () => createBLAKE3(256, key),
  'BLAKE3-256-128': () => createBLAKE3(256, key),
  'HMAC-SHA256': () => createHMAC(createSHA256(), key),
  'HMAC-SHA256-128': () => createHMAC(createSHA256(), key),
  'HMAC-SHA224': () => createHMAC(createSHA224(), key),
  'HMAC-SHA3-224': () => createHMAC(createSHA3(224), key),
  'HMAC-SHA3-256': () => createHMAC(createSHA3(256), key),
};

const borders = [0, 1, 55, 56, 63, 64, 65, 119, 127, 128, 129, 1023, 1024, 1025, 2048, 3072, 4096, 4097, 5120];
const block = 256 * 1024;
const longLengths = [
  block - 1,
  block,
  block + 1,
  2 * block,
  2 * block + 1,
  3 * block + 5000,
  7 * block + 1024,
  8 * block,
];
const stream = xorshift(8 * block + 100);

describe.each(ways)('hashes by $way', ({ core, native }) => {
  it('match what Kopia computed, for every name and kind of secret', async () => {
    const inputs: Record<string, Uint8Array> = {
      abc: new TextEncoder().encode('abc'),
      empty: new Uint8Array(0),
      xorshift200000: xorshift(200_000),
      zeros100: new Uint8Array(100),
    };
    let checked = 0;
    for (const { algorithm, secretHex, digests } of hashing.vectors) {
      if (digests === undefined) {
        await expect(createHasher(algorithm, bytes(secretHex), core, native)).rejects.toThrow('needs a key');
        continue;
      }
      const hasher = await createHasher(algorithm, bytes(secretHex), core, native);
      for (const [input, digest] of Object.entries(digests)) {
        expect(hex(hasher.hash(inputs[input])), `${algorithm} ${secretHex} ${input}`).toBe(digest);
        expect(hasher.size).toBe(digest.length / 2);
        checked++;
      }
    }
    expect(checked).toBe(128);
    expect(new Set(hashing.vectors.map((vector) => vector.algorithm))).toEqual(new Set(hasherNames));
  });

  it.each(hasherNames)('%s matches another program at every border and random length', async (name) => {
    const hasher = await createHasher(name, key, core, native);
    const oracle = await oracles[name]();
    const check = (data: Uint8Array) => {
      const expected = oracle.init().update(data).digest('binary').slice(0, hasher.size);
      expect(hex(hasher.hash(data)), `${data.length} bytes`).toBe(hex(expected));
    };
    for (const length of borders) check(stream.subarray(3, 3 + length));
    fc.assert(
      fc.property(fc.nat(9000), fc.nat(64), (length, from) => check(stream.subarray(from, from + length))),
      {
        numRuns: 40,
      },
    );
    if (core !== undefined) for (const length of longLengths) check(stream.subarray(1, 1 + length));
    else check(stream.subarray(0, block + 1025));
  });
});

describe('hashes in the memory of the kernel', () => {
  it.each(hasherNames)('%s gives the same at any address', async (name) => {
    const hasher = await createHasher(name, key, core, native);
    core.memory.set(stream, core.contentAddress);
    for (const length of [...borders, 2 * block + 77]) {
      for (const from of [0, 5]) {
        const digest = hex(hasher.hash(stream.slice(from, from + length)));
        expect(hex(hasher.hashAt!(core.contentAddress + from, length))).toBe(digest);
        expect(
          hex(hasher.hash(core.memory.subarray(core.contentAddress + from, core.contentAddress + from + length))),
        ).toBe(digest);
      }
    }
  });

  it.each(['BLAKE2B-256-128', 'BLAKE2B-256', 'BLAKE2S-128', 'BLAKE2S-256'])('%s hashes many at once', async (name) => {
    for (const secret of [key, new Uint8Array(0)]) {
      if (secret.length === 0 && name === 'BLAKE2S-128') continue;
      const hasher = await createHasher(name, secret, core);
      core.memory.set(stream, core.contentAddress);
      const piece = fc.record({
        address: fc.nat(1000).map((offset) => core.contentAddress + offset),
        length: fc.oneof(fc.nat(700), fc.constantFrom(...borders), fc.nat(20_000)),
      });
      const check = (pieces: { address: number; length: number }[]) => {
        const expected = pieces.map(({ address, length }) => hex(hasher.hashAt!(address, length)));
        expect(hex(hasher.hashManyAt!(pieces))).toBe(expected.join(''));
      };
      fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), check), { numRuns: 60 });
      check(Array.from({ length: 600 }, (_, i) => ({ address: core.contentAddress + i, length: (i * 37) % 500 })));
    }
  });

  it('shares one kernel between hashers', async () => {
    const hashers = await Promise.all(hasherNames.map((name) => createHasher(name, key, core)));
    const alone = await Promise.all(hasherNames.map((name) => createHasher(name, key, loadCore())));
    for (let round = 0; round < 3; round++)
      for (const [i, hasher] of hashers.entries())
        expect(hex(hasher.hash(stream.subarray(0, 3000 + round)))).toBe(
          hex(alone[i].hash(stream.subarray(0, 3000 + round))),
        );
  });

  it('hashes the largest content', async () => {
    const data = core.memory.subarray(core.contentAddress, core.contentAddress + 16 * 1024 * 1024);
    for (let at = 0; at < data.length; at += stream.length) data.set(stream.subarray(0, data.length - at), at);
    const hasher = await createHasher('BLAKE3-256', key, core);
    const oracle = await createBLAKE3(256, key);
    expect(hex(hasher.hashAt!(data.byteOffset, data.length))).toBe(oracle.init().update(data).digest());
  });
});

describe('official vectors', () => {
  const abc = new TextEncoder().encode('abc');
  const none = new Uint8Array(0);

  it('BLAKE2b and BLAKE2s: RFC 7693 appendices A and B', () => {
    expect(hex(blake2b(abc, none, 64))).toBe(
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
    );
    expect(hex(blake2s(abc, none, 32))).toBe('508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982');
  });

  it('BLAKE3 keyed: the inputs of its test_vectors.json', async () => {
    const official = new TextEncoder().encode('whats the Elvish word for friend');
    const input = Uint8Array.from({ length: 102_400 }, (_, i) => i % 251);
    const oracle = await createBLAKE3(256, official);
    const kernel = await createHasher('BLAKE3-256', official, core);
    expect(hex(blake3(none, official))).toBe('92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26');
    for (const length of [
      0, 1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2048, 2049, 3072, 3073,
    ].concat([4096, 4097, 5120, 5121, 6144, 6145, 7168, 7169, 8192, 8193, 16_384, 31_744, 102_400])) {
      const digest = oracle.init().update(input.subarray(0, length)).digest();
      expect(hex(blake3(input.subarray(0, length), official)), `${length}`).toBe(digest);
      expect(hex(kernel.hash(input.subarray(0, length))), `${length}`).toBe(digest);
    }
  });
});

describe('createHasher refuses', () => {
  it('names it does not know', async () => {
    for (const name of ['', 'MD5', 'blake2b-256', 'constructor', '__proto__'])
      await expect(createHasher(name, key, core)).rejects.toMatchObject({ code: 'unknown-algorithm' });
  });

  it('secrets the algorithm cannot take', async () => {
    for (const kernel of [core, undefined]) {
      await expect(createHasher('BLAKE2B-256', new Uint8Array(65), kernel)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
      await expect(createHasher('BLAKE2S-256', new Uint8Array(33), kernel)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
      await expect(createHasher('BLAKE2S-128', new Uint8Array(0), kernel)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });
});
