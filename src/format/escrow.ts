import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { equalBytes, fromUtf8, utf8 } from '../bytes/gather.ts';
import { toHex } from '../bytes/hex.ts';
import { indentJson, isObject, member, parseJson } from '../bytes/json.ts';
import { formatTime } from '../bytes/time.ts';
import type { BlobStorage } from '../blob/storage.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { Native } from '../ports.ts';
import { BLOBCFG } from './blobcfg.ts';
import {
  openFormat,
  readFormatBlobs,
  retentionFor,
  type Credentials,
  type FormatBlobs,
  type RepositoryFormat,
} from './format.ts';
import { parseRepositoryBlob, REPOSITORY } from './repository-blob.ts';

/**
 * A copy of the two format blobs in one file. Without kopia.repository nothing in a repository can be decrypted, and
 * repositories of version 2 and 3 hold no second copy. The file is as safe as the blobs are: the password still locks it.
 */
const KIND = 'cairn-repository-format';

export function encodeEscrow(blobs: FormatBlobs, now: bigint): Uint8Array {
  const { uniqueId } = parseRepositoryBlob(blobs.repository);
  return utf8(
    indentJson({
      kind: KIND,
      version: 1,
      uniqueIDHex: toHex(uniqueId),
      exported: formatTime(now),
      blobs: {
        [REPOSITORY]: toBase64(blobs.repository),
        [BLOBCFG]: blobs.blobcfg === undefined ? undefined : toBase64(blobs.blobcfg),
      },
    }) + '\n',
  );
}

/** Also takes a bare copy of kopia.repository, as a file manager saves it. */
export function decodeEscrow(file: Uint8Array): FormatBlobs {
  const bad = (cause?: unknown) =>
    new CairnError('corrupt', "this is no file that 'cairn repository export-format' saved", { cause });
  let json;
  try {
    json = parseJson(fromUtf8(file));
  } catch (cause) {
    throw bad(cause);
  }
  if (!isObject(json)) throw bad();
  if (member(json, 'encryptedBlockFormat') !== undefined) {
    parseRepositoryBlob(file);
    return { repository: file, blobcfg: undefined };
  }
  const blobs = member(json, 'blobs');
  if (member(json, 'kind') !== KIND || member(json, 'version') !== 1 || !isObject(blobs)) throw bad();
  const bytes = (id: string) => {
    const text = blobs[id];
    const decoded = typeof text === 'string' ? fromBase64(text) : undefined;
    if (text !== undefined && decoded === undefined) throw bad();
    return decoded;
  };
  const repository = bytes(REPOSITORY);
  if (repository === undefined) throw bad();
  parseRepositoryBlob(repository);
  return { repository, blobcfg: bytes(BLOBCFG) };
}

export async function exportFormat(storage: BlobStorage, now: bigint): Promise<Uint8Array> {
  return encodeEscrow(await readFormatBlobs(storage), now);
}

/**
 * Puts the copy back. It must open with the given password. Stored blobs that still open are only replaced with `force`
 * (they may be newer: a changed password, other parameters); those of another repository never are.
 */
export async function importFormat(
  storage: BlobStorage,
  file: Uint8Array,
  credentials: Credentials,
  native: Native,
  options: { force?: boolean } = {},
): Promise<RepositoryFormat> {
  const copy = decodeEscrow(file);
  const format = await openFormat(copy, credentials, native);
  const current = await readFormatBlobs(storage).catch((error: unknown) => {
    if (isCairnError(error, 'not-a-repository')) return undefined;
    throw error;
  });
  if (current !== undefined) await checkReplaceable(current, format, native, options.force ?? false);
  else if (await isEmpty(storage))
    throw new CairnError('not-a-repository', `${storage.displayName} is empty: there is no repository to repair`);
  if (copy.blobcfg !== undefined && (current?.blobcfg === undefined || !equalBytes(current.blobcfg, copy.blobcfg)))
    await storage.put(BLOBCFG, copy.blobcfg, retentionFor(BLOBCFG, format.blobConfig));
  await storage.put(REPOSITORY, copy.repository, retentionFor(REPOSITORY, format.blobConfig));
  return format;
}

async function checkReplaceable(
  current: FormatBlobs,
  format: RepositoryFormat,
  native: Native,
  force: boolean,
): Promise<void> {
  let id: Uint8Array | undefined;
  try {
    id = parseRepositoryBlob(current.repository).uniqueId;
  } catch (error) {
    if (!isCairnError(error)) throw error;
    return; // damaged beyond telling whose it is
  }
  if (!equalBytes(id, format.uniqueId))
    throw new CairnError('invalid-argument', 'the copy belongs to another repository', {
      data: { stored: toHex(id), copy: toHex(format.uniqueId) },
    });
  if (force) return;
  try {
    await openFormat(current, { formatKey: format.formatKey }, native);
  } catch (error) {
    if (isCairnError(error, 'corrupt') || isCairnError(error, 'unknown-algorithm')) return;
    throw new CairnError('wrong-password', `the stored ${REPOSITORY} does not open with this password`, {
      cause: error,
      hint: 'it is damaged, or its password was changed after the copy was made; pass --force to put the copy in its place',
    });
  }
  throw new CairnError('already-initialized', `the stored ${REPOSITORY} is in order: nothing to repair`, {
    hint: 'pass --force to replace it all the same',
  });
}

async function isEmpty(storage: BlobStorage): Promise<boolean> {
  for await (const _ of storage.list('')) return false;
  return true;
}
