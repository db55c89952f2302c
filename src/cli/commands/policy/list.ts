import { policyToJson } from '../../../policy/document.ts';
import { formatSource } from '../../../policy/source.ts';
import { listPolicies } from '../../../policy/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';

export async function run(context: Context): Promise<void> {
  const { console } = context;
  await withRepository(context, async ({ repository }) => {
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const { id, target, policy } of await listPolicies(repository.manifests)) {
      const { host, userName, path } = target;
      if (list === undefined) await console.line(`${id} ${formatSource(target)}`);
      else await list.add({ id, target: { host, userName, path }, ...policyToJson(policy) });
    }
    await list?.end();
  });
}
