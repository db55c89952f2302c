import { recoverFormatBlob } from '../../../format/repair.ts';
import { REPOSITORY } from '../../../format/repository-blob.ts';
import { CairnError, isCairnError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { requireDangerous } from '../../dangerous.ts';
import { openContextStorage } from '../../storage.ts';
import { providerOf } from './provider.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  requireDangerous(context);
  const { storage: info } = await providerOf(context, false);
  const storage = await openContextStorage(context, info);
  try {
    const mode = flags.text('recover-format');
    const prefixes = flags.texts('recover-format-block-prefixes');
    if (mode === 'no') return;
    if (mode === 'auto' && (await exists(() => storage.stat(REPOSITORY)))) {
      console.info(`${REPOSITORY} is there: nothing to recover.`);
      console.hint('if it is damaged, pass --recover-format=yes');
      return;
    }
    console.info('Looking for replica of the format blob in packs...');
    const { blob, pack } = await recoverFormatBlob(storage, prefixes.length === 0 ? undefined : prefixes, (id) =>
      console.debug(`looking into ${id}`),
    );
    console.info(`Found replica of ${REPOSITORY} in ${pack}.`);
    if (flags.bool('dry-run')) return;
    if (storage.readOnly) throw new CairnError('read-only', 'the storage is read-only');
    await storage.put(REPOSITORY, blob);
    console.info(`Restored ${REPOSITORY}.`);
  } finally {
    await storage.close();
  }
}

async function exists(stat: () => Promise<unknown>): Promise<boolean> {
  try {
    await stat();
    return true;
  } catch (error) {
    if (isCairnError(error, 'blob-not-found')) return false;
    throw error;
  }
}
