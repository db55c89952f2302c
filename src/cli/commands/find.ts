import { modeText } from '../../bytes/mode.ts';
import { formatSource, parseSource } from '../../policy/source.ts';
import { entryKind, entrySize, entryToJson } from '../../snapshot/entry.ts';
import { findEntries } from '../../snapshot/find.ts';
import type { SnapshotManifest } from '../../snapshot/manifest.ts';
import { listSnapshots } from '../../snapshot/store.ts';
import { withRepository } from '../connection.ts';
import type { Context } from '../context.ts';
import { JsonList } from '../output/json-list.ts';
import { sourceContext } from './stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, signal, size, times } = context;
  await withRepository(context, async ({ repository }) => {
    const { user, host } = repository.identity;
    const named = flags.texts('source').map((text) => parseSource(text, sourceContext(context, repository)));
    const filters = named.length > 0 ? named : flags.bool('all') ? [{}] : [{ userName: user, host }];
    const snapshots = new Map<string, SnapshotManifest>();
    for (const source of filters)
      for (const snapshot of (await listSnapshots(repository.manifests, { source })).snapshots)
        snapshots.set(snapshot.id, snapshot);
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    let source = '';
    for await (const { snapshot, path, entry } of findEntries(repository.objects, [...snapshots.values()], args[0], {
      ignoreCase: flags.bool('ignore-case'),
      repeated: flags.bool('repeated'),
      onDamaged: (of, at, error) =>
        console.error(`${formatSource(of.source)} at ${times.text(of.startTime)}: ${at}: ${error.message}`),
      signal,
    })) {
      const here = formatSource(snapshot.source);
      if (list !== undefined) {
        await list.add({
          schema: 1,
          snapshot: snapshot.id,
          source: here,
          startTime: times.text(snapshot.startTime),
          path,
          entry: entryToJson(entry),
        });
        continue;
      }
      if (here !== source) await console.line((source === '' ? '' : '\n') + console.paint('bold', here));
      source = here;
      const mode = modeText(entryKind(entry), entry.mode);
      const shown = path + (entry.type === 'd' ? '/' : '');
      await console.line(
        `  ${times.text(snapshot.startTime)} ${mode} ${size(entrySize(entry)).padStart(10)} ${entry.objectId.padEnd(34)} ${shown}`,
      );
    }
    await list?.end();
  });
}
