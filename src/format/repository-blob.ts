import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { indentJson, isObject, member, parseJson, type Json, type JsonObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';

/** The outer, plain JSON of kopia.repository (spec/repository-format.md section 2.1). */
export interface RepositoryBlob {
  uniqueId: Uint8Array;
  keyAlgorithm: string;
  encryption: string;
  sealed: Uint8Array;
  /** All keys as they were read, so that a rewrite keeps the unknown ones. */
  json: JsonObject;
}

export const REPOSITORY = 'kopia.repository';
const damagedHint =
  'is it the right folder or bucket? a damaged kopia.repository cannot be rebuilt; restore it from a copy';

export function parseRepositoryBlob(bytes: Uint8Array): RepositoryBlob {
  let json: Json;
  try {
    json = parseJson(fromUtf8(bytes));
  } catch (cause) {
    throw new CairnError('corrupt', `invalid repository format: ${REPOSITORY} is not JSON (${bytes.length} bytes)`, {
      cause,
      hint: damagedHint,
    });
  }
  if (!isObject(json))
    throw new CairnError('corrupt', `invalid repository format: ${REPOSITORY} holds no object`, { hint: damagedHint });
  const outer = json;
  const text = (key: string) => {
    const value = member(outer, key);
    return typeof value === 'string' ? value : '';
  };
  const uniqueId = fromBase64(text('uniqueID'));
  const sealed = fromBase64(text('encryptedBlockFormat'));
  if (uniqueId === undefined || uniqueId.length === 0 || sealed === undefined || sealed.length === 0)
    throw new CairnError('corrupt', `invalid repository format: ${REPOSITORY} lacks its ID or its sealed part`, {
      hint: damagedHint,
    });
  const encryption = text('encryption');
  if (encryption !== 'AES256_GCM')
    throw new CairnError('unknown-algorithm', `unknown encryption of ${REPOSITORY}: '${encryption}'`, {
      data: { encryption },
    });
  return { uniqueId, keyAlgorithm: text('keyAlgo'), encryption, sealed, json: { ...outer } };
}

/** Two-space indentation and a final newline, as Kopia writes it. */
export function encodeRepositoryBlob(blob: RepositoryBlob): Uint8Array {
  const current: JsonObject = {
    uniqueID: toBase64(blob.uniqueId),
    keyAlgo: blob.keyAlgorithm,
    encryption: blob.encryption,
    encryptedBlockFormat: toBase64(blob.sealed),
  };
  const rest = new Set(Object.keys(current).map((key) => key.toLowerCase()));
  const kept = Object.fromEntries(Object.entries(blob.json).filter(([key]) => !rest.has(key.toLowerCase())));
  return utf8(indentJson({ ...kept, ...current }) + '\n');
}
