import { formatTime } from '../../../bytes/time.ts';
import { CairnError } from '../../../errors.ts';
import { formatSource, parseSource } from '../../../policy/source.ts';
import type { ManifestReader } from '../../../manifest/types.ts';
import type { SnapshotManifest } from '../../../snapshot/manifest.ts';
import { checkDeletable } from '../../../snapshot/expire.ts';
import { deleteSnapshot, findSnapshots, listSnapshots } from '../../../snapshot/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';
import { sourceContext } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console } = context;
  if (flags.bool('all') === args.length > 0)
    throw new CairnError(
      'usage',
      args.length > 0 ? "flag '--all' goes without IDs" : "required argument 'id' not provided",
    );
  const really = flags.bool('delete') || flags.bool('unsafe-ignore-source');
  await withRepository(context, async ({ repository }) => {
    // All are looked up before the first is removed.
    const found = new Map<string, SnapshotManifest>();
    if (flags.bool('all')) {
      const { user, host } = repository.identity;
      const { snapshots } = await listSnapshots(repository.manifests, { source: { userName: user, host } });
      // what is pinned stays unless it is said that it goes, too
      for (const snapshot of snapshots)
        if (snapshot.pins.length === 0 || flags.bool('ignore-pins')) found.set(snapshot.id, snapshot);
      if (snapshots.length > found.size) console.info(`${snapshots.length - found.size} pinned snapshot(s) stay.`);
    }
    for (const arg of args)
      for (const snapshot of await matches(context, repository.manifests, arg, sourceContext(context, repository)))
        found.set(snapshot.id, snapshot);
    if (really) for (const snapshot of found.values()) checkDeletable(snapshot, flags.bool('ignore-pins'));
    if (!really) {
      for (const snapshot of found.values())
        console.info(`Would delete ${describe(context, snapshot)} (pass --delete to confirm)`);
      return printJson(context, found.values(), false);
    }
    const session = repository.writeSession();
    for (const snapshot of found.values()) {
      console.info(`Deleting ${describe(context, snapshot)}...`);
      await deleteSnapshot(session.manifests, snapshot.id);
    }
    await session.close();
    await printJson(context, found.values(), true);
  });
}

async function printJson(
  { json, console, jsonIndent }: Context,
  snapshots: Iterable<SnapshotManifest>,
  deleted: boolean,
): Promise<void> {
  if (!json) return;
  const list = new JsonList(console, jsonIndent);
  for (const { id, source, startTime } of snapshots)
    await list.add({ schema: 1, id, source: { ...source }, startTime: formatTime(startTime), deleted });
  await list.end();
}

function describe({ times }: Context, { id, source, startTime }: SnapshotManifest): string {
  return `snapshot ${id} of ${formatSource(source)} at ${times.text(startTime)}`;
}

async function matches(
  { flags }: Context,
  manifests: ManifestReader,
  arg: string,
  sources: ReturnType<typeof sourceContext>,
): Promise<SnapshotManifest[]> {
  if (!flags.bool('all-snapshots-for-source')) return findSnapshots(manifests, arg);
  const source = parseSource(arg, sources);
  const { snapshots } = await listSnapshots(manifests, { source });
  if (snapshots.length === 0)
    throw new CairnError('snapshot-not-found', `no snapshots for source ${formatSource(source)}`, {
      hint: "'cairn snapshot list --all' shows the sources",
    });
  return snapshots;
}
