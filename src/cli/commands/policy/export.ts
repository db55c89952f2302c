import { encodeJson, indentJson } from '../../../bytes/json.ts';
import { utf8 } from '../../../bytes/gather.ts';
import { CairnError, fileError, systemCode } from '../../../errors.ts';
import { exportPolicies } from '../../../policy/exchange.ts';
import { formatSource } from '../../../policy/source.ts';
import { definedPolicy, listPolicies, type StoredPolicy } from '../../../policy/store.ts';
import type { Repository } from '../../../repository/repository.ts';
import { absolutePath } from '../../config/paths.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { policyTargets } from './targets.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  const file = flags.text('to-file');
  if (flags.bool('overwrite') && !file) throw new CairnError('usage', "flag '--overwrite' needs '--to-file'");
  await withRepository(context, async ({ repository }) => {
    const json = exportPolicies(await wanted(context, repository));
    const text = (flags.bool('json-indent') ? indentJson(json) : encodeJson(json)) + '\n';
    if (file) await writeNew(context, file, text);
    else await console.write(text);
  });
}

/** All policies unless targets are named. */
async function wanted(context: Context, repository: Repository): Promise<StoredPolicy[]> {
  if (context.args.length === 0 && !context.flags.bool('global')) return listPolicies(repository.manifests);
  const found: StoredPolicy[] = [];
  for (const target of await policyTargets(context, repository)) {
    const policy = await definedPolicy(repository.manifests, target);
    if (policy === undefined)
      throw new CairnError('manifest-not-found', `there is no policy of ${formatSource(target)}`, {
        hint: "'cairn policy list' shows the policies there are",
      });
    found.push(policy);
  }
  return found;
}

/** Private: policies name paths and commands. */
async function writeNew({ files, flags, environment }: Context, name: string, text: string): Promise<void> {
  const path = absolutePath(name, environment.currentDirectory(), files.separator);
  try {
    const handle = await files.open(path, flags.bool('overwrite') ? 'write' : 'create', 0o600);
    try {
      await handle.write(utf8(text), 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'EEXIST')
      throw new CairnError('file-exists', `the file ${path} exists already`, {
        cause: error,
        hint: '--overwrite replaces it',
      });
    throw fileError(error, 'cannot write', path);
  }
}
