import { webcrypto } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, utf8 } from '../../src/bytes/gather.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { aead } from '../../src/kernels/aead.ts';
import { cipherNames, createCipher } from '../../src/kernels/cipher.ts';
import type { Native, NativeAead, Random } from '../../src/ports.ts';
import { bytes, vectors, xorshift } from './data.ts';
import { loadCore } from './load.ts';

const { encryption } = vectors<{
  encryption: ({ algorithm: string; ciphertextHex: string } & Record<string, string>)[];
}>('kernels.json.gz');

const core = loadCore();
const random: Random = (into) => {
  for (let at = 0; at < into.length; at += 65536) webcrypto.getRandomValues(into.subarray(at, at + 65536));
};

/** AES-GCM as a runtime has it that only offers WebCrypto: asynchronous. */
const web: NativeAead = {
  async seal(key, iv, additionalData, plain, out) {
    const imported = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
    out.set(new Uint8Array(await webcrypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, imported, plain)));
  },
  async open(key, iv, additionalData, sealed, out) {
    const imported = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
    try {
      out.set(
        new Uint8Array(await webcrypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, imported, sealed)),
      );
      return true;
    } catch {
      return false;
    }
  },
};

const ways: { way: string; native: Native; core: typeof core | undefined }[] = [
  { way: 'the library', native: {}, core: undefined },
  { way: 'the kernel where it has one', native: {}, core },
  { way: 'WebCrypto for AES', native: { aesGcm: web }, core },
];
const masterKey = xorshift(32, 3);

function refused(open: () => unknown): Promise<void> {
  return expect((async () => open())()).rejects.toMatchObject({ code: 'authentication-failed' });
}

describe.each(ways)('ciphers by $way', ({ native, core }) => {
  it('open what Kopia sealed', async () => {
    expect(encryption.length).toBe(8);
    for (const vector of encryption) {
      const value = (name: string) =>
        vector[`${name}Hex`] === undefined ? utf8(vector[`${name}Ascii`]) : bytes(vector[`${name}Hex`]);
      const cipher = createCipher(vector.algorithm, value('masterKey'), { native, random }, core);
      const plain = await cipher.open(value('contentID'), value('ciphertext'));
      expect(toHex(plain)).toBe(toHex(value('plaintext')));
    }
  });

  it.each(cipherNames)('%s seals what every other way opens', async (name) => {
    const cipher = createCipher(name, masterKey, { native, random }, core);
    const others = ways.map((way) => createCipher(name, masterKey, { native: way.native, random }, way.core));
    for (const length of [0, 1, 63, 64, 255, 256, 257, 1000, 300_001]) {
      const plain = xorshift(length, length + 1);
      const id = xorshift(16 + (length % 17), 9);
      const out = new Uint8Array(length + cipher.overhead + 5);
      expect(await cipher.seal(id, plain, out)).toBe(length + 28);
      expect(out.subarray(length + 28)).toEqual(new Uint8Array(5));
      const sealed = out.subarray(0, length + 28);
      for (const other of others) expect(toHex(await other.open(id, sealed))).toBe(toHex(plain));
    }
  });

  it.each(cipherNames)('%s takes data from the memory of a kernel', async (name) => {
    const cipher = createCipher(name, masterKey, { native, random }, core);
    const memory = loadCore();
    for (const owner of [core ?? memory, memory]) {
      const plain = owner.memory.subarray(owner.contentAddress + 7, owner.contentAddress + 7 + 600_000);
      plain.set(xorshift(plain.length, 21));
      const out = new Uint8Array(plain.length + 28);
      await cipher.seal(masterKey, plain, out);
      expect(equalBytes(await cipher.open(masterKey, out), plain)).toBe(true);
    }
  });

  it.each(cipherNames)('%s notices any change, another id, another key and missing bytes', async (name) => {
    const cipher = createCipher(name, masterKey, { native, random }, core);
    const id = xorshift(16, 4);
    const sealed = new Uint8Array(40 + 28);
    await cipher.seal(id, xorshift(40), sealed);
    for (let bit = 0; bit < sealed.length * 8; bit += 13) {
      const altered = sealed.slice();
      altered[bit >> 3] ^= 1 << (bit & 7);
      await refused(() => cipher.open(id, altered));
    }
    await refused(() => cipher.open(xorshift(16, 5), sealed));
    await refused(() => createCipher(name, xorshift(32, 6), { native, random }, core).open(id, sealed));
    for (const length of [0, 12, 27, 28, 67]) await refused(() => cipher.open(id, sealed.subarray(0, length)));
  });
});

