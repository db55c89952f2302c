import { formatDuration } from '../../../bytes/duration.ts';
import { fromSeconds } from '../../../bytes/time.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { selectedLogs, shortId } from './select.ts';

export async function run(context: Context): Promise<void> {
  const { console, times, size } = context;
  await withRepository(context, async ({ repository }) => {
    for (const log of await selectedLogs(context, repository)) {
      const duration = formatDuration(fromSeconds(log.endTime - log.startTime));
      await console.line(
        `${shortId(log)} ${times.text(fromSeconds(log.startTime))} ${duration} ${size(log.totalSize)} ${log.segments.length}`,
      );
    }
  });
}
