import type { BlobMetadata } from '../../../blob/storage.ts';
import { formatTime, fromSeconds } from '../../../bytes/time.ts';
import { parseContentId } from '../../../content/id.ts';
import { readIndexBlob } from '../../../content/index/load.ts';
import { readIndex } from '../../../content/index/read.ts';
import type { ContentStore } from '../../../content/store.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';
import { contentJson } from '../content/list.ts';
import { indexBlobs } from './blobs.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, times } = context;
  const wanted = new Set(flags.texts('content-id').map(parseContentId));
  if (args.length === 0 && !flags.bool('all') && !flags.bool('active'))
    throw new CairnError('usage', 'must pass either --all, --active or provide a list of blob IDs to inspect');
  await withRepository(context, async ({ repository: { contents } }) => {
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const { id, timestamp } of await selected(contents, context)) {
      const index = readIndex(await readIndexBlob(contents, id));
      for (const number of index.order()) {
        const info = index.info(number);
        if (wanted.size > 0 && !wanted.has(info.id)) continue;
        if (list !== undefined) {
          await list.add({ indexBlob: id, timestamp: formatTime(timestamp), ...contentJson(info) });
          continue;
        }
        const state = info.deleted ? 'deleted' : 'created';
        await console.line(
          `${times.milliseconds(timestamp)} ${id} ${info.id} ${state} ${times.milliseconds(fromSeconds(info.timestamp))} ` +
            `${info.packBlob} ${info.packOffset} ${info.packedLength}`,
        );
      }
    }
    await list?.end();
  });
}

async function selected(contents: ContentStore, { args, flags }: Context): Promise<BlobMetadata[]> {
  if (args.length > 0) return Promise.all(args.map((id) => contents.storage.stat(id)));
  const found = await indexBlobs(contents, flags.bool('all'));
  return found.toSorted((a, b) =>
    a.timestamp === b.timestamp ? (a.id < b.id ? -1 : 1) : a.timestamp < b.timestamp ? -1 : 1,
  );
}
