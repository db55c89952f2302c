import { hkdfSha256 } from '../kernels/derive.ts';
import { aead } from '../kernels/aead.ts';
import { utf8 } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import type { Native, Random } from '../ports.ts';

/**
 * Sealing of the small blobs: `nonce(12) || AES-256-GCM || tag(16)` (spec/repository-format.md sections 2.2 and 2.6).
 */
export interface SealKey {
  key: Uint8Array;
  aad: Uint8Array;
}

/** Key and associated data of kopia.repository's sealed part and of kopia.blobcfg. */
export function formatSealKey(formatKey: Uint8Array, uniqueId: Uint8Array): SealKey {
  return {
    key: hkdfSha256(formatKey, uniqueId, utf8('AES'), 32),
    aad: hkdfSha256(formatKey, uniqueId, utf8('CHECKSUM'), 32),
  };
}

export async function seal(
  plain: Uint8Array,
  { key, aad }: SealKey,
  native: Native,
  random: Random,
): Promise<Uint8Array> {
  const sealed = new Uint8Array(plain.length + 28);
  random(sealed.subarray(0, 12));
  await aead('AES-256-GCM', native).seal(key, sealed.subarray(0, 12), aad, plain, sealed.subarray(12));
  return sealed;
}

/** Throws `authentication-failed` when key or bytes are wrong. */
export async function unseal(sealed: Uint8Array, { key, aad }: SealKey, native: Native): Promise<Uint8Array> {
  const fail = () => new CairnError('authentication-failed', 'the sealed bytes do not match the key');
  if (sealed.length < 28) throw fail();
  const plain = new Uint8Array(sealed.length - 28);
  if (!(await aead('AES-256-GCM', native).open(key, sealed.subarray(0, 12), aad, sealed.subarray(12), plain)))
    throw fail();
  return plain;
}
