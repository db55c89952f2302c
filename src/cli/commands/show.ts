import { withRepository } from '../connection.ts';
import type { Context } from '../context.ts';
import { isCairnError } from '../../errors.ts';
import { resolveEntryPath, resolveObjectPath } from '../../snapshot/resolve.ts';
import { storedOf } from './stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, console, signal } = context;
  await withRepository(context, async ({ repository }) => {
    const stored = storedOf(repository);
    // Kopia takes object IDs only; snapshots by their manifest ID work here too.
    const { entry } = await resolveObjectPath(stored.contents, args[0]).catch((error: unknown) => {
      if (isCairnError(error, 'entry-not-found')) return resolveEntryPath(stored, args[0]);
      throw error;
    });
    const object = await repository.openObject(entry.objectId);
    for await (const chunk of object.chunks()) {
      signal.throwIfAborted();
      await console.bytes(chunk);
    }
  });
}
