import { release } from '../bytes/release.ts';
import { Compressors } from '../kernels/compressors.ts';
import { createCipher } from '../kernels/cipher.ts';
import type { CoreKernel } from '../kernels/core.ts';
import { createHasher } from '../kernels/hasher.ts';
import type { Cipher, Ecc, Hasher } from '../kernels/types.ts';
import type { RepositoryParameters } from '../format/parameters.ts';
import type { Native, Random, WasmLoader } from '../ports.ts';
import { CairnError } from '../errors.ts';

export interface CryptoContext {
  native: Native;
  random: Random;
  wasm: WasmLoader;
}

/** The algorithms of one repository, with its keys. Workers make their own from the same parameters. */
export interface ContentCrypto {
  hasher: Hasher;
  cipher: Cipher;
  ecc: Ecc | undefined;
  compressors: Compressors;
  random: Random;
  /** Shards that error correction had to rebuild so far. */
  repaired: number;
}

export async function createContentCrypto(
  parameters: RepositoryParameters,
  ports: CryptoContext,
  core?: CoreKernel,
): Promise<ContentCrypto> {
  const compressors = new Compressors(ports);
  const withEcc = parameters.ecc !== '' && parameters.eccOverheadPercent > 0;
  return {
    hasher: await createHasher(parameters.hash, parameters.secret, core, ports.native),
    cipher: createCipher(parameters.encryption, parameters.masterKey, ports, core),
    ecc: withEcc
      ? (await import('../kernels/ecc.ts')).createEcc(
          parameters.ecc,
          parameters.eccOverheadPercent,
          await ports.wasm('codecs'),
        )
      : undefined,
    compressors,
    random: ports.random,
    repaired: 0,
  };
}

/** Encrypts, then adds error correction (spec/repository-format.md sections 5 and 6). */
export async function sealBytes(crypto: ContentCrypto, id: Uint8Array, plain: Uint8Array): Promise<Uint8Array> {
  const out = new Uint8Array(plain.length + crypto.cipher.overhead);
  const length = await crypto.cipher.seal(id, plain, out);
  const sealed = length === out.length ? out : out.subarray(0, length);
  return crypto.ecc === undefined ? sealed : crypto.ecc.encode(sealed);
}

/** Undoes `sealBytes`, in place of the stored bytes where that is allowed; at once where the cipher works synchronously. */
export function openBytes(
  crypto: ContentCrypto,
  id: Uint8Array,
  stored: Uint8Array,
  inPlace = false,
): Uint8Array | Promise<Uint8Array> {
  let sealed = stored;
  if (crypto.ecc !== undefined) {
    const decoded = crypto.ecc.decode(stored);
    crypto.repaired += decoded.repaired;
    sealed = decoded.data;
  }
  return crypto.cipher.open(id, sealed, inPlace);
}

/** How a content is stored, as its index entry tells. */
export interface StoredForm {
  /** Bytes of the plaintext. */
  originalLength: number;
  /** Compression header ID, 0 for none. */
  compression: number;
}

/** Where a content may be opened: `inPlace` of the stored bytes, which are lost; `into` takes what was compressed. */
export interface OpenSpace {
  inPlace?: boolean;
  into?: Uint8Array;
}

/** Decrypts and decompresses; what comes out has the length that the index tells. A plain value where neither has to wait. */
export function openStored(
  crypto: ContentCrypto,
  id: Uint8Array,
  stored: Uint8Array,
  form: StoredForm,
  { inPlace, into }: OpenSpace = {},
): Uint8Array | Promise<Uint8Array> {
  const plain = openBytes(crypto, id, stored, inPlace);
  if (!(plain instanceof Promise) && form.compression === 0) return checkLength(form, plain);
  return inflate(crypto, form, plain, into);
}

async function inflate(
  crypto: ContentCrypto,
  form: StoredForm,
  opened: Uint8Array | Promise<Uint8Array>,
  into: Uint8Array | undefined,
): Promise<Uint8Array> {
  const plain = await opened;
  const { compression, originalLength } = form;
  return checkLength(
    form,
    compression === 0 ? plain : await decompress(crypto, plain, originalLength, compression, into),
  );
}

function checkLength({ originalLength }: StoredForm, data: Uint8Array): Uint8Array {
  if (data.length !== originalLength)
    throw new CairnError('corrupt', `it has ${data.length} bytes, the index says ${originalLength}`);
  return data;
}

/**
 * Content-level compression (section 7.2): header ID and stream where that is smaller, else the bytes as they are.
 * `space` gives the array for them; without it a new one is made.
 */
export async function compressContent(
  crypto: ContentCrypto,
  plain: Uint8Array,
  compression: number,
  space?: (length: number) => Uint8Array,
): Promise<{ data: Uint8Array; compression: number }> {
  if (compression === 0) return { data: plain, compression: 0 };
  const compressor = await crypto.compressors.byId(compression);
  const stream = compressor.compress(plain);
  const smaller = stream.length + 4 < plain.length;
  const data = smaller ? withHeader(compression, stream, space?.(stream.length + 4)) : plain;
  release(stream);
  return { data, compression: smaller ? compression : 0 };
}

export function withHeader(compression: number, stream: Uint8Array, into?: Uint8Array): Uint8Array {
  const data = into ?? new Uint8Array(stream.length + 4);
  data.set([compression >>> 24, compression >>> 16, compression >>> 8, compression]);
  data.set(stream, 4);
  return data;
}

/** Undoes `withHeader`; at most `limit` bytes come out. `expected` undefined takes the header's word for the algorithm. */
export async function decompress(
  crypto: Pick<ContentCrypto, 'compressors'>,
  data: Uint8Array,
  limit: number,
  expected?: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const header = data.length < 4 ? -1 : ((data[0] << 24) | (data[1] << 16) | (data[2] << 8) | data[3]) >>> 0;
  if (header < 0 || (expected !== undefined && header !== expected))
    throw new CairnError(
      'corrupt',
      `compressed content has the header ${header.toString(16)}, expected ${(expected ?? 0).toString(16)}`,
    );
  return (await crypto.compressors.byId(header)).decompress(data.subarray(4), limit, into);
}
