import { formatDuration } from '../../../bytes/duration.ts';
import { formatCacheLife } from '../../config/format-cache.ts';
import { configFileOf, requireConfig } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { openCache, uniqueIdOf } from '../../local-cache.ts';

const none = { entries: 0, bytes: 0 };

export async function run(context: Context): Promise<void> {
  const { console, files, flags, json, jsonIndent, size } = context;
  const config = await requireConfig(context);
  const configFile = configFileOf(context);
  const cache = await openCache(context, config, configFile, await uniqueIdOf(context, config, configFile));
  if (flags.bool('path') && !json) {
    await console.line(cache?.directory ?? '');
    return;
  }
  if (cache === undefined) {
    if (json) await console.json({ schema: 1, enabled: false }, jsonIndent);
    else console.info("The cache is off. 'cairn cache set --content-cache-size-mb=5000' turns it on.");
    return;
  }
  const { directory, limit } = cache;
  const { kinds, entries, bytes } = await cache.usage();
  const { format = none, index = none } = kinds;
  const life = formatCacheLife(config);
  if (json) {
    const sum = { path: directory, entries, bytes, limit };
    await console.json(
      { schema: 1, enabled: true, ...sum, format: { ...format, duration: life }, index: { ...index } },
      jsonIndent,
    );
    return;
  }
  const line = (path: string, count: typeof none, note: string) =>
    console.line(`${path}: ${count.entries} files ${size(count.bytes)}${note}`);
  const kind = (name: string) => directory + files.separator + name;
  await line(kind('format'), format, life === undefined ? ' (not used)' : ` (duration: ${formatDuration(life)})`);
  await line(kind('index'), index, '');
  await line(directory, { entries, bytes }, ` (limit: ${size(limit)})`);
  console.info("To adjust cache sizes use 'cairn cache set'.");
  console.info("To clear caches use 'cairn cache clear'.");
}
