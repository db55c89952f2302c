import { cleanupLogs } from '../../../content/logs.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireWritable } from '../../dangerous.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, ports } = context;
  const dryRun = flags.bool('dry-run');
  await withRepository(context, async ({ repository }) => {
    if (!dryRun) requireWritable(repository);
    const retention = {
      maxAge: flags.integer('max-age')!,
      maxCount: flags.number('max-count')!,
      maxTotalSize: Number(flags.integer('max-total-size-mb')! << 20n),
    };
    const { deleted } = await cleanupLogs(repository.contents, retention, ports.clock.now(), dryRun);
    if (deleted.length === 0) console.info('No logs found to delete.');
    else console.info(dryRun ? `Would delete ${deleted.length} logs.` : `Deleted ${deleted.length} logs.`);
  });
}
