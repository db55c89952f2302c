/** `cairn backup FOLDER...`: backs up at once, with a repository of its own where none is connected. */
import { toBase64Url } from '../../bytes/base64.ts';
import type { Json } from '../../bytes/json.ts';
import { CairnError, isCairnError } from '../../errors.ts';
import { localSource } from '../../policy/source.ts';
import { createRepository } from '../../repository/create.ts';
import { parseTags, snapshotToJson, type SnapshotManifest } from '../../snapshot/manifest.ts';
import type { VerifyResult } from '../../snapshot/verify.ts';
import { dataDirectory, separatorOf } from '../config/directories.ts';
import { readConfig, type ClientConfig } from '../config/file.ts';
import { defaultHostName, defaultUserName } from '../config/identity.ts';
import { passwordFile } from '../config/password.ts';
import { directoryOf, joinPath } from '../config/paths.ts';
import { makeDirectories } from '../../blob/directories.ts';
import { configFileOf, withRepository, type Connection } from '../connection.ts';
import { givenPassword } from '../credentials.ts';
import type { Context } from '../context.ts';
import { openContextStorage } from '../storage.ts';
import { saveConnection } from './repository/client.ts';
import { percentOf } from './percent.ts';
import type { CreateFlags } from './snapshot/options.ts';
import { failureOf, takeOne } from './snapshot/take.ts';
import { snapshotTarget, verifyTargets } from './snapshot/verify.ts';
import { sourceContext } from './stored.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  const options: CreateFlags = {
    description: flags.text('description') ?? '',
    tags: parseTags(flags.texts('tags')),
    pins: [],
    startTime: undefined,
    endTime: undefined,
    forceHash: 0,
    failFast: false,
    limitBytes: 0,
    checkpointInterval: undefined,
  };
  const percent = percentOf(flags, 'verify-files-percent');
  await checkFolders(context);
  const created = (await readConfig(context.files, configFileOf(context))) === undefined;
  if (created) await setUp(context);
  await withRepository(context, async (connection) => {
    const snapshots = await takeSnapshots(context, connection, options);
    const verified = await verifyWritten(context, connection, snapshots, percent);
    if (context.json)
      await console.json(resultJson(context, connection, created, snapshots, verified), context.jsonIndent);
    else await explain(context, connection, created, snapshots);
    const failure = snapshots.map(failureOf).find((error) => error !== undefined);
    if (verified.errorCount > 0)
      throw new CairnError('verification-failed', `what was written does not verify: ${verified.errorCount} errors`, {
        hint: 'the disk that holds the repository may be failing; back up to another one',
      });
    if (failure !== undefined) throw failure;
  });
}

