import { formatDuration } from '../../../bytes/duration.ts';
import { formatTime, fromSeconds } from '../../../bytes/time.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';
import { selectedLogs, shortId } from './select.ts';

export async function run(context: Context): Promise<void> {
  const { console, times, size } = context;
  await withRepository(context, async ({ repository }) => {
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const log of await selectedLogs(context, repository)) {
      if (list !== undefined) {
        await list.add({
          id: shortId(log),
          startTime: formatTime(fromSeconds(log.startTime)),
          endTime: formatTime(fromSeconds(log.endTime)),
          length: log.totalSize,
          segments: log.segments.map(({ id }) => id),
        });
        continue;
      }
      const duration = formatDuration(fromSeconds(log.endTime - log.startTime));
      await console.line(
        `${shortId(log)} ${times.text(fromSeconds(log.startTime))} ${duration} ${size(log.totalSize)} ${log.segments.length}`,
      );
    }
    await list?.end();
  });
}
