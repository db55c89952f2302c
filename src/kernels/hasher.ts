import { CairnError } from '../errors.ts';
import type { Native } from '../ports.ts';
import { blake2b, blake2KeyBlock } from './blake2b.ts';
import { blake2s } from './blake2s.ts';
import { blake3, blake3DeriveKey } from './blake3.ts';
import { coreBlake2b, coreBlake2s, coreBlake3, coreHmac } from './core-hasher.ts';
import type { CoreKernel } from './core.ts';
import { scalarHmac, type Sha2Length } from './sha256.ts';
import type { Hasher } from './types.ts';

export const DEFAULT_HASH = 'BLAKE2B-256-128';

type Make = (secret: Uint8Array, core: CoreKernel | undefined, native: Native) => Hasher | Promise<Hasher>;

/** The keyed hashes of spec/repository-format.md section 4. */
const makers: Record<string, Make> = {
  [DEFAULT_HASH]: (secret, core) => makeBlake2b(secret, core, 16),
  'BLAKE2B-256': (secret, core) => makeBlake2b(secret, core, 32),
  'BLAKE2S-128': (secret, core) => {
    if (secret.length === 0) throw new CairnError('invalid-argument', 'BLAKE2S-128 needs a key');
    return makeBlake2s(secret, core, 16);
  },
  'BLAKE2S-256': (secret, core) => makeBlake2s(secret, core, 32),
  'BLAKE3-256': (secret, core) => makeBlake3(secret, core, 32),
  'BLAKE3-256-128': (secret, core) => makeBlake3(secret, core, 16),
  'HMAC-SHA256': (secret, core, native) => makeHmac(secret, core, native.hmacSha256, 32, 32),
  'HMAC-SHA256-128': (secret, core, native) => makeHmac(secret, core, native.hmacSha256, 16, 32),
  'HMAC-SHA224': (secret, core, native) => makeHmac(secret, core, native.hmacSha224, 28, 28),
  'HMAC-SHA3-224': (secret, core) => makeHmacSha3(secret, core, 28),
  'HMAC-SHA3-256': (secret, core) => makeHmacSha3(secret, core, 32),
};

export const hasherNames: readonly string[] = Object.keys(makers);

/**
 * A repository's content hash, keyed with its secret. With `core` the hasher also reads that kernel's memory.
 * Throws `unknown-algorithm`, or `invalid-argument` for a secret the algorithm cannot take.
 */
export async function createHasher(
  name: string,
  secret: Uint8Array,
  core?: CoreKernel,
  native: Native = {},
): Promise<Hasher> {
  if (!Object.hasOwn(makers, name))
    throw new CairnError('unknown-algorithm', `unknown hash algorithm '${name}'`, {
      data: { name },
      hint: `use one of ${hasherNames.join(', ')}`,
    });
  return makers[name](secret.slice(), core, native);
}

/** A hasher of one function; where there is a kernel it reads its memory. */
function fromFunction(size: number, core: CoreKernel | undefined, hash: (data: Uint8Array) => Uint8Array): Hasher {
  const cut = (data: Uint8Array) => {
    const digest = hash(data);
    return digest.length === size ? digest : digest.slice(0, size);
  };
  if (core === undefined) return { size, hash: cut };
  return { size, hash: cut, hashAt: (address, length) => cut(core.memory.subarray(address, address + length)) };
}

function makeBlake2b(secret: Uint8Array, core: CoreKernel | undefined, size: number): Hasher {
  if (core !== undefined) return coreBlake2b(core, secret, size);
  blake2KeyBlock(secret, 128);
  return fromFunction(size, core, (data) => blake2b(data, secret, 32));
}

function makeBlake2s(secret: Uint8Array, core: CoreKernel | undefined, size: number): Hasher {
  if (core !== undefined) return coreBlake2s(core, secret, size);
  blake2KeyBlock(secret, 64);
  return fromFunction(size, core, (data) => blake2s(data, secret, size));
}

function makeBlake3(secret: Uint8Array, core: CoreKernel | undefined, size: number): Hasher {
  const key = secret.length >= 32 ? secret.slice(0, 32) : blake3DeriveKey('kopia blake3 derived key v1', secret);
  return core === undefined ? fromFunction(size, core, (data) => blake3(data, key)) : coreBlake3(core, key, size);
}

function makeHmac(
  secret: Uint8Array,
  core: CoreKernel | undefined,
  native: ((key: Uint8Array, data: Uint8Array) => Uint8Array) | undefined,
  size: number,
  digestLength: Sha2Length,
): Hasher {
  if (native !== undefined) return fromFunction(size, core, (data) => native(secret, data));
  if (core !== undefined) return coreHmac(core, secret, size, digestLength);
  return fromFunction(size, core, (data) => scalarHmac(secret, data, digestLength));
}

/** Loaded only when asked for: the library compiles WebAssembly at run time, which the edge forbids. */
async function makeHmacSha3(secret: Uint8Array, core: CoreKernel | undefined, size: 28 | 32): Promise<Hasher> {
  const { createHMAC, createSHA3 } = await import('hash-wasm');
  const hasher = await createHMAC(createSHA3(size === 28 ? 224 : 256), secret);
  return fromFunction(size, core, (data) => hasher.init().update(data).digest('binary'));
}
