import { changePassword } from '../../../format/change-password.ts';
import { CairnError } from '../../../errors.ts';
import { forgetFormat } from '../../config/format-cache.ts';
import { askNewPassword, storePassword } from '../../config/password.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { openCache } from '../../local-cache.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, files, ports, terminal } = context;
  await withRepository(context, async ({ repository, config, configFile }) => {
    if (repository.readOnly)
      throw new CairnError('read-only', 'the repository is connected read-only', {
        hint: "run 'cairn repository set-client --read-write' first",
      });
    const password = flags.text('new-password')?.trim() || (await askNewPassword(terminal, 'Enter new password: '));
    const { formatKey, uniqueId, outer } = await changePassword(repository.storage, repository.format, password, ports);
    const cache = await openCache(context, config, configFile, uniqueId);
    if (cache !== undefined) await forgetFormat(cache);
    if (flags.bool('persist-credentials'))
      await storePassword(files, ports.random, configFile, password, {
        keyDerivation: outer.keyAlgorithm,
        uniqueId,
        key: formatKey,
      });
    console.info('NOTE: Repository password has been changed.');
  });
}
