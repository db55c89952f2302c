import { equalBytes } from '../bytes/gather.ts';
import type { BlobStorage } from '../blob/storage.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { deriveFormatKey } from '../kernels/derive.ts';
import type { Native } from '../ports.ts';
import { BLOBCFG } from './blobcfg.ts';
import {
  openFormat,
  readFormatBlobs,
  retentionFor,
  sealFormat,
  type CryptoPorts,
  type RepositoryFormat,
} from './format.ts';
import { REPOSITORY } from './repository-blob.ts';

/**
 * Changes the password (spec/repository-format.md section 2.8). Kopia writes kopia.blobcfg and then kopia.repository; a
 * crash between the two leaves blobs of different keys. So the new kopia.repository is written under a third name
 * first: while that blob exists, `mendPasswordChange` finishes the change with the new password and undoes it with the old.
 */
export const PENDING = 'cairn.password-change';
const PREVIOUS_CONFIG = 'cairn.password-change.blobcfg';

export async function changePassword(
  storage: BlobStorage,
  format: RepositoryFormat,
  password: string,
  ports: CryptoPorts,
): Promise<RepositoryFormat> {
  if (!format.parameters.enablePasswordChange)
    throw new CairnError('unsupported', 'password changes are not supported by this repository', {
      hint: 'repositories of format version 1 cannot change their password; sync or migrate into a new one',
    });
  if (password === '') throw new CairnError('invalid-argument', 'the new password must not be empty');
  const current = await readFormatBlobs(storage);
  const formatKey = await deriveFormatKey(format.outer.keyAlgorithm, password, format.uniqueId, ports.native);
  if (equalBytes(formatKey, format.formatKey))
    throw new CairnError('invalid-argument', 'the new password is the same as the current one');
  const changed = { ...format, formatKey };
  const blobs = await sealFormat(changed, ports);
  const retention = retentionFor(BLOBCFG, format.blobConfig);
  // the blob tells which key is in force, so that an abandoned change cannot come back to life: there must be one
  const previous = current.blobcfg ?? (await sealFormat(format, ports)).blobcfg;
  if (current.blobcfg === undefined) await storage.put(BLOBCFG, previous, retention);
  await storage.put(PREVIOUS_CONFIG, previous);
  await storage.put(PENDING, blobs.repository);
  await storage.put(BLOBCFG, blobs.blobcfg, retention);
  await storage.put(REPOSITORY, blobs.repository, retentionFor(REPOSITORY, format.blobConfig));
  await storage.delete(PENDING);
  await storage.delete(PREVIOUS_CONFIG);
  return changed;
}

/**
 * Called when a repository does not open: completes or undoes an interrupted change, whichever the given key allows.
 * Returns whether anything was written.
 */
export async function mendPasswordChange(
  storage: BlobStorage,
  formatKey: Uint8Array,
  native: Native,
): Promise<boolean> {
  const read = async (id: string) => {
    try {
      return await storage.get(id);
    } catch (error) {
      if (isCairnError(error, 'blob-not-found')) return undefined;
      throw error;
    }
  };
  const opens = async (repository: Uint8Array, blobcfg: Uint8Array | undefined) => {
    try {
      await openFormat({ repository, blobcfg }, { formatKey }, native);
      return true;
    } catch {
      return false;
    }
  };
  const [pending, previous] = await Promise.all([read(PENDING), read(PREVIOUS_CONFIG)]);
  if (pending === undefined) return false;
  const now = await readFormatBlobs(storage);
  // what opens needs no mending, and may be newer than what the change left behind
  if (now.blobcfg === undefined || (await opens(now.repository, now.blobcfg))) return false;
  if (await opens(pending, now.blobcfg)) {
    await storage.put(REPOSITORY, pending);
  } else if (previous !== undefined && (await opens(now.repository, previous))) {
    await storage.put(BLOBCFG, previous);
  } else return false;
  await storage.delete(PENDING);
  await storage.delete(PREVIOUS_CONFIG);
  return true;
}