/** Nothing is set up for a folder that is not there. */
async function checkFolders({ args, files, environment }: Context): Promise<void> {
  for (const arg of args) {
    const path = localSource(arg, {
      host: '',
      userName: '',
      currentDirectory: environment.currentDirectory(),
      separator: separatorOf(environment),
    }).path;
    try {
      await files.stat(path);
    } catch (cause) {
      throw new CairnError(
        'file-not-found',
        `cannot read the source ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          cause,
          hint: 'check the spelling of the path',
        },
      );
    }
  }
}

/** Makes a repository in the user's data directory, with a random password unless one is given. */
async function setUp(context: Context): Promise<void> {
  const { environment, ports, console, files } = context;
  const path = joinPath(separatorOf(environment), dataDirectory(environment), 'repository');
  const random = new Uint8Array(32);
  ports.random(random);
  const given = await givenPassword(context);
  if (given === undefined && !context.flags.bool('persist-credentials'))
    throw new CairnError('usage', 'a new repository needs a password that somebody keeps', {
      hint: 'give one with --password, or leave out --no-persist-credentials',
    });
  const password = given?.password ?? toBase64Url(random);
  await makeDirectories(files, directoryOf(path, files.separator), 0o700);
  const info = { type: 'filesystem', config: { path, fileMode: 0o600, dirMode: 0o700, dirShards: null } };
  const storage = await openContextStorage(context, info, { create: true });
  try {
    const config: ClientConfig = {
      storage: storage.connectionInfo(),
      hostname: defaultHostName(environment),
      username: defaultUserName(environment),
      readonly: false,
      permissiveCacheLoading: false,
      description: `Repository in ${storage.displayName}`,
      enableActions: false,
      formatBlobCacheDuration: 900_000_000_000n,
      unknown: {},
    };
    const identity = { user: config.username, host: config.hostname };
    const repository = await createRepository(storage, password, ports, { identity });
    await saveConnection(context, repository, config, {}, password);
  } catch (error) {
    if (!isCairnError(error, 'already-initialized')) throw error;
    throw new CairnError(error.code, `${path} already holds a repository, but it is not connected`, {
      cause: error,
      hint: `'cairn repository connect filesystem --path=${path}' connects to it with its password`,
    });
  } finally {
    await storage.close();
  }
  console.info(`Made a new repository in ${path}`);
}

async function takeSnapshots(
  context: Context,
  connection: Connection,
  options: CreateFlags,
): Promise<SnapshotManifest[]> {
  const sources = sourceContext(context, connection.repository);
  const session = connection.repository.writeSession();
  const snapshots: SnapshotManifest[] = [];
  for (const arg of context.args) {
    const source = localSource(arg, sources);
    const snapshot = await takeOne(context, { connection, session, source, path: source.path, options });
    snapshots.push(snapshot);
    if (context.signal.aborted) throw failureOf(snapshot)!;
  }
  await session.close();
  return snapshots;
}

/** Reads back what was written, by the index as others see it. */
async function verifyWritten(
  context: Context,
  { repository }: Connection,
  snapshots: readonly SnapshotManifest[],
  percent: number,
): Promise<VerifyResult> {
  await repository.refresh();
  const targets = snapshots.flatMap((snapshot) => snapshotTarget(context, snapshot));
  return verifyTargets(context, repository, targets, percent);
}

function resultJson(
  context: Context,
  { repository, configFile }: Connection,
  created: boolean,
  snapshots: readonly SnapshotManifest[],
  { stats, errorCount }: VerifyResult,
): Json {
  return {
    schema: 1,
    repository: { created, storage: repository.storage.displayName, configFile },
    snapshots: snapshots.map((snapshot) => ({
      ...snapshotToJson(snapshot, { withId: true }),
      ...(context.flags.bool('json-verbose') ? {} : { stats: undefined }),
    })),
    verified: { stats: { ...stats } as unknown as Json, errorCount },
  };
}

async function explain(
  { console, flags, environment }: Context,
  { repository, configFile }: Connection,
  created: boolean,
  snapshots: readonly SnapshotManifest[],
): Promise<void> {
  const cairn = flags.given('config-file') ? `cairn --config-file=${quote(configFile)}` : 'cairn';
  const { type, config } = repository.storage.connectionInfo();
  const stored = passwordFile(configFile);
  const show = environment.platform === 'windows' ? `a base64 text in ${stored}` : `base64 -d ${quote(stored)}`;
  const lines = [
    '',
    ...(created
      ? [
          `Repository:  ${repository.storage.displayName}`,
          `Connection:  ${configFile}`,
          `Password:    ${stored}`,
          '',
          'Keep the password in another place, too: without it nobody can read the backup.',
          `This shows it:  ${show}`,
          '',
        ]
      : []),
    `List:      ${cairn} snapshot list`,
    ...snapshots.flatMap(({ rootEntry }) =>
      rootEntry === undefined ? [] : [`Restore:   ${cairn} restore ${rootEntry.objectId} ./restored`],
    ),
    'Elsewhere: ' +
      (type === 'filesystem'
        ? `cairn repository connect filesystem --path=${quote(String(config.path))}   (with this disk or a copy of the folder there)`
        : `run '${cairn} repository status -t' here; it prints the command to connect`),
  ];
  for (const line of lines) await console.line(line);
}

function quote(text: string): string {
  return /^[\w@%+=:,./~\\-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
