import { mapLimit } from '../../../bytes/parallel.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireCache } from '../../local-cache.ts';

/** Opening a repository brings its index blobs into the cache already; this makes sure that they stayed there. */
export async function run(context: Context): Promise<void> {
  const { console, flags, json, jsonIndent, size } = context;
  await withRepository(context, async ({ repository: { contents, storage }, config, configFile }) => {
    const cache = await requireCache(context, config, configFile);
    const damaged = new Set(contents.problems.map(({ data }) => data?.blob));
    const blobs = contents.indexBlobs.filter(({ id }) => !damaged.has(id));
    await mapLimit(blobs, Math.max(1, flags.number('parallel')!), async ({ id }) => {
      if ((await cache.get('index', id)) === undefined) await cache.put('index', id, await storage.get(id));
    });
    let missing = 0;
    for (const { id } of blobs) if ((await cache.get('index', id)) === undefined) missing++;
    const bytes = blobs.reduce((sum, { length }) => sum + length, 0);
    if (json) await console.json({ schema: 1, indexBlobs: blobs.length, bytes, missing }, jsonIndent);
    else console.info(`${blobs.length - missing} of ${blobs.length} index blobs (${size(bytes)}) are cached.`);
    if (missing === 0) return;
    console.warning(`The cache could not keep ${missing} of them: its limit is ${size(cache.limit)}.`);
  });
}
