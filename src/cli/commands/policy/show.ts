import { policyToJson } from '../../../policy/document.ts';
import { showPolicy } from '../../../policy/show.ts';
import { effectivePolicy } from '../../../policy/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { checkTargets, policyTargets } from './targets.ts';

export async function run(context: Context): Promise<void> {
  const { console } = context;
  checkTargets(context);
  await withRepository(context, async ({ repository }) => {
    for (const target of await policyTargets(context, repository)) {
      const effective = await effectivePolicy(repository.manifests, target);
      if (context.json) await console.json(policyToJson(effective.policy), context.jsonIndent);
      else await console.write(showPolicy(effective));
    }
  });
}
