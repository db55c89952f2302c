/** `snapshot copy-history` and `move-history`. */
import { CairnError } from '../../../errors.ts';
import { formatSource, parseSource, type SourceInfo } from '../../../policy/source.ts';
import { checkHistory, transferHistory, type HistoryStep } from '../../../snapshot/history.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { sourceContext } from '../stored.ts';

export async function runHistory(context: Context, move: boolean): Promise<void> {
  const { args, flags, console, ports } = context;
  const dryRun = flags.bool('dry-run');
  if (args.length > 2) throw new CairnError('usage', `unexpected argument '${args[2]}'`);
  await withRepository(context, async ({ repository }) => {
    const sources = sourceContext(context, repository);
    const source = parseSource(args[0], sources);
    const { user, host } = repository.identity;
    const destination: SourceInfo =
      args[1] === undefined ? { userName: user, host, path: '' } : parseSource(args[1], sources);
    checkHistory(source, destination);
    const session = repository.writeSession();
    const { steps, policies } = await transferHistory(session.manifests, source, destination, {
      move,
      dryRun,
      policies: flags.bool('policies') ? ports.clock : undefined,
      onStep: (step) => console.info(describe(context, step, move, dryRun)),
    });
    for (const target of policies)
      console.info(`${dryRun ? 'Would copy' : 'Copied'} the policy of ${formatSource(target)}.`);
    if (dryRun) await session.abandon();
    else await session.close();
    if (context.json)
      await console.json(
        {
          schema: 1,
          dryRun,
          snapshots: steps.map(({ snapshot, destination: to, action }) => ({
            id: snapshot.id,
            source: formatSource(snapshot.source),
            destination: formatSource(to),
            action,
          })),
          policies: policies.map(formatSource),
        },
        context.jsonIndent,
      );
    else if (dryRun) console.info('Nothing was changed: this was a dry run.');
  });
}

function describe(
  { times }: Context,
  { snapshot, destination, action }: HistoryStep,
  move: boolean,
  dryRun: boolean,
): string {
  const what = `${formatSource(snapshot.source)} (${times.text(snapshot.startTime)})`;
  if (action === 'present')
    return `${what} already exists at ${formatSource(destination)}${move ? (dryRun ? ': would be removed here' : ': removed here') : ''}`;
  const verb = dryRun ? (move ? 'would be moved' : 'would be copied') : move ? 'moved' : 'copied';
  return `${what} ${verb} to ${formatSource(destination)}`;
}
