/** The `caching` section of a connection file (spec/storage-and-maintenance.md sections 4.1, 4.2). */
import { toHex } from '../../bytes/hex.ts';
import type { Json, JsonObject } from '../../bytes/json.ts';
import { CairnError } from '../../errors.ts';
import type { Environment } from '../../ports.ts';
import type { Flags } from '../flags.ts';
import { cacheDirectory, separatorOf } from './directories.ts';
import { absolutePath, directoryOf, isAbsolute, joinPath, relativePath } from './paths.ts';

const MIB = 1n << 20n;
const DEFAULT = 5000n * MIB;

/** Flag and key of each size and each age, in the order of the file. */
const sizes = [
  ['content-cache-size-mb', 'maxCacheSize'],
  ['content-cache-size-limit-mb', 'contentCacheSizeLimitBytes'],
  ['metadata-cache-size-mb', 'maxMetadataCacheSize'],
  ['metadata-cache-size-limit-mb', 'metadataCacheSizeLimitBytes'],
] as const;
const ages = [
  ['max-list-cache-duration', 'maxListCacheDuration'],
  ['metadata-min-sweep-age', 'minMetadataSweepAge'],
  ['content-min-sweep-age', 'minContentSweepAge'],
  ['index-min-sweep-age', 'minIndexSweepAge'],
] as const;

/** One setting that was given: bytes, or nanoseconds. */
export interface CachingChange {
  flag: (typeof sizes | typeof ages)[number][0];
  bytes?: bigint;
  duration?: bigint;
}

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
  const standard = { maxCacheSize: DEFAULT, maxMetadataCacheSize: DEFAULT, maxListCacheDuration: 30 };
  const given = changeCaching(standard, flags, MIB).caching;
  if (given.maxCacheSize === undefined) return {};
  return { ...given, cacheDirectory: await storedDirectory(flags, uniqueId, configFile, environment) };
}

/** What the flags change in a section; 0 takes a setting away. Sizes are in units of `mb` bytes. */
export function changeCaching(
  section: JsonObject,
  flags: Flags,
  mb: bigint,
): { caching: JsonObject; changes: CachingChange[] } {
  const { cacheDirectory, ...rest } = section;
  const ordered = [...sizes, ...ages].map(([, key]) => [key, rest[key]]);
  const caching: JsonObject = { cacheDirectory, ...Object.fromEntries(ordered), ...rest };
  const changes: CachingChange[] = [];
  const given = (flag: CachingChange['flag']): bigint | undefined => {
    const value = flags.given(flag) ? flags.integer(flag)! : undefined;
    if (value !== undefined && value < 0n) throw new CairnError('usage', `flag '--${flag}' must not be negative`);
    return value;
  };
  for (const [flag, key] of sizes) {
    const value = given(flag);
    if (value === undefined) continue;
    caching[key] = value * mb || undefined;
    changes.push({ flag, bytes: value * mb });
  }
  for (const [flag, key] of ages) {
    const duration = given(flag);
    if (duration === undefined) continue;
    caching[key] = Number(duration) / 1e9 || undefined;
    changes.push({ flag, duration });
  }
  return { caching, changes };
}

/** `cacheDirectory` as the file holds it: what a flag names, else the usual place; relative to the file if it can be. */
export async function storedDirectory(
  flags: Flags,
  uniqueId: Uint8Array,
  configFile: string,
  environment: Environment,
): Promise<string> {
  const separator = separatorOf(environment);
  const given = flags.text('cache-directory');
  const directory = given
    ? absolutePath(given, environment.currentDirectory(), separator)
    : joinPath(separator, cacheDirectory(environment), await cacheDirectoryName(uniqueId, configFile));
  return relativePath(directoryOf(configFile, separator), directory, separator) ?? directory;
}

/** Bytes that Cairn's cache never exceeds: Kopia's metadata size, else its content size, within the hard limit. */
export function cacheLimit(caching: JsonObject | undefined): number {
  const size = positive(caching?.maxMetadataCacheSize) ?? positive(caching?.maxCacheSize) ?? Number(DEFAULT);
  return Math.min(size, positive(caching?.metadataCacheSizeLimitBytes) ?? size);
}

function positive(size: Json | undefined): number | undefined {
  const bytes = typeof size === 'bigint' ? Number(size) : size;
  return typeof bytes === 'number' && bytes > 0 ? bytes : undefined;
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
