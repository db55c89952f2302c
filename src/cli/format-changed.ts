import type { RepositoryFormat } from '../format/format.ts';
import { forgetFormat } from './config/format-cache.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { openCache } from './local-cache.ts';

/** After the format blobs were written: the copy of before is of no use. */
export async function formatChanged(
  context: Context,
  { config, configFile }: Connection,
  { uniqueId }: RepositoryFormat,
): Promise<void> {
  const cache = await openCache(context, config, configFile, uniqueId);
  if (cache !== undefined) await forgetFormat(cache);
}
