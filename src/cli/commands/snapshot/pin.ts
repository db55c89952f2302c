import { CairnError } from '../../../errors.ts';
import { formatSource } from '../../../policy/source.ts';
import { snapshotToJson, type SnapshotManifest } from '../../../snapshot/manifest.ts';
import { findSnapshots, replaceSnapshot } from '../../../snapshot/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, times } = context;
  const add = flags.texts('add');
  const remove = flags.texts('remove');
  if (add.length === 0 && remove.length === 0) throw new CairnError('usage', 'must specify --add and/or --remove');
  if ([...add, ...remove].includes('')) throw new CairnError('usage', 'the name of a pin must not be empty');
  await withRepository(context, async ({ repository }) => {
    const found = new Map<string, SnapshotManifest>();
    for (const id of args)
      for (const snapshot of await findSnapshots(repository.manifests, id)) found.set(snapshot.id, snapshot);
    const session = repository.writeSession();
    const pinned: [SnapshotManifest, previousId: string | undefined][] = [];
    for (const snapshot of found.values()) {
      const pins = new Set(snapshot.pins);
      for (const pin of add) pins.add(pin);
      for (const pin of remove) pins.delete(pin);
      const what = `snapshot at ${times.text(snapshot.startTime)} of ${formatSource(snapshot.source)}`;
      const changed = pins.size !== snapshot.pins.length || snapshot.pins.some((pin) => !pins.has(pin));
      console.info(`${changed ? 'Updating' : 'No change for'} ${what}`);
      const saved = changed
        ? await replaceSnapshot(session.manifests, snapshot.id, { ...snapshot, pins: [...pins] })
        : snapshot;
      pinned.push([saved, changed ? snapshot.id : undefined]);
    }
    await session.close();
    if (!context.json) return;
    const list = new JsonList(console, context.jsonIndent);
    for (const [saved, previousId] of pinned)
      await list.add({ schema: 1, ...snapshotToJson(saved, { withId: true }), stats: undefined, previousId });
    await list.end();
  });
}
