import { listBlobs } from '../../../content/index/load.ts';
import { readSession } from '../../../content/pack-gc.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';

/** Sessions that have written packs and no index yet: uploads that run, or that were stopped. */
export async function run(context: Context): Promise<void> {
  const { console, times } = context;
  await withRepository(context, async ({ repository: { contents, storage } }) => {
    for (const { id } of await listBlobs(storage, 's')) {
      const session = await readSession(contents, id);
      if (session === 'gone') continue;
      if (session === undefined) console.warning(`session marker ${id} is damaged`);
      else
        await console.line(
          `${session.id} ${session.userName}@${session.hostName} ${times.text(session.startTime)} ${times.text(session.checkpointTime)}`,
        );
    }
  });
}