describe('sealing', () => {
  it('is synchronous where the runtime is, and never uses a nonce twice', () => {
    const cipher = createCipher('CHACHA20-POLY1305-HMAC-SHA256', masterKey, { native: {}, random }, core);
    const seen = new Set<string>();
    for (let i = 0; i < 12_000; i++) {
      const out = new Uint8Array(28);
      expect(cipher.seal(masterKey, new Uint8Array(0), out)).toBe(28);
      seen.add(toHex(out.subarray(0, 12)));
    }
    expect(seen.size).toBe(12_000);
  });

  it('refuses unknown names, an empty key and too little room', () => {
    for (const name of ['', 'NONE', 'SALSA20', 'AES-256-CTR', 'constructor'])
      expect(() => createCipher(name, masterKey, { native: {}, random })).toThrow(
        expect.objectContaining({ code: 'unknown-algorithm' }),
      );
    expect(() => createCipher(cipherNames[0], new Uint8Array(0), { native: {}, random })).toThrow('empty');
    const cipher = createCipher(cipherNames[0], masterKey, { native: {}, random });
    expect(() => cipher.seal(masterKey, new Uint8Array(10), new Uint8Array(37))).toThrow('needs room for 38');
  });
});

describe('ChaCha20-Poly1305', () => {
  const library = aead('CHACHA20-POLY1305', {});
  const kernel = aead('CHACHA20-POLY1305', {}, core);

  it('RFC 8439 section 2.8.2', async () => {
    const plain = utf8(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const key = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i);
    const nonce = bytes('070000004041424344454647');
    const aad = bytes('50515253c0c1c2c3c4c5c6c7');
    for (const way of [library, kernel]) {
      const out = new Uint8Array(plain.length + 16);
      await way.seal(key, nonce, aad, plain, out);
      expect(toHex(out.subarray(0, 16))).toBe('d31a8d34648e60db7b86afbc53ef7ec2');
      expect(toHex(out.subarray(-16))).toBe('1ae10b594f09e26a7e902ecbd0600691');
    }
  });

  it('the kernel equals the library for any lengths of text and associated data', async () => {
    const data = xorshift(700_000, 77);
    const length = fc.oneof(fc.nat(2000), fc.constantFrom(262_143, 262_144, 262_145, 524_288));
    await fc.assert(
      fc.asyncProperty(length, fc.nat(400), fc.nat(1000), async (length, aadLength, from) => {
        const [key, nonce, aad] = [xorshift(32, from + 1), xorshift(12, from + 2), xorshift(aadLength, 8)];
        const plain = data.subarray(from, from + length);
        const a = new Uint8Array(length + 16);
        const b = new Uint8Array(length + 16);
        await library.seal(key, nonce, aad, plain, a);
        await kernel.seal(key, nonce, aad, plain, b);
        expect(equalBytes(a, b)).toBe(true);
        const opened = new Uint8Array(length);
        expect(await kernel.open(key, nonce, aad, a, opened)).toBe(true);
        expect(equalBytes(opened, plain)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('sums that wrap around 2^130 - 5 and 2^128', async () => {
    // Keys and texts of all ones push every limb to its limit.
    for (const length of [16, 32, 48, 160]) {
      for (const seed of [1, 2, 3, 4, 5]) {
        const [key, nonce] = [xorshift(32, seed), xorshift(12, seed)];
        const stream = new Uint8Array(length + 16);
        await library.seal(key, nonce, new Uint8Array(0), new Uint8Array(length), stream);
        const plain = stream.subarray(0, length).map((byte) => ~byte);
        const a = new Uint8Array(length + 16);
        const b = new Uint8Array(length + 16);
        await library.seal(key, nonce, new Uint8Array(32).fill(255), plain, a);
        await kernel.seal(key, nonce, new Uint8Array(32).fill(255), plain, b);
        expect(toHex(b)).toBe(toHex(a));
      }
    }
  });

  it('leaves no plaintext behind when the tag is wrong', async () => {
    const sealed = new Uint8Array(100 + 16);
    await kernel.seal(masterKey, xorshift(12), masterKey, xorshift(100), sealed);
    sealed[115] ^= 1;
    const out = new Uint8Array(100).fill(7);
    expect(await kernel.open(masterKey, xorshift(12), masterKey, sealed, out)).toBe(false);
    expect(out).toEqual(new Uint8Array(100));
  });
});
