import type { BlobMetadata } from '../../../blob/storage.ts';
import { formatTime } from '../../../bytes/time.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';
import { indexBlobs } from './blobs.ts';

const byId = (a: BlobMetadata, b: BlobMetadata) => (a.id < b.id ? -1 : 1);
const orders: Record<string, (a: BlobMetadata, b: BlobMetadata) => number> = {
  time: (a, b) => (a.timestamp === b.timestamp ? byId(a, b) : a.timestamp < b.timestamp ? -1 : 1),
  size: (a, b) => a.length - b.length || byId(a, b),
  name: byId,
};

export async function run(context: Context): Promise<void> {
  const { flags, console, times } = context;
  await withRepository(context, async ({ repository: { contents } }) => {
    const found = await indexBlobs(contents, flags.bool('superseded'));
    found.sort(orders[flags.text('sort')!]);
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const { id, length, timestamp } of found) {
      if (list !== undefined) await list.add({ id, length, timestamp: formatTime(timestamp), Superseded: null });
      else await console.line(`${id.padEnd(60)} ${String(length).padStart(10)} ${times.milliseconds(timestamp)} []`);
    }
    await list?.end();
    if (flags.bool('summary') && list === undefined) await console.line(`total ${found.length} indexes`);
  });
}
