import { fromHex, toHex } from '../bytes/hex.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { openBytes, sealBytes, type ContentCrypto } from './crypto.ts';

/**
 * Blobs named after the hash of their plaintext: index, session and log blobs (spec/repository-format.md section 5).
 * Name = prefix, hex hash, and `-suffix` if there is one; the encryptor's id is the last 16 bytes of the hash in the name.
 */
export async function sealNamedBlob(
  crypto: ContentCrypto,
  prefix: string,
  suffix: string,
  plain: Uint8Array,
): Promise<{ id: string; data: Uint8Array }> {
  const id = prefix + toHex(crypto.hasher.hash(plain)) + (suffix === '' ? '' : '-' + suffix);
  return { id, data: await sealBytes(crypto, idBytes(id), plain) };
}

export async function openNamedBlob(crypto: ContentCrypto, id: string, data: Uint8Array): Promise<Uint8Array> {
  try {
    return await openBytes(crypto, idBytes(id), data);
  } catch (cause) {
    if (!isCairnError(cause)) throw cause;
    throw new CairnError(cause.code, `blob ${id} (${data.length} bytes) cannot be decrypted`, {
      cause,
      data: { blob: id },
    });
  }
}

function idBytes(id: string): Uint8Array {
  const dash = id.indexOf('-');
  const stem = dash < 0 ? id : id.slice(0, dash);
  const bytes = stem.length < 32 ? undefined : fromHex(stem.slice(-32));
  if (bytes === undefined)
    throw new CairnError('corrupt', `invalid blob name ${id}: it ends in no hash`, { data: { blob: id } });
  return bytes;
}
