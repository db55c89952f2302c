import { formatTime } from '../../../bytes/time.ts';
import { listBlobs } from '../../../content/index/load.ts';
import { readSession } from '../../../content/pack-gc.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';

/** Sessions that have written packs and no index yet: uploads that run, or that were stopped. */
export async function run(context: Context): Promise<void> {
  const { console, times } = context;
  await withRepository(context, async ({ repository: { contents, storage } }) => {
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const { id } of await listBlobs(storage, 's')) {
      const session = await readSession(contents, id);
      if (session === 'gone') continue;
      if (session === undefined) console.warning(`session marker ${id} is damaged`);
      else if (list !== undefined)
        await list.add({
          id: session.id,
          username: session.userName,
          hostname: session.hostName,
          startTime: formatTime(session.startTime),
          checkpointTime: formatTime(session.checkpointTime),
        });
      else
        await console.line(
          `${session.id} ${session.userName}@${session.hostName} ${times.text(session.startTime)} ${times.text(session.checkpointTime)}`,
        );
    }
    await list?.end();
  });
}
