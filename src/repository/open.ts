import type { BlobStorage } from '../blob/storage.ts';
import { isCairnError } from '../errors.ts';
import { mendPasswordChange } from '../format/change-password.ts';
import { readFormatBlobs, type Credentials } from '../format/format.ts';
import { parseRepositoryBlob } from '../format/repository-blob.ts';
import { deriveFormatKey } from '../kernels/derive.ts';
import { Repository } from './repository.ts';
import { openState, type OpenOptions, type RepositoryPorts } from './state.ts';

export type { Identity, OpenOptions, RepositoryPorts } from './state.ts';

/**
 * Opens a repository. With a password the key derivation takes about 0.3 s; `repository.format.formatKey` can be kept (as
 * secret as the password) and given instead the next time. A password change that was interrupted is mended first.
 */
export async function openRepository(
  storage: BlobStorage,
  credentials: Credentials,
  ports: RepositoryPorts,
  options: OpenOptions = {},
): Promise<Repository> {
  try {
    return new Repository(await openState(storage, credentials, ports, options));
  } catch (error) {
    const mendable = isCairnError(error, 'wrong-password') || isCairnError(error, 'corrupt');
    if (!mendable || storage.readOnly || options.readOnly === true) throw error;
    const formatKey = await mend(storage, credentials, ports).catch(() => undefined);
    if (formatKey === undefined) throw error;
    return new Repository(await openState(storage, { formatKey }, ports, { ...options, formatBlobs: undefined }));
  }
}

async function mend(
  storage: BlobStorage,
  credentials: Credentials,
  { native }: RepositoryPorts,
): Promise<Uint8Array | undefined> {
  const { uniqueId, keyAlgorithm } = parseRepositoryBlob((await readFormatBlobs(storage)).repository);
  const formatKey =
    'formatKey' in credentials
      ? credentials.formatKey
      : await deriveFormatKey(keyAlgorithm, credentials.password, uniqueId, native);
  return (await mendPasswordChange(storage, formatKey, native)) ? formatKey : undefined;
}
