import { encodeJson } from '../../bytes/json.ts';
import { CairnError } from '../../errors.ts';
import { diffTrees } from '../../snapshot/diff.ts';
import { resolveEntryPath } from '../../snapshot/resolve.ts';
import { withRepository } from '../connection.ts';
import type { Context } from '../context.ts';
import { storedOf } from './stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, times, signal } = context;
  if (flags.bool('files'))
    throw new CairnError('unsupported', "'diff --files' is not there yet", {
      hint: 'without it the changed files are named; restore both and compare them',
    });
  await withRepository(context, async ({ repository }) => {
    const stored = storedOf(repository);
    const before = await resolveEntryPath(stored, args[0]);
    const after = await resolveEntryPath(stored, args[1]);
    const { events, stats } = diffTrees(stored.contents, before, after, {
      formatTime: (time) => times.full(time),
      signal,
    });
    for await (const { text } of events) if (!flags.bool('stats-only')) await console.line(text);
    await console.write(
      encodeJson({ fileEntries: { ...stats.fileEntries }, directoryEntries: { ...stats.directoryEntries } }),
    );
  });
}
