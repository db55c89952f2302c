import type { BlobStorage } from '../blob/storage.ts';
import { createContentCrypto } from '../content/crypto.ts';
import type { IndexBlobCache } from '../content/index/load.ts';
import { ContentStore } from '../content/store.ts';
import { checkRequiredFeatures } from '../format/features.ts';
import {
  openFormat,
  readFormatBlobs,
  type Credentials,
  type FormatBlobs,
  type RepositoryFormat,
} from '../format/format.ts';
import { checkUpgradeLock } from '../format/upgrade-lock.ts';
import { CoreKernel } from '../kernels/core.ts';
import type { Ports } from '../ports.ts';

export type RepositoryPorts = Pick<
  Ports,
  'clock' | 'random' | 'wasm' | 'native' | 'files' | 'syncFiles' | 'syncWriter' | 'fidelity' | 'spawn' | 'environment'
>;

/** All that an open repository is made of. */
export interface RepositoryState {
  storage: BlobStorage;
  format: RepositoryFormat;
  core: CoreKernel;
  contents: ContentStore;
  ports: RepositoryPorts;
  warnings: readonly string[];
  identity: Identity;
  readOnly: boolean;
}

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

/** Opens the parts one after the other: format blobs, required features, upgrade lock, then the index. */
export async function openState(
  storage: BlobStorage,
  credentials: Credentials,
  ports: RepositoryPorts,
  options: OpenOptions = {},
): Promise<RepositoryState> {
  const format = await openFormat(options.formatBlobs ?? (await readFormatBlobs(storage)), credentials, ports.native);
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
  return {
    storage,
    format,
    core,
    contents,
    ports,
    warnings,
    identity: options.identity ?? { user: 'nobody', host: 'nohost' },
    readOnly: (options.readOnly ?? false) || storage.readOnly,
  };
}
