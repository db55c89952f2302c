import { CairnError } from '../errors.ts';
import type { OpenProvider, OpenStorageOptions, StoragePorts } from './provider.ts';
import { ReadOnlyStorage } from './readonly.ts';
import type { BlobStorage, ConnectionInfo } from './storage.ts';

/** Providers by Kopia's type string, loaded when first used. */
const providers: Record<string, () => Promise<OpenProvider>> = {
  filesystem: async () => (await import('./filesystem.ts')).openFilesystem,
};

export function storageTypes(): string[] {
  return Object.keys(providers);
}

/** Opens the storage that a configuration names; `unsupported` when its type is not known. */
export async function openStorage(
  info: ConnectionInfo,
  ports: StoragePorts,
  options: OpenStorageOptions = {},
): Promise<BlobStorage> {
  if (!Object.hasOwn(providers, info.type))
    throw new CairnError('unsupported', `storage of type ${JSON.stringify(info.type)} is not supported`, {
      data: { type: info.type },
      hint: `supported types: ${storageTypes().join(', ')}`,
    });
  const open = await providers[info.type]();
  const storage = await open(info, ports, options);
  return options.readOnly ? new ReadOnlyStorage(storage) : storage;
}
