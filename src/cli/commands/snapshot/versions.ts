import { formatTime } from '../../../bytes/time.ts';
import { modeText } from '../../../bytes/mode.ts';
import { CairnError } from '../../../errors.ts';
import { formatSource, parseSource } from '../../../policy/source.ts';
import { entryKind, entrySize, entryToJson } from '../../../snapshot/entry.ts';
import { snapshotVersions } from '../../../snapshot/versions.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';
import { sourceContext, storedOf } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, console, size, times } = context;
  await withRepository(context, async ({ repository }) => {
    const source = parseSource(args[0], sourceContext(context, repository));
    const versions = await snapshotVersions(storedOf(repository), source);
    if (versions.length === 0)
      throw new CairnError('snapshot-not-found', `no snapshots contain data for ${formatSource(source)}`, {
        hint: "'cairn snapshot list --all' shows what there is",
      });
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const { entry, first, last, count, changes } of versions) {
      if (list !== undefined) {
        const { id, startTime } = first;
        await list.add({
          schema: 1,
          firstSnapshot: id,
          lastSnapshot: last.id,
          from: formatTime(startTime),
          to: formatTime(last.startTime),
          snapshots: count,
          changes,
          entry: entry === undefined ? null : entryToJson(entry),
        });
        continue;
      }
      const what =
        entry === undefined
          ? '-'
          : `${modeText(entryKind(entry), entry.mode)} ${size(entrySize(entry)).padStart(10)} ${times.text(entry.mtime)} ${entry.objectId}`;
      const span = count === 1 ? '' : ` (${count} snapshots until ${times.text(last.startTime)})`;
      await console.line(`${times.text(first.startTime)} ${what} ${changes.join(',')}${span}`);
    }
    await list?.end();
  });
}
