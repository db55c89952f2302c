import { configFileOf, requireConfig } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { reportRemoved, requireCache } from '../../local-cache.ts';

export async function run(context: Context): Promise<void> {
  const { console, files, flags } = context;
  const cache = await requireCache(context, await requireConfig(context), configFileOf(context));
  const partial = flags.text('partial');
  if (partial !== undefined && partial !== 'indexes') {
    console.info(`Cairn keeps no cache of ${partial}: there is nothing to clear.`);
    await reportRemoved(context, { entries: 0, bytes: 0 });
    return;
  }
  const kind = partial && 'index';
  console.info(`Clearing cache directory: ${cache.directory}${kind ? files.separator + kind : ''}.`);
  await reportRemoved(context, await cache.clear(kind));
}
