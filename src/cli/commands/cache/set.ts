import { formatDuration } from '../../../bytes/duration.ts';
import { CairnError } from '../../../errors.ts';
import { cacheLimit, changeCaching, storedDirectory, type CachingChange } from '../../config/cache.ts';
import { writeConfig } from '../../config/file.ts';
import { configFileOf, requireConfig } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { uniqueIdOf } from '../../local-cache.ts';

const MB = 1_000_000n;

/** What each setting is called, and whether Cairn's cache, which holds index and format blobs, goes by it. */
const settings: Record<CachingChange['flag'], [what: string, ours: boolean]> = {
  'content-cache-size-mb': ['content cache size', true],
  'content-cache-size-limit-mb': ['content cache size limit', false],
  'metadata-cache-size-mb': ['metadata cache size', true],
  'metadata-cache-size-limit-mb': ['metadata cache size limit', true],
  'max-list-cache-duration': ['list cache duration', false],
  'metadata-min-sweep-age': ['minimum metadata sweep age', false],
  'content-min-sweep-age': ['minimum content sweep age', false],
  'index-min-sweep-age': ['minimum index sweep age', false],
};

export async function run(context: Context): Promise<void> {
  const { flags, console, files, ports, environment, json, jsonIndent, size } = context;
  const config = await requireConfig(context);
  const configFile = configFileOf(context);
  const { caching, changes } = changeCaching(config.caching ?? {}, flags, MB);
  const directory = flags.text('cache-directory');
  if (changes.length === 0 && !directory) throw new CairnError('usage', 'no changes');
  if (directory) console.info(`setting cache directory to ${directory}`);
  for (const { flag, bytes, duration } of changes)
    console.info(`changing ${settings[flag][0]} to ${bytes === undefined ? formatDuration(duration!) : size(bytes)}`);
  const off = caching.maxCacheSize === undefined;
  if (off && !flags.given('content-cache-size-mb'))
    throw new CairnError('invalid-argument', 'caching not enabled', {
      hint: '--content-cache-size-mb=5000 turns it on',
    });
  if (!off && (directory || !caching.cacheDirectory))
    caching.cacheDirectory = await storedDirectory(
      flags,
      await uniqueIdOf(context, config, configFile),
      configFile,
      environment,
    );
  config.caching = off ? {} : caching;
  await writeConfig(files, ports.random, configFile, config);
  console.info(
    off ? 'The cache is off.' : `Cairn keeps at most ${size(cacheLimit(caching))} of index and format blobs.`,
  );
  const others = changes.filter(({ flag }) => !settings[flag][1]).map(({ flag }) => settings[flag][0]);
  if (others.length > 0) console.info(`Written for Kopia, of no effect on Cairn: ${others.join(', ')}.`);
  if (json) await console.json({ schema: 1, caching: config.caching }, jsonIndent);
}
