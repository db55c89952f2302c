import { fromUtf8, utf8 } from '../../../bytes/gather.ts';
import { toHex } from '../../../bytes/hex.ts';
import { encodeJson } from '../../../bytes/json.ts';
import { CairnError, fileError } from '../../../errors.ts';
import { policyToJson } from '../../../policy/document.ts';
import { parseEditedPolicy, policyEditText } from '../../../policy/exchange.ts';
import { emptyPolicy, type Policy } from '../../../policy/policy.ts';
import { formatSource, type SourceInfo } from '../../../policy/source.ts';
import { definedPolicy, setPolicy } from '../../../policy/store.ts';
import { joinPath } from '../../config/paths.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { printFailure } from '../../output/failure.ts';
import { ResultList } from '../../output/json-list.ts';
import { checkTargets, policyTargets } from './targets.ts';

export async function run(context: Context): Promise<void> {
  const { console, ports, terminal } = context;
  checkTargets(context);
  await withRepository(context, async ({ repository }) => {
    const results = new ResultList(context);
    for (const target of await policyTargets(context, repository)) {
      const result = { target: { ...target }, saved: false };
      results.add(result);
      const current = (await definedPolicy(repository.manifests, target))?.policy ?? emptyPolicy();
      const edited = await edit(context, target, current);
      if (edited === undefined || encodeJson(policyToJson(edited)) === encodeJson(policyToJson(current))) {
        console.info(`Policy for ${formatSource(target)} unchanged`);
        continue;
      }
      const answer = await terminal.ask('Save updated policy? (y/N) ');
      if (!/^y(es)?$/i.test(answer?.trim() ?? '')) {
        console.info('Not saved.');
        continue;
      }
      const session = repository.writeSession();
      await setPolicy(session.manifests, target, edited, ports.clock);
      await session.close();
      result.saved = true;
      console.info(`Updated policy for ${formatSource(target)}`);
    }
    await results.print();
  });
}

/** Lets the user edit until it is right or given up; the text is private while it lies on the disk. */
async function edit(context: Context, target: SourceInfo, current: Policy): Promise<Policy | undefined> {
  const { files, environment, ports, terminal, console } = context;
  const random = new Uint8Array(8);
  ports.random(random);
  const path = joinPath(files.separator, environment.temporaryDirectory(), `cairn-policy-${toHex(random)}.conf`);
  try {
    const handle = await files.open(path, 'create', 0o600);
    try {
      await handle.write(utf8(policyEditText(target, current)), 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, 'cannot write', path);
  }
  try {
    for (;;) {
      await runEditor(context, path);
      try {
        return parseEditedPolicy(fromUtf8(await files.readFile(path)), target, current);
      } catch (error) {
        if (!(error instanceof CairnError)) throw fileError(error, 'cannot read', path);
        const answer = await terminal.ask(`${error.message}\nEdit again? (Y/n) `);
        if (answer === undefined) throw error;
        if (!/^n/i.test(answer.trim())) continue;
        printFailure(console, error, false);
        return undefined;
      }
    }
  } finally {
    await files.removeFile(path).catch(() => {});
  }
}

async function runEditor({ ports, environment }: Context, path: string): Promise<void> {
  const fallback = environment.platform === 'windows' ? 'notepad.exe' : 'vi';
  const command = environment.variable('VISUAL') || environment.variable('EDITOR') || fallback;
  if (ports.subprocess === undefined) throw new CairnError('unsupported', 'this runtime cannot start an editor');
  const [program, ...args] = command.split(/\s+/).filter((word) => word !== '');
  let result;
  try {
    result = await ports.subprocess.run(program, [...args, path], { terminal: true });
  } catch (cause) {
    throw new CairnError('invalid-argument', `cannot start the editor '${command}': ${(cause as Error).message}`, {
      cause,
      hint: 'the variables VISUAL and EDITOR name the editor',
    });
  }
  if (result.status !== 0)
    throw new CairnError('canceled', `the editor ended with status ${result.status ?? 'none'}: nothing is changed`);
}
