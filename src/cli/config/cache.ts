/** The `caching` section of a connection file (spec/storage-and-maintenance.md sections 4.1, 4.2). */
import { toHex } from '../../bytes/hex.ts';
import type { JsonObject } from '../../bytes/json.ts';
import type { Environment } from '../../ports.ts';
import type { Flags } from '../flags.ts';
import { cacheDirectory, separatorOf } from './directories.ts';
import { absolutePath, directoryOf, isAbsolute, joinPath, relativePath } from './paths.ts';

const DEFAULT_MIB = 5000n;
const MIB = 1n << 20n;

/** First 16 hex digits of SHA-256(unique ID, path of the connection file). */
export async function cacheDirectoryName(uniqueId: Uint8Array, configFile: string): Promise<string> {
  const path = new TextEncoder().encode(configFile);
  const all = new Uint8Array(uniqueId.length + path.length);
  all.set(uniqueId);
  all.set(path, uniqueId.length);
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', all))).slice(0, 16);
}

/** The section that `connect` and `create` write, from the connect options; a content size of 0 turns caching off. */
export async function cachingSection(
  flags: Flags,
  uniqueId: Uint8Array,
  configFile: string,
  environment: Environment,
): Promise<JsonObject> {
  const separator = separatorOf(environment);
  const bytes = (name: string) => flags.integer(name)! * MIB;
  const seconds = (name: string) => Number(flags.integer(name)) / 1e9 || undefined;
  const optional = (name: string) => (flags.given(name) ? bytes(name) || undefined : undefined);
  const content = flags.given('content-cache-size-mb') ? bytes('content-cache-size-mb') : DEFAULT_MIB * MIB;
  if (content === 0n) return {};
  const given = flags.text('cache-directory');
  const directory = given
    ? absolutePath(given, environment.currentDirectory(), separator)
    : joinPath(separator, cacheDirectory(environment), await cacheDirectoryName(uniqueId, configFile));
  return {
    cacheDirectory: relativePath(directoryOf(configFile, separator), directory, separator) ?? directory,
    maxCacheSize: content,
    contentCacheSizeLimitBytes: optional('content-cache-size-limit-mb'),
    maxMetadataCacheSize: flags.given('metadata-cache-size-mb')
      ? bytes('metadata-cache-size-mb') || undefined
      : DEFAULT_MIB * MIB,
    metadataCacheSizeLimitBytes: optional('metadata-cache-size-limit-mb'),
    maxListCacheDuration: flags.given('max-list-cache-duration') ? seconds('max-list-cache-duration') : 30,
    minMetadataSweepAge: seconds('metadata-min-sweep-age'),
    minContentSweepAge: seconds('content-min-sweep-age'),
    minIndexSweepAge: seconds('index-min-sweep-age'),
  };
}

/**
 * Absolute cache directory of a connection; undefined when caching is off. Below the directory that the file names,
 * each repository has its own, so that neither two repositories nor Kopia and Cairn meet in one.
 */
export async function cacheRoot(
  caching: JsonObject | undefined,
  uniqueId: Uint8Array,
  configFile: string,
  environment: Environment,
): Promise<string | undefined> {
  if (caching === undefined) return undefined;
  const separator = separatorOf(environment);
  const override = environment.variable('CAIRN_CACHE_DIRECTORY') || environment.variable('KOPIA_CACHE_DIRECTORY');
  const named = typeof caching.cacheDirectory === 'string' ? caching.cacheDirectory : '';
  const directory = override !== undefined && isAbsolute(override, separator) ? override : named;
  if (directory === '') return undefined;
  const own = 'cairn-' + (await cacheDirectoryName(uniqueId, ''));
  return joinPath(separator, absolutePath(directory, directoryOf(configFile, separator), separator), own);
}
