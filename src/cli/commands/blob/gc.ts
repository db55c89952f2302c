import { deleteUnreferencedPacks } from '../../../content/pack-gc.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireDangerous, requireWritable } from '../../dangerous.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, signal } = context;
  requireDangerous(context);
  const dryRun = flags.text('delete') !== 'yes';
  await withRepository(context, async ({ repository }) => {
    if (!dryRun) requireWritable(repository);
    const stats = await deleteUnreferencedPacks(repository.contents, {
      dryRun,
      signal,
      prefix: flags.text('prefix'),
      parallel: flags.number('parallel'),
      safety: flags.text('safety') === 'none' ? 'none' : 'full',
      onBlob: ({ id, length }) => console.debug(`unreferenced: ${id} (${length} bytes)`),
    });
    const of = ({ count, bytes }: { count: number; bytes: number }) => `${count} (${context.size(bytes)})`;
    console.info(
      `Found ${of(stats.unreferenced)} unreferenced blobs, ${of(stats.retained)} of them too young to delete.`,
    );
    if (!dryRun) console.info(`Deleted ${of(stats.deleted)} blobs.`);
    else if (stats.deleted.count > 0) console.info('Pass --delete=yes to delete.');
  });
}
