import { CairnError } from '../../../errors.ts';
import { formatSource, parseSource } from '../../../policy/source.ts';
import type { ManifestReader } from '../../../manifest/types.ts';
import type { SnapshotManifest } from '../../../snapshot/manifest.ts';
import { deleteSnapshot, findSnapshots, listSnapshots } from '../../../snapshot/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { sourceContext } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, times } = context;
  const really = flags.bool('delete') || flags.bool('unsafe-ignore-source');
  await withRepository(context, async ({ repository }) => {
    // All are looked up before the first is removed.
    const found = new Map<string, SnapshotManifest>();
    for (const arg of args)
      for (const snapshot of await matches(context, repository.manifests, arg, sourceContext(context, repository)))
        found.set(snapshot.id, snapshot);
    const text = ({ id, source, startTime }: SnapshotManifest) =>
      `snapshot ${id} of ${formatSource(source)} at ${times.text(startTime)}`;
    if (!really) {
      for (const snapshot of found.values()) console.info(`Would delete ${text(snapshot)} (pass --delete to confirm)`);
      return;
    }
    const session = repository.writeSession();
    for (const snapshot of found.values()) {
      console.info(`Deleting ${text(snapshot)}...`);
      await deleteSnapshot(session.manifests, snapshot.id);
    }
    await session.close();
  });
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
