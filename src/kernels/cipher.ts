import { utf8 } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import type { Native, NativeAead, Random } from '../ports.ts';
import { aead, type AeadName } from './aead.ts';
import { coreHmac } from './core-hasher.ts';
import type { CoreKernel } from './core.ts';
import { hkdfSha256, hmacSha256 } from './derive.ts';
import type { Cipher } from './types.ts';

export const DEFAULT_ENCRYPTION = 'AES256-GCM-HMAC-SHA256';

const aeads: Record<string, AeadName> = {
  [DEFAULT_ENCRYPTION]: 'AES-256-GCM',
  'CHACHA20-POLY1305-HMAC-SHA256': 'CHACHA20-POLY1305',
};

export const cipherNames: readonly string[] = Object.keys(aeads);

const nonceLength = 12;
const overhead = nonceLength + 16;
/** Random bytes are drawn for many nonces at once: a call per content costs as much as sealing a small one. */
const poolLength = 64 * 1024;

/**
 * The content encryption of spec/repository-format.md section 5. Results are plain values where the runtime seals
 * synchronously, promises where it does not. Throws `unknown-algorithm`, or `invalid-argument` for an empty key.
 */
export function createCipher(
  name: string,
  masterKey: Uint8Array,
  ports: { native: Native; random: Random },
  core?: CoreKernel,
): Cipher {
  if (!Object.hasOwn(aeads, name))
    throw new CairnError('unknown-algorithm', `unknown encryption algorithm '${name}'`, {
      data: { name },
      hint: `use one of ${cipherNames.join(', ')}`,
    });
  const secret = hkdfSha256(masterKey, utf8('encryption'), new Uint8Array(0), 32);
  return new ContentCipher(
    aead(aeads[name], ports.native, core),
    keyFunction(secret, ports.native, core),
    ports.random,
  );
}

/** The key of an item is the HMAC of its id; the kernel keeps the states after both pads. */
function keyFunction(secret: Uint8Array, native: Native, core?: CoreKernel): (id: Uint8Array) => Uint8Array {
  if (core === undefined) return (id) => hmacSha256(secret, id, native);
  const hasher = coreHmac(core, secret, 32, 32);
  return (id) => hasher.hash(id);
}

class ContentCipher implements Cipher {
  readonly overhead = overhead;
  private readonly aead: NativeAead;
  private readonly keyOf: (id: Uint8Array) => Uint8Array;
  private readonly random: Random;
  private pool = new Uint8Array(0);
  private poolAt = 0;

  constructor(native: NativeAead, keyOf: (id: Uint8Array) => Uint8Array, random: Random) {
    this.aead = native;
    this.keyOf = keyOf;
    this.random = random;
  }

  private nonce(): Uint8Array {
    if (this.poolAt + nonceLength > this.pool.length) {
      if (this.pool.length === 0) this.pool = new Uint8Array(poolLength);
      this.random(this.pool);
      this.poolAt = 0;
    }
    this.poolAt += nonceLength;
    return this.pool.slice(this.poolAt - nonceLength, this.poolAt);
  }

  seal(id: Uint8Array, plain: Uint8Array, out: Uint8Array): number | Promise<number> {
    const length = plain.length + overhead;
    if (out.length < length)
      throw new CairnError('invalid-argument', `sealing ${plain.length} bytes needs room for ${length}`);
    const nonce = this.nonce();
    out.set(nonce);
    const done = this.aead.seal(this.keyOf(id), nonce, id, plain, out.subarray(nonceLength, length));
    return done === undefined ? length : done.then(() => length);
  }

  open(id: Uint8Array, sealed: Uint8Array, inPlace = false): Uint8Array | Promise<Uint8Array> {
    if (sealed.length < overhead) throw altered();
    const length = sealed.length - overhead;
    const plain = inPlace ? sealed.subarray(nonceLength, nonceLength + length) : new Uint8Array(length);
    const nonce = sealed.subarray(0, nonceLength);
    const good = this.aead.open(this.keyOf(id), nonce, id, sealed.subarray(nonceLength), plain);
    if (typeof good === 'boolean') return checked(good, plain);
    return good.then((value) => checked(value, plain));
  }
}

function checked(good: boolean, plain: Uint8Array): Uint8Array {
  if (!good) throw altered();
  return plain;
}

function altered(): CairnError {
  return new CairnError('authentication-failed', 'the encrypted bytes were altered or belong to another key');
}
