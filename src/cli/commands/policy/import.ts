import { concatBytes, fromUtf8 } from '../../../bytes/gather.ts';
import { CairnError, fileError } from '../../../errors.ts';
import { importPolicies } from '../../../policy/exchange.ts';
import type { TargetedPolicy } from '../../../policy/merge.ts';
import { formatSource, sameSource, type SourceInfo } from '../../../policy/source.ts';
import { listPolicies, removePolicy, setPolicy } from '../../../policy/store.ts';
import { absolutePath } from '../../config/paths.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { ResultList } from '../../output/json-list.ts';
import { sourceContext } from '../stored.ts';
import { policyTargets } from './targets.ts';

/** More than any file of policies. */
const LIMIT = 64 << 20;

export async function run(context: Context): Promise<void> {
  const { args, flags, console, ports } = context;
  const text = await readInput(context);
  await withRepository(context, async ({ repository }) => {
    const policies = importPolicies(text, sourceContext(context, repository), flags.bool('allow-unknown-fields'));
    const named = args.length > 0 || flags.bool('global') ? await policyTargets(context, repository) : undefined;
    const wanted = named === undefined ? policies : pick(policies, named);
    const others = flags.bool('delete-other-policies')
      ? (await listPolicies(repository.manifests)).filter(
          ({ target }) => !wanted.some((policy) => sameSource(policy.target, target)),
        )
      : [];
    const session = repository.writeSession();
    const results = new ResultList(context);
    for (const { target, policy } of wanted) {
      console.info(`Setting policy for ${formatSource(target)}`);
      await setPolicy(session.manifests, target, policy, ports.clock);
      results.add({ target: { ...target }, set: true });
    }
    for (const { target } of others) {
      console.info(`Removing policy on "${formatSource(target)}"...`);
      await removePolicy(session.manifests, target);
      results.add({ target: { ...target }, deleted: true });
    }
    await session.close();
    await results.print();
  });
}

/** Those of the targets; one that the file does not have is an error. */
function pick(policies: readonly TargetedPolicy[], targets: readonly SourceInfo[]): TargetedPolicy[] {
  return targets.map((target) => {
    const found = policies.find((policy) => sameSource(policy.target, target));
    if (found === undefined)
      throw new CairnError('invalid-argument', `the policy file has no policy of ${formatSource(target)}`);
    return found;
  });
}

async function readInput({ flags, files, environment, terminal }: Context): Promise<string> {
  const name = flags.text('from-file');
  if (name) {
    const path = absolutePath(name, environment.currentDirectory(), files.separator);
    try {
      return fromUtf8(await files.readFile(path));
    } catch (error) {
      throw fileError(error, 'unable to read the policy file', path);
    }
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of terminal.input()) {
    parts.push(part);
    if ((length += part.length) > LIMIT)
      throw new CairnError('invalid-argument', 'standard input is too long for policies');
  }
  return fromUtf8(concatBytes(parts));
}
