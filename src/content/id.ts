import { hexDigit, toHex } from '../bytes/hex.ts';
import { CairnError } from '../errors.ts';

/**
 * Content IDs (spec/repository-format.md section 4): optional prefix letter `g`..`z`, then the hex of a hash of 1..32
 * bytes. The key form is one prefix byte (0 for none) and the hash; byte order of keys is text order of IDs.
 */

/** Prefix letter of a content ID text, or the empty string. */
export function contentPrefix(id: string): string {
  return id.length % 2 === 1 ? id[0] : '';
}

/** Reads upper or lower case; gives the canonical lower-case text. The empty text is the empty ID. */
export function parseContentId(text: string): string {
  if (text === '') return '';
  const prefixed = text.length % 2 === 1;
  const hash = prefixed ? text.slice(1) : text;
  if (prefixed && (text[0] < 'g' || text[0] > 'z')) throw badId(text, `the prefix '${text[0]}' is not a letter g to z`);
  if (hash.length === 0) throw badId(text, 'it is too short');
  if (hash.length > 64) throw badId(text, 'its hash is longer than 32 bytes');
  for (let i = 0; i < hash.length; i++)
    if (hexDigit(hash.charCodeAt(i)) < 0) throw badId(text, `'${hash[i]}' is not a hex digit`);
  return prefixed ? text[0] + hash.toLowerCase() : hash.toLowerCase();
}

export function isContentId(text: string): boolean {
  return /^(?:[0-9a-f]{2}){1,32}$|^[g-z](?:[0-9a-f]{2}){1,32}$/.test(text);
}

function badId(text: string, why: string): CairnError {
  return new CairnError('invalid-argument', `malformed content ID "${text}": ${why}`, { data: { id: text } });
}

export function contentIdOf(prefix: string, hash: Uint8Array): string {
  return prefix + toHex(hash);
}

/** Bytes of the key form. */
export function keyLength(id: string): number {
  return 1 + (id.length >> 1);
}

/** Key form: prefix byte and hash. The ID must be canonical. */
export function contentKey(id: string): Uint8Array {
  const key = new Uint8Array(keyLength(id));
  putKey(id, key);
  return key;
}

/** The same, into an array of the right length. */
export function putKey(id: string, key: Uint8Array): void {
  let at = id.length & 1;
  key[0] = at === 0 ? 0 : id.charCodeAt(0);
  for (let i = 1; i < key.length; i++, at += 2)
    key[i] = hexDigit(id.charCodeAt(at)) * 16 + hexDigit(id.charCodeAt(at + 1));
}

export function contentIdFromKey(key: Uint8Array): string {
  return (key[0] === 0 ? '' : String.fromCharCode(key[0])) + toHex(key.subarray(1));
}

/** The encryptor's id: the last 16 bytes of the hash, whatever its length (spec section 5). */
export function cipherId(hash: Uint8Array): Uint8Array {
  return hash.length <= 16 ? hash : hash.subarray(hash.length - 16);
}
