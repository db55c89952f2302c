import { fileError } from '../../../errors.ts';
import { policyToJson } from '../../../policy/document.ts';
import { editPolicy } from '../../../policy/edit.ts';
import { scriptPaths } from '../../../policy/edit-actions.ts';
import type { PolicyFlags } from '../../../policy/flags.ts';
import { emptyPolicy } from '../../../policy/policy.ts';
import { formatSource } from '../../../policy/source.ts';
import { definedPolicy, setPolicy } from '../../../policy/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { ResultList } from '../../output/json-list.ts';
import { outputFlags, table } from '../../tables/policy.ts';
import { checkTargets, policyTargets } from './targets.ts';

export async function run(context: Context): Promise<void> {
  const { console, ports } = context;
  const dryRun = context.flags.bool('dry-run');
  checkTargets(context);
  const flags = policyFlags(context);
  const scripts = await readScripts(context, scriptPaths(flags));
  await withRepository(context, async ({ repository }) => {
    const session = dryRun ? undefined : repository.writeSession();
    const manifests = session?.manifests ?? repository.manifests;
    const results = new ResultList(context);
    for (const target of await policyTargets(context, repository)) {
      console.info(`${dryRun ? 'Would set' : 'Setting'} policy for ${formatSource(target)}`);
      const current = (await definedPolicy(manifests, target))?.policy ?? emptyPolicy();
      const { policy, lines } = editPolicy(current, flags, { target, scripts });
      for (const line of lines) console.info(line);
      if (session !== undefined) await setPolicy(session.manifests, target, policy, ports.clock);
      results.add({
        target: { ...target },
        changes: lines.map((line) => line.replace(/^ - /, '')),
        policy: policyToJson(policy),
      });
    }
    // Stored only when every target was right; a failure before leaves all as it was.
    await session?.close();
    await results.print();
  });
}

/** What was given of the command's own flags, under the same names. */
function policyFlags({ flags }: Context): PolicyFlags {
  const own = new Set(table.commands!.find(({ name }) => name === 'set')!.flags!.map(({ name }) => name));
  for (const { name } of [...outputFlags, { name: 'global' }]) own.delete(name);
  const given: Record<string, unknown> = {};
  for (const [{ name, repeated, type }, values] of flags.entries())
    if (own.has(name) && flags.given(name)) given[name] = repeated && type !== 'T' ? values : values.at(-1);
  return given as PolicyFlags;
}

async function readScripts({ files }: Context, paths: readonly string[]): Promise<Map<string, Uint8Array>> {
  const scripts = new Map<string, Uint8Array>();
  for (const path of paths)
    try {
      scripts.set(path, await files.readFile(path));
    } catch (error) {
      throw fileError(error, 'unable to read the action script', path);
    }
  return scripts;
}
