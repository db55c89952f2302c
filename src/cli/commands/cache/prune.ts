import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { reportRemoved, requireCache } from '../../local-cache.ts';

export async function run(context: Context): Promise<void> {
  await withRepository(context, async ({ repository: { contents }, config, configFile }) => {
    const cache = await requireCache(context, config, configFile);
    const unused = await cache.clear(
      'index',
      contents.indexBlobs.map(({ id }) => id),
    );
    const excess = await cache.shrink();
    await reportRemoved(context, {
      entries: unused.entries + excess.entries,
      bytes: unused.bytes + excess.bytes,
    });
  });
}
