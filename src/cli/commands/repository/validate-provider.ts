import { validateProvider } from '../../../blob/validate.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireWritable } from '../../dangerous.ts';
import { openContextStorage } from '../../storage.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, ports, signal } = context;
  await withRepository(context, async ({ repository }) => {
    requireWritable(repository);
    const info = repository.storage.connectionInfo();
    const workers = (name: string) => flags.number(name) || undefined;
    await validateProvider({
      open: () => openContextStorage(context, info),
      clock: ports.clock,
      random: ports.random,
      signal,
      connections: workers('num-storage-connections'),
      duration: flags.integer('concurrency-test-duration'),
      workers: {
        put: workers('put-blob-workers'),
        get: workers('get-blob-workers'),
        stat: workers('get-metadata-workers'),
      },
      onStep: (text) => console.info(text),
    });
  });
}
