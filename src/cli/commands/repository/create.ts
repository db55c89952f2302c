import type { ConnectionInfo } from '../../../blob/storage.ts';
import { CairnError, isCairnError, systemCode } from '../../../errors.ts';
import { builtInPolicy } from '../../../policy/policy.ts';
import { createRepository } from '../../../repository/create.ts';
import { askNewPassword } from '../../config/password.ts';
import { givenPassword } from '../../credentials.ts';
import type { Context } from '../../context.ts';
import { openContextStorage } from '../../storage.ts';
import { clientOptions, connectTo, retentionOf } from './client.ts';
import { providerOf } from './provider.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, ports, terminal } = context;
  const options = checkedOptions(context);
  const { storage: info, password: fromToken } = await providerOf(context, true);
  const given = (await givenPassword(context))?.password ?? fromToken;
  const password = given ?? (await askNewPassword(terminal, 'Enter password to create new repository: '));
  await warnOfForeignFiles(context, info);
  const storage = await openContextStorage(context, info, { create: true });
  try {
    for (const line of announcement(context)) console.info(line);
    const config = clientOptions(context, storage.connectionInfo(), storage.displayName);
    const repository = await createRepository(storage, password, ports, {
      ...options,
      identity: { user: config.username, host: config.hostname },
    });
    if (flags.bool('create-only')) return;
    await connectTo(context, repository, config, password);
    await explainDefaults(context, config);
  } catch (error) {
    if (isCairnError(error, 'already-initialized'))
      throw new CairnError(error.code, `unable to get repository storage: ${error.message}`, {
        hint: error.hint,
        cause: error.cause,
      });
    throw error;
  } finally {
    await storage.close();
  }
}

/** Everything that can be wrong with the flags is, before anything is written. */
function checkedOptions(context: Context) {
  const { flags } = context;
  const version = flags.number('format-version') ?? 0;
  if (version < 0 || version > 3)
    throw new CairnError(
      'unsupported-version',
      `cannot initialize repository: format version ${version} is not known`,
      {
        hint: "flag '--format-version' takes 1, 2 or 3, or 0 for the newest",
      },
    );
  const percent = flags.number('ecc-overhead-percent')!;
  if (percent < 0 || percent > 100)
    throw new CairnError('usage', `flag '--ecc-overhead-percent' takes a number from 0 to 100, got '${percent}'`);
  return {
    hash: flags.text('block-hash'),
    encryption: flags.text('encryption'),
    splitter: flags.text('object-splitter'),
    ecc: flags.text('ecc'),
    eccOverheadPercent: percent,
    formatVersion: version === 0 ? undefined : version,
    keyAlgorithm: flags.text('format-block-key-derivation-algorithm'),
    retention: retentionOf(context),
  };
}

function announcement({ flags }: Context): string[] {
  const version = flags.number('format-version');
  const percent = flags.number('ecc-overhead-percent')!;
  return [
    'Initializing repository with:',
    ...(version ? [`  format version:      ${version}`] : []),
    `  block hash:          ${flags.text('block-hash')}`,
    `  encryption:          ${flags.text('encryption')}`,
    `  key derivation:      ${flags.text('format-block-key-derivation-algorithm')}`,
    ...(percent > 0 ? [`  ecc:                 ${flags.text('ecc')} with ${percent}% overhead`] : []),
    `  splitter:            ${flags.text('object-splitter')}`,
  ];
}

/** Kopia, too, makes repositories in folders that hold other files; here it is said. */
async function warnOfForeignFiles({ files, console }: Context, { type, config }: ConnectionInfo): Promise<void> {
  if (type !== 'filesystem') return;
  const path = String(config.path);
  try {
    const found = (await files.list(path)).filter(({ name }) => name !== '.shards');
    if (found.length > 0) console.warning(`${path} is not empty: the repository goes beside what is there.`);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

async function explainDefaults(
  { console }: Context,
  { username, hostname }: { username: string; hostname: string },
): Promise<void> {
  const { retention } = builtInPolicy();
  const rows: [name: string, value: unknown][] = [
    ['Annual snapshots', retention.keepAnnual],
    ['Monthly snapshots', retention.keepMonthly],
    ['Weekly snapshots', retention.keepWeekly],
    ['Daily snapshots', retention.keepDaily],
    ['Hourly snapshots', retention.keepHourly],
    ['Latest snapshots', retention.keepLatest],
    ['Ignore identical snapshots', retention.ignoreIdenticalSnapshots ?? false],
  ];
  await console.line('Retention:');
  for (const [name, value] of rows)
    await console.line(`  ${(name + ':').padEnd(27)}${String(value).padStart(8)}   (defined for this target)`);
  await console.line('Compression disabled.');
  await console.flush();
  console.info('');
  console.info("'cairn policy show --global' shows the default policy, 'cairn policy set' changes it.");
  console.info(`Maintenance of the repository belongs to ${username}@${hostname}.`);
}
