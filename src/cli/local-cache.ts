/** The connection's cache on the disk, opened from the connection file alone. */
import { DiskCache, type CacheCount } from '../blob/cache.ts';
import { CairnError } from '../errors.ts';
import { readFormatBlobs } from '../format/format.ts';
import { parseRepositoryBlob } from '../format/repository-blob.ts';
import { cacheLimit, cacheRoot } from './config/cache.ts';
import type { ClientConfig } from './config/file.ts';
import { readStoredKey } from './config/password.ts';
import type { Context } from './context.ts';
import { openContextStorage, storageOf } from './storage.ts';

/** Undefined when it is off. */
export async function openCache(
  { environment, files, ports }: Context,
  { caching }: ClientConfig,
  configFile: string,
  uniqueId: Uint8Array,
): Promise<DiskCache | undefined> {
  const directory = await cacheRoot(caching, uniqueId, configFile, environment);
  return directory === undefined
    ? undefined
    : new DiskCache(files, directory, { limit: cacheLimit(caching), clock: ports.clock });
}

/** The repository's unique ID: kept beside the password, else asked of the storage, which takes no password. */
export async function uniqueIdOf(context: Context, config: ClientConfig, configFile: string): Promise<Uint8Array> {
  const kept = await readStoredKey(context.files, configFile);
  if (kept !== undefined) return kept.uniqueId;
  const storage = await openContextStorage(context, storageOf(config, configFile), { readOnly: true });
  try {
    return parseRepositoryBlob((await readFormatBlobs(storage)).repository).uniqueId;
  } finally {
    await storage.close();
  }
}

/** The cache of the connection, for verbs that are about it. */
export async function requireCache(context: Context, config: ClientConfig, configFile: string): Promise<DiskCache> {
  const cache = await openCache(context, config, configFile, await uniqueIdOf(context, config, configFile));
  if (cache !== undefined) return cache;
  throw new CairnError('invalid-argument', 'caching not enabled', {
    hint: "'cairn cache set --content-cache-size-mb=5000' turns it on",
  });
}

/** What a verb took out of the cache. */
export async function reportRemoved({ console, json, jsonIndent, size }: Context, removed: CacheCount): Promise<void> {
  if (json) await console.json({ schema: 1, removed: { ...removed } }, jsonIndent);
  else console.info(`Removed ${removed.entries} files (${size(removed.bytes)}).`);
}
