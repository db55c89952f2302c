import { CairnError } from '../../../errors.ts';
import { formatSource, parseSource } from '../../../policy/source.ts';
import { effectivePolicy } from '../../../policy/store.ts';
import { deleteExpired, expireSnapshots } from '../../../snapshot/expire.ts';
import { snapshotToJson } from '../../../snapshot/manifest.ts';
import { listSources } from '../../../snapshot/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';
import { Times } from '../../output/times.ts';
import { sourceContext } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console } = context;
  if (flags.bool('all') === args.length > 0)
    throw new CairnError('usage', "must pass either '--all' or paths of sources");
  const really = flags.bool('delete');
  await withRepository(context, async ({ repository }) => {
    const sources = flags.bool('all')
      ? await listSources(repository.manifests)
      : args.map((arg) => parseSource(arg, sourceContext(context, repository)));
    const session = really ? repository.writeSession() : undefined;
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const source of sources) {
      const { policy } = await effectivePolicy(repository.manifests, source);
      const expiry = await expireSnapshots(repository.manifests, source, policy.retention, new Times('local').zone);
      if (session !== undefined) await deleteExpired(session.manifests, expiry);
      const count = expiry.expired.length;
      if (list !== undefined)
        for (const snapshot of expiry.expired)
          await list.add({ ...snapshotToJson(snapshot, { withId: true }), stats: undefined });
      else if (count === 0) console.info(`Nothing to delete for ${formatSource(source)}.`);
      else if (really) console.info(`Deleted ${count} snapshots of ${formatSource(source)}.`);
      else console.info(`${count} snapshot(s) of ${formatSource(source)} would be deleted. Pass --delete to do it.`);
    }
    await list?.end();
    await session?.close();
  });
}
