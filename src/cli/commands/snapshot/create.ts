import { CairnError, isCairnError } from '../../../errors.ts';
import { clonePolicy } from '../../../policy/document.ts';
import { emptyPolicy } from '../../../policy/policy.ts';
import { formatSource, localSource, parseSource, type SourceInfo } from '../../../policy/source.ts';
import { definedPolicy, effectivePolicy, policyTree, setPolicy } from '../../../policy/store.ts';
import type { WriteSession } from '../../../repository/write-session.ts';
import { snapshotToJson, type SnapshotManifest } from '../../../snapshot/manifest.ts';
import { listSources } from '../../../snapshot/store.ts';
import { withRepository, type Connection } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { asCairnError } from '../../output/failure.ts';
import { sourceContext } from '../stored.ts';
import { estimateJson, estimatePath, printEstimate } from './estimate.ts';
import { createFlags, type CreateFlags } from './options.ts';
import { failureOf, takeOne } from './take.ts';

interface Wanted {
  source: SourceInfo;
  path: string;
}

export async function run(context: Context): Promise<void> {
  const { args, flags } = context;
  const options = createFlags(context);
  if (flags.bool('all') && args.length > 0)
    throw new CairnError('usage', 'cannot use --all when a source path argument is specified');
  if (!flags.bool('all') && args.length === 0)
    throw new CairnError('usage', 'no snapshot sources', { hint: 'name the folders to back up, or give --all' });
  await withRepository(context, async (connection) => {
    const session = connection.repository.writeSession();
    const wanted = flags.bool('all') ? await allSources(connection) : named(context, connection);
    if (flags.bool('dry-run')) return dryRun(context, connection, wanted);
    if (flags.text('override-source') || options.stdinFile) await makeManual(session, wanted[0].source, context);
    const failures = await takeAll(context, connection, session, wanted, options);
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw severalFailures(failures);
  });
}

/** Each source for itself: one that fails does not keep the others from being backed up. */
async function takeAll(
  context: Context,
  connection: Connection,
  session: WriteSession,
  wanted: readonly Wanted[],
  options: CreateFlags,
): Promise<CairnError[]> {
  const failures: CairnError[] = [];
  for (const { source, path } of wanted) {
    let failure;
    try {
      const snapshot = await takeOne(context, { connection, session, source, path, options });
      if (context.json) await printJson(context, snapshot);
      failure = failureOf(snapshot);
    } catch (error) {
      failure = asCairnError(error);
    }
    if (failure === undefined) continue;
    failures.push(failure);
    if (context.signal.aborted || options.failFast || !isPerSource(failure)) break;
  }
  return failures;
}

async function printJson({ console, flags, jsonIndent }: Context, snapshot: SnapshotManifest): Promise<void> {
  const json = snapshotToJson(snapshot, { withId: true });
  await console.json(flags.bool('json-verbose') ? json : { ...json, stats: undefined }, jsonIndent);
}

/** Whether the next source may still work out. */
function isPerSource({ code }: CairnError): boolean {
  return ['partial', 'file-not-found', 'permission', 'not-a-directory', 'invalid-argument'].includes(code);
}

function severalFailures(failures: readonly CairnError[]): CairnError {
  const worst = failures.find((failure) => !isCairnError(failure, 'partial')) ?? failures[0];
  return new CairnError(
    worst.code,
    [`encountered ${failures.length} errors:`, ...failures.map(({ message }) => message)].join('\n'),
    {
      data: worst.data,
      hint: worst.hint,
    },
  );
}

function named(context: Context, { repository }: Connection): Wanted[] {
  const { args, flags } = context;
  const sources = sourceContext(context, repository);
  const wanted = args.map((arg) => {
    const source = localSource(arg, sources);
    return { source, path: source.path };
  });
  if (flags.text('stdin-file') && wanted.length !== 1)
    throw new CairnError('usage', "flag '--stdin-file' goes with one source, the folder that the file will be in");
  const override = flags.text('override-source');
  if (!override) return wanted;
  const source = parseSource(override, sources);
  if (wanted.length !== 1) throw new CairnError('usage', "flag '--override-source' goes with one source");
  if (!/^[^@]+@[^:]+:./.test(override))
    throw new CairnError('usage', `flag '--override-source' takes user@host:/path, got '${override}'`);
  return [{ source, path: wanted[0].path }];
}

/** What would be stored, by the rules of each source. */
async function dryRun(context: Context, { repository }: Connection, wanted: readonly Wanted[]): Promise<void> {
  const { console, signal, jsonIndent } = context;
  if (context.flags.text('stdin-file'))
    throw new CairnError('usage', "flag '--dry-run' does not go with '--stdin-file'");
  for (const { source, path } of wanted) {
    const { root } = await policyTree(repository.manifests, source);
    const found = await estimatePath(context, path, root, { signal });
    if (context.json) await console.json({ ...estimateJson(found), source: { ...source } }, jsonIndent);
    else {
      await console.line(`${formatSource(source)} (dry run, nothing is stored)`);
      await printEstimate(context, found);
    }
  }
}

/** Sources of this user and host that were backed up before and are not manual. */
async function allSources({ repository }: Connection): Promise<Wanted[]> {
  const { user, host } = repository.identity;
  const wanted: Wanted[] = [];
  for (const source of await listSources(repository.manifests, { host, userName: user })) {
    const { policy } = await effectivePolicy(repository.manifests, source);
    if (policy.scheduling.manual !== true) wanted.push({ source, path: source.path });
  }
  return wanted;
}

/** A source under another name is not found on the disk later, so it must not be scheduled. */
async function makeManual(session: WriteSession, source: SourceInfo, { ports }: Context): Promise<void> {
  const defined = await definedPolicy(session.manifests, source);
  if (defined?.policy.scheduling.manual === true) return;
  const policy = clonePolicy(defined?.policy ?? emptyPolicy());
  await setPolicy(session.manifests, source, { ...policy, scheduling: { manual: true } }, ports.clock);
}
