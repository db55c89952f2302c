import { readFormatBlobs } from '../../../format/format.ts';
import { parseRepositoryBlob } from '../../../format/repository-blob.ts';
import { systemCode } from '../../../errors.ts';
import type { Files } from '../../../ports.ts';
import { cacheRoot } from '../../config/cache.ts';
import type { ClientConfig } from '../../config/file.ts';
import { forgetPassword, readStoredKey } from '../../config/password.ts';
import { directoryOf, joinPath } from '../../config/paths.ts';
import { removeOptionalFile } from '../../config/write-file.ts';
import { configFileOf, requireConfig } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { openContextStorage } from '../../storage.ts';

export async function run(context: Context): Promise<void> {
  const { files, console, environment } = context;
  const path = configFileOf(context);
  const config = await requireConfig(context);
  const uniqueId = config.caching === undefined ? undefined : await uniqueIdOf(context, config, path);
  const cache = uniqueId && (await cacheRoot(config.caching, uniqueId, path, environment));
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

/** Kept beside the password, else asked of the storage; unknown when neither answers. */
async function uniqueIdOf(context: Context, config: ClientConfig, path: string): Promise<Uint8Array | undefined> {
  const kept = await readStoredKey(context.files, path);
  if (kept !== undefined || config.storage === undefined) return kept?.uniqueId;
  try {
    const storage = await openContextStorage(context, config.storage, { readOnly: true });
    try {
      return parseRepositoryBlob((await readFormatBlobs(storage)).repository).uniqueId;
    } finally {
      await storage.close();
    }
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
