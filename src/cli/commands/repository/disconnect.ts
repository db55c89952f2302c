import { systemCode } from '../../../errors.ts';
import type { Files } from '../../../ports.ts';
import { cacheRoot } from '../../config/cache.ts';
import type { ClientConfig } from '../../config/file.ts';
import { forgetPassword } from '../../config/password.ts';
import { directoryOf, joinPath } from '../../config/paths.ts';
import { removeOptionalFile } from '../../config/write-file.ts';
import { configFileOf, requireConfig } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { uniqueIdOf } from '../../local-cache.ts';

export async function run(context: Context): Promise<void> {
  const { files, console } = context;
  const path = configFileOf(context);
  const config = await requireConfig(context);
  const cache = await cacheOf(context, config, path);
  if (cache !== undefined) {
    await removeTree(files, cache);
    // The directory around it goes, too, unless somebody else has something in it.
    await files.removeDirectory(directoryOf(cache, files.separator)).catch(() => {});
  }
  for (const sibling of ['.update-info.json', '.mlock']) await removeOptionalFile(files, path + sibling);
  await removeOptionalFile(files, path);
  await forgetPassword(files, path);
  console.info('Disconnected from repository.');
}

async function cacheOf(context: Context, config: ClientConfig, path: string): Promise<string | undefined> {
  if (config.caching === undefined || config.storage === undefined) return undefined;
  try {
    return await cacheRoot(config.caching, await uniqueIdOf(context, config, path), path, context.environment);
  } catch (error) {
    context.console.warning(`The cache could not be found and stays: ${(error as Error).message}`);
    return undefined;
  }
}

async function removeTree(files: Files, path: string): Promise<void> {
  let items;
  try {
    items = await files.list(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  for (const { name, kind } of items) {
    const child = joinPath(files.separator, path, name);
    if (kind === 'directory') await removeTree(files, child);
    else await removeOptionalFile(files, child);
  }
  await files.removeDirectory(path);
}
