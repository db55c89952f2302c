import type { BlobStorage } from '../blob/storage.ts';
import { createContentCrypto } from '../content/crypto.ts';
import type { IndexBlobCache } from '../content/index/load.ts';
import { ContentStore } from '../content/store.ts';
import { isCairnError } from '../errors.ts';
import { mendPasswordChange } from '../format/change-password.ts';
import { checkRequiredFeatures } from '../format/features.ts';
import { openFormat, readFormatBlobs, type Credentials, type FormatBlobs, type RepositoryFormat } from '../format/format.ts';
import { checkUpgradeLock } from '../format/upgrade-lock.ts';
import { CoreKernel } from '../kernels/core.ts';
import { deriveFormatKey } from '../kernels/derive.ts';
import type { Ports } from '../ports.ts';
import { parseRepositoryBlob } from '../format/repository-blob.ts';
import { Repository } from './repository.ts';

/** Who writes: the default source of snapshots and the owner of maintenance. */
export interface Identity {
  user: string;
  host: string;
}

export interface OpenOptions {
  identity?: Identity;
  /** Format blobs kept from an earlier command, to be used instead of asking the storage. */
  formatBlobs?: FormatBlobs;
  cache?: IndexBlobCache;
  /** Refuses every write. */
  readOnly?: boolean;
  /** Owner ID of an upgrade in progress that this client may pass. */
  upgradeOwnerId?: string;
}

/**
 * Opens a repository: format blobs, required features, upgrade lock, then the index. With a password the key derivation
 * takes about 0.3 s; `repository.formatKey` can be kept (as secret as the password) and given instead the next time.
 */
export async function openRepository(
  storage: BlobStorage,
  credentials: Credentials,
  ports: Pick<Ports, 'clock' | 'random' | 'wasm' | 'native' | 'files' | 'syncFiles' | 'fidelity' | 'spawn' | 'environment'>,
  options: OpenOptions = {},
): Promise<Repository> {
  const format = await openOrMend(storage, credentials, ports, options);
  const warnings = checkRequiredFeatures(format.parameters.requiredFeatures);
  checkUpgradeLock(format.parameters, ports.clock.now(), options.upgradeOwnerId);
  const core = CoreKernel.create(await ports.wasm('core'));
  const crypto = await createContentCrypto(format.parameters, ports, core);
  const contents = await ContentStore.open({
    storage,
    crypto,
    epochs: format.parameters.epochParameters.enabled,
    cache: options.cache,
    clock: ports.clock,
  });
  return new Repository({
    storage,
    format,
    core,
    contents,
    ports,
    warnings,
    identity: options.identity ?? { user: 'nobody', host: 'nohost' },
    readOnly: (options.readOnly ?? false) || storage.readOnly,
  });
}

/** Opens the format; when that fails, an interrupted password change is mended first and the opening tried again. */
async function openOrMend(
  storage: BlobStorage,
  credentials: Credentials,
  ports: Pick<Ports, 'native'>,
  options: OpenOptions,
): Promise<RepositoryFormat> {
  const blobs = options.formatBlobs ?? (await readFormatBlobs(storage));
  try {
    return await openFormat(blobs, credentials, ports.native);
  } catch (error) {
    const mendable = isCairnError(error, 'wrong-password') || isCairnError(error, 'corrupt');
    if (!mendable || storage.readOnly || options.readOnly === true) throw error;
    const outer = parseRepositoryBlob(blobs.repository);
    const formatKey =
      'formatKey' in credentials
        ? credentials.formatKey
        : await deriveFormatKey(outer.keyAlgorithm, credentials.password, outer.uniqueId, ports.native);
    if (!(await mendPasswordChange(storage, formatKey, ports.native))) throw error;
    return openFormat(await readFormatBlobs(storage), { formatKey }, ports.native);
  }
}
