import { importFormat } from '../../../format/escrow.ts';
import { fileError } from '../../../errors.ts';
import { askPassword } from '../../config/password.ts';
import type { Context } from '../../context.ts';
import { givenPassword } from '../../credentials.ts';
import { openContextStorage } from '../../storage.ts';
import { providerOf } from './provider.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, files, ports, terminal } = context;
  const path = flags.text('from-file')!;
  const { storage: info, password: fromToken } = await providerOf(context, false);
  const file = await files.readFile(path).catch((error: unknown) => {
    throw fileError(error, 'cannot read', path);
  });
  const given = (await givenPassword(context))?.password ?? fromToken;
  const password = given ?? (await askPassword(terminal, 'Enter the password of the exported keys: '));
  const storage = await openContextStorage(context, info);
  try {
    await importFormat(storage, file, { password }, ports.native, { force: flags.bool('force') });
    console.info('kopia.repository has been put back.');
    console.hint("connect to the repository, then let 'cairn snapshot verify' look at it");
  } finally {
    await storage.close();
  }
}
