import { encodeJson, type JsonObject } from '../../bytes/json.ts';
import { CairnError } from '../../errors.ts';
import { diffTrees, type DiffEvent } from '../../snapshot/diff.ts';
import { entryToJson } from '../../snapshot/entry.ts';
import { resolveEntryPath } from '../../snapshot/resolve.ts';
import { withRepository } from '../connection.ts';
import type { Context } from '../context.ts';
import { JsonList } from '../output/json-list.ts';
import { FileDiff } from './diff-files.ts';
import { storedOf } from './stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, times, signal } = context;
  if (flags.bool('files') && (context.json || flags.bool('stats-only')))
    throw new CairnError('usage', "flag '--files' does not go with '--json' and '--stats-only'");
  await withRepository(context, async ({ repository }) => {
    const stored = storedOf(repository);
    const before = await resolveEntryPath(stored, args[0]);
    const after = await resolveEntryPath(stored, args[1]);
    const { events, stats } = diffTrees(stored.contents, before, after, {
      formatTime: (time) => times.full(time),
      signal,
    });
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    if (list !== undefined) await console.write('{"schema":1,"changes":');
    const files = flags.bool('files') ? new FileDiff(context, repository) : undefined;
    try {
      for await (const event of events) {
        if (flags.bool('stats-only')) continue;
        if (list !== undefined) await list.add(changeToJson(event));
        else await console.line(event.text);
        await files?.show(event);
      }
    } finally {
      await files?.close();
    }
    await list?.end();
    const counts = encodeJson({
      fileEntries: { ...stats.fileEntries },
      directoryEntries: { ...stats.directoryEntries },
    });
    await console.write(list === undefined ? counts : `,${counts.slice(1)}\n`);
  });
}

/** The entries are left out where there is none on that side. */
function changeToJson({ kind, path, before, after, text }: DiffEvent): JsonObject {
  return { kind, path, text, before: before && entryToJson(before), after: after && entryToJson(after) };
}
