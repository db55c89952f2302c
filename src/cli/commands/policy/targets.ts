/** `--global` or targets on the command line: one of the two. */
import { CairnError } from '../../../errors.ts';
import { GLOBAL, type SourceInfo } from '../../../policy/source.ts';
import { policyTarget } from '../../../policy/store.ts';
import type { Repository } from '../../../repository/repository.ts';
import type { Context } from '../../context.ts';
import { sourceContext } from '../stored.ts';

export function checkTargets({ args, flags }: Context): void {
  if (flags.bool('global') === args.length > 0)
    throw new CairnError('usage', "must pass either '--global' or a list of path targets");
}

export async function policyTargets(context: Context, repository: Repository): Promise<SourceInfo[]> {
  checkTargets(context);
  if (context.flags.bool('global')) return [GLOBAL];
  const sources = sourceContext(context, repository);
  return Promise.all(context.args.map((text) => policyTarget(repository.manifests, text, sources)));
}
