/** What `snapshot fix invalid-files` and `remove-files` share. */
import { CairnError } from '../../../errors.ts';
import { formatSource, parseSource } from '../../../policy/source.ts';
import type { Repository } from '../../../repository/repository.ts';
import { fixSnapshots, type FixedSnapshot, type FixStep, type FixTarget } from '../../../snapshot/fix.ts';
import type { EntryFix } from '../../../snapshot/fix-tree.ts';
import type { SnapshotManifest } from '../../../snapshot/manifest.ts';
import { findSnapshots, listSnapshots } from '../../../snapshot/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { sourceContext } from '../stored.ts';

export type MakeFix = (
  target: FixTarget,
  repository: Repository,
  onStep: (step: FixStep) => void,
) => Promise<EntryFix> | EntryFix;

export async function runFix(context: Context, make: MakeFix): Promise<void> {
  const { flags, console, signal } = context;
  const commit = flags.bool('commit');
  const parallel = flags.number('parallel') || undefined;
  if (parallel !== undefined && parallel < 0)
    throw new CairnError('usage', `flag '--parallel' takes a number, 0 or more, got '${parallel}'`);
  await withRepository(context, async ({ repository }) => {
    const snapshots = await selected(context, repository);
    const session = repository.writeSession();
    const target: FixTarget = { contents: session.objects, writer: session.objectWriter(), parallel, signal };
    const steps: FixStep[] = [];
    const fix = await make(target, repository, (step) => {
      steps.push(step);
      const why = step.error === undefined ? '' : `: ${step.error.message}`;
      console.warning(`${step.path}${why} (${step.action})`);
    });
    const fixed = await fixSnapshots(session.manifests, target, snapshots, fix, {
      commit,
      onSnapshot: (result) => console.info(describe(context, result)),
    });
    if (commit) await session.close();
    else await session.abandon();
    const changed = fixed.filter((result) => result.changed);
    if (context.json)
      await console.json(
        {
          schema: 1,
          committed: commit,
          snapshots: changed.map(({ snapshot, rootEntry, saved }) => ({
            id: snapshot.id,
            newId: saved?.id,
            root: snapshot.rootEntry?.objectId,
            newRoot: rootEntry.objectId,
          })),
          entries: steps.map(({ path, entry, action, error }) => ({
            path,
            object: entry.objectId,
            action,
            error: error?.message,
          })),
        },
        context.jsonIndent,
      );
    if (changed.length === 0) console.info('No changes.');
    else if (commit) console.info(`Fixed ${changed.length} of ${fixed.length} snapshots.`);
    else console.info(`${changed.length} of ${fixed.length} snapshots would change. Pass --commit to do it.`);
  });
}

function describe({ times }: Context, { snapshot, rootEntry, changed, saved }: FixedSnapshot): string {
  const name = `${formatSource(snapshot.source)} at ${times.text(snapshot.startTime)}`;
  if (!changed) return `${name}: unchanged (${rootEntry.objectId})`;
  return `${name}: ${snapshot.rootEntry?.objectId} -> ${rootEntry.objectId}${saved === undefined ? '' : `, now ${saved.id}`}`;
}

async function selected(context: Context, repository: Repository): Promise<SnapshotManifest[]> {
  const { flags } = context;
  const { manifests } = repository;
  const [ids, sources] = [flags.texts('manifest-id'), flags.texts('source')];
  const found = new Map<string, SnapshotManifest>();
  const add = (snapshots: readonly SnapshotManifest[]) =>
    snapshots.forEach((snapshot) => found.set(snapshot.id, snapshot));
  for (const id of ids) add(await findSnapshots(manifests, id));
  for (const text of sources) {
    const source = parseSource(text, sourceContext(context, repository));
    const { snapshots } = await listSnapshots(manifests, { source });
    if (snapshots.length === 0)
      throw new CairnError('snapshot-not-found', `no snapshots for source ${formatSource(source)}`, {
        hint: "'cairn snapshot list --all' shows the sources",
      });
    add(snapshots);
  }
  if (ids.length === 0 && sources.length === 0) add((await listSnapshots(manifests)).snapshots);
  return [...found.values()];
}
