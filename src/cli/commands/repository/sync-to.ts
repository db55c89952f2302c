import { syncStorage } from '../../../blob/sync.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { openContextStorage } from '../../storage.ts';
import { providerOf } from './provider.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, signal } = context;
  const { storage: info } = await providerOf(context, false);
  await withRepository(context, async ({ repository: { storage: source } }) => {
    const destination = await openContextStorage(context, info);
    try {
      console.info('Synchronizing repositories:');
      console.info(`  Source:      ${source.displayName}`);
      console.info(`  Destination: ${destination.displayName}`);
      let done = 0;
      let bytes = 0;
      const progress = context.progress(() => ({
        text: `Copied ${done} blobs (${context.size(bytes)})`,
        done,
        json: { blobs: done, bytes },
      }));
      const dryRun = flags.bool('dry-run');
      const stats = await syncStorage(source, destination, {
        dryRun,
        signal,
        update: flags.bool('update'),
        delete: flags.bool('delete'),
        parallel: flags.number('parallel'),
        mustExist: flags.bool('must-exist'),
        times: flags.bool('times'),
        onBlob: (action, { id, length }) => {
          done++;
          bytes += length;
          console.debug(`${action} ${id} (${length} bytes)`);
        },
        onTimesUnsupported: () => console.warning('the destination cannot keep the times of blobs'),
      }).finally(() => progress.finish());
      const of = ({ count, bytes: size }: { count: number; bytes: number }) => `${count} BLOBs (${context.size(size)})`;
      console.info(
        `${dryRun ? 'Would copy' : 'Copied'} ${of(stats.copied)}, ${dryRun ? 'delete' : 'deleted'} ${of(stats.deleted)}, ${of(stats.inSync)} in sync.`,
      );
      if (stats.vanished > 0) console.info(`${stats.vanished} BLOBs were removed from the source meanwhile.`);
    } finally {
      await destination.close();
    }
  });
}
