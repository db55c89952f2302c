import { exportFormat } from '../../../format/escrow.ts';
import { fileError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, files, ports } = context;
  await withRepository(context, async ({ repository }) => {
    const file = await exportFormat(repository.storage, ports.clock.now());
    const [path] = args;
    if (path === undefined) {
      await console.bytes(file);
      return;
    }
    try {
      const handle = await files.open(path, flags.bool('overwrite') ? 'write' : 'create', 0o600);
      try {
        await handle.write(file, 0);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw fileError(error, 'cannot write', path);
    }
    console.info(`The keys of the repository are in ${path}, locked by its password as of now.`);
    console.hint('keep it apart from the repository; make a new one after a change of the password');
  });
}
