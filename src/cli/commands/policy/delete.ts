import { CairnError } from '../../../errors.ts';
import { formatSource } from '../../../policy/source.ts';
import { definedPolicy, removePolicy } from '../../../policy/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { ResultList } from '../../output/json-list.ts';
import { checkTargets, policyTargets } from './targets.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  checkTargets(context);
  await withRepository(context, async ({ repository }) => {
    const targets = await policyTargets(context, repository);
    for (const target of targets)
      if ((await definedPolicy(repository.manifests, target)) === undefined)
        throw new CairnError('manifest-not-found', `there is no policy of ${formatSource(target)}`, {
          hint: "'cairn policy list' shows the policies there are",
        });
    const session = flags.bool('dry-run') ? undefined : repository.writeSession();
    const results = new ResultList(context);
    for (const target of targets) {
      console.info(`Removing policy on "${formatSource(target)}"...`);
      if (session !== undefined) await removePolicy(session.manifests, target);
      results.add({ target: { ...target }, deleted: session !== undefined });
    }
    await session?.close();
    await results.print();
  });
}
