import { joinBytes, utf8 } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import type { Native } from '../ports.ts';
import { scalarHmac, scalarSha2 } from './sha256.ts';

/** Key derivation (spec/repository-format.md sections 2.2 and 3). Inputs are short: plain TypeScript is enough. */

export const DEFAULT_KEY_ALGORITHM = 'scrypt-65536-8-1';

export function sha256(data: Uint8Array, native: Native = {}): Uint8Array {
  return native.sha256?.(data) ?? scalarSha2(data, 32);
}

export function hmacSha256(key: Uint8Array, data: Uint8Array, native: Native = {}): Uint8Array {
  return native.hmacSha256?.(key, data) ?? scalarHmac(key, data, 32);
}

/** RFC 5869, at most 255 x 32 bytes. An empty input key is an error, as in Kopia. */
export function hkdfSha256(
  inputKey: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
  native: Native = {},
): Uint8Array {
  if (inputKey.length === 0) throw new CairnError('invalid-argument', 'cannot derive a key from an empty one');
  if (length > 255 * 32) throw new CairnError('invalid-argument', `cannot derive a key of ${length} bytes`);
  const key = hmacSha256(salt, inputKey, native);
  const out = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let at = 0, i = 1; at < length; at += 32, i++) {
    block = Uint8Array.from(hmacSha256(key, joinBytes([block, info, Uint8Array.of(i)]), native));
    out.set(block.subarray(0, length - at), at);
  }
  return out;
}

type Derive = (password: Uint8Array, salt: Uint8Array, native: Native) => Uint8Array | Promise<Uint8Array>;

const formatKeyAlgorithms: Record<string, Derive> = {
  [DEFAULT_KEY_ALGORITHM]: async (password, salt, native) => {
    if (native.scrypt !== undefined) return native.scrypt(password, salt, { N: 65536, r: 8, p: 1 }, 32);
    const { scrypt } = await import('hash-wasm');
    const cost = { costFactor: 65536, blockSize: 8, parallelism: 1, hashLength: 32 };
    return scrypt({ password, salt, ...cost, outputType: 'binary' });
  },
  'pbkdf2-sha256-600000': async (password, salt, native) => {
    if (native.pbkdf2Sha256 !== undefined) return native.pbkdf2Sha256(password, salt, 600_000, 32);
    const { createSHA256, pbkdf2 } = await import('hash-wasm');
    const options = { iterations: 600_000, hashLength: 32, hashFunction: createSHA256() };
    return pbkdf2({ password, salt, ...options, outputType: 'binary' });
  },
};

export const keyAlgorithmNames: readonly string[] = Object.keys(formatKeyAlgorithms);

/**
 * The 32-byte key of kopia.repository from the password as UTF-8, salted with the repository's unique ID.
 * Throws `unknown-algorithm`, `invalid-argument` for a unique ID below 16 bytes, and `unsupported` where the runtime
 * neither derives keys nor lets a library compile WebAssembly.
 */
export async function deriveFormatKey(
  algorithm: string,
  password: string,
  uniqueId: Uint8Array,
  native: Native,
): Promise<Uint8Array> {
  if (!Object.hasOwn(formatKeyAlgorithms, algorithm))
    throw new CairnError('unknown-algorithm', `unknown key derivation algorithm '${algorithm}'`, {
      data: { algorithm },
      hint: `use one of ${keyAlgorithmNames.join(', ')}`,
    });
  if (uniqueId.length < 16)
    throw new CairnError('invalid-argument', 'the unique ID of the repository must have at least 16 bytes');
  try {
    return await formatKeyAlgorithms[algorithm](utf8(password), uniqueId, native);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError)
      throw new CairnError('unsupported', `this runtime cannot compute ${algorithm}`, {
        cause: error,
        hint: 'give the derived key instead of the password',
      });
    throw error;
  }
}
