/** Connect tokens: base64url of `{"version":"1","storage":{type,config},"password"?}` (section 4.4). */
import type { ConnectionInfo } from '../../blob/storage.ts';
import { fromBase64, toBase64Url } from '../../bytes/base64.ts';
import { encodeJson, isObject, member, parseJson, type Json } from '../../bytes/json.ts';
import { CairnError } from '../../errors.ts';
import { connectionInfo } from './file.ts';

export function encodeToken(storage: ConnectionInfo, password?: string): string {
  const json = { version: '1', storage: { type: storage.type, config: storage.config }, password };
  return toBase64Url(new TextEncoder().encode(encodeJson(json)));
}

function bad(why = 'unable to decode token'): CairnError {
  return new CairnError('invalid-argument', `invalid token: ${why}`, {
    hint: "'cairn repository status -t' prints a token where the repository is connected",
  });
}

/** Line breaks inside are passed over. The token's text is never part of a message. */
export function decodeToken(token: string): { storage: ConnectionInfo; password?: string } {
  const bytes = fromBase64(token.replaceAll(/\s/g, ''));
  let json: Json = null;
  try {
    if (bytes !== undefined) json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw bad();
  }
  if (!isObject(json)) throw bad();
  if (member(json, 'version') !== '1') throw bad('unsupported token version');
  const password = member(json, 'password');
  if (password !== undefined && typeof password !== 'string') throw bad();
  return { storage: connectionInfo(member(json, 'storage'), () => bad()), ...(password ? { password } : {}) };
}
