import { openRepository } from '../../../repository/open.ts';
import { askPassword, type FoundPassword } from '../../config/password.ts';
import { explainPassword, givenPassword } from '../../credentials.ts';
import { reportProblems } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { openContextStorage } from '../../storage.ts';
import { readFormatBlobs } from '../../../format/format.ts';
import { clientOptions, connectTo } from './client.ts';
import { providerOf } from './provider.ts';

export async function run(context: Context): Promise<void> {
  const { flags, ports, terminal } = context;
  const provider = await providerOf(context, false);
  const storage = await openContextStorage(context, provider.storage, { readOnly: flags.bool('readonly') });
  try {
    // Looked at first, so that nobody is asked for the password of what is no repository.
    const formatBlobs = await readFormatBlobs(storage);
    const config = clientOptions(context, provider.storage, storage.displayName);
    const found: FoundPassword =
      (await givenPassword(context)) ??
      (provider.password === undefined
        ? { password: await askPassword(terminal, 'Enter password to open repository: '), origin: 'asked' }
        : { password: provider.password, origin: 'token' });
    const repository = await openRepository(storage, { password: found.password }, ports, {
      formatBlobs,
      identity: { user: config.username, host: config.hostname },
      readOnly: config.readonly,
      upgradeOwnerId: flags.text('upgrade-owner-id') || undefined,
    }).catch((error: unknown) => {
      throw explainPassword(error, found.origin);
    });
    reportProblems(context, repository);
    await connectTo(context, repository, config, found.password);
  } finally {
    await storage.close();
  }
}
