import type { BlobMetadata } from '../../../blob/storage.ts';
import { formatTime } from '../../../bytes/time.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, times } = context;
  const excluded = flags.texts('exclude-prefix');
  const least = flags.integer('min-size') ?? 0n;
  const most = flags.integer('max-size');
  const wanted = ({ id, length }: BlobMetadata) =>
    !excluded.some((prefix) => id.startsWith(prefix)) &&
    BigInt(length) >= least &&
    (most === undefined || BigInt(length) <= most) &&
    (!flags.bool('data-only') || /^[pq]/.test(id));
  await withRepository(context, async ({ repository: { storage } }) => {
    const found: BlobMetadata[] = [];
    for await (const blob of storage.list(flags.text('prefix') ?? '')) if (wanted(blob)) found.push(blob);
    found.sort((a, b) => (a.id < b.id ? -1 : 1));
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const { id, length, timestamp } of found) {
      if (list !== undefined) await list.add({ id, length, timestamp: formatTime(timestamp) });
      else await console.line(`${id.padEnd(70)} ${String(length).padStart(10)} ${times.text(timestamp)}`);
    }
    await list?.end();
  });
}
