/** `repository upgrade begin`, `rollback` and `validate`. */
import { compareManagers } from '../../../content/index/compact-migrate.ts';
import { rollbackUpgrade } from '../../../format/upgrade.ts';
import { upgradeLockOf } from '../../../format/upgrade-lock.ts';
import { beginUpgrade } from '../../../maintenance/upgrade.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository, type Connection } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireWritable } from '../../dangerous.ts';
import { formatChanged } from '../../format-changed.ts';

export async function run(context: Context): Promise<void> {
  await withRepository(context, async (connection) => {
    requireWritable(connection.repository);
    if (context.path.at(-1) === 'begin') await begin(context, connection);
    else if (context.path.at(-1) === 'rollback') await rollback(context, connection);
    else await validate(context, connection);
  });
}

async function begin(context: Context, connection: Connection): Promise<void> {
  const { flags, console, signal, times } = context;
  const { repository } = connection;
  const ownerId = flags.text('upgrade-owner-id') || `${repository.identity.user}@${repository.identity.host}`;
  const mode = flags.text('commit-mode');
  const { format, committed } = await beginUpgrade(repository.state, {
    ownerId,
    ioDrainTimeout: flags.integer('io-drain-timeout'),
    statusPollInterval: flags.integer('status-poll-interval'),
    maxPermittedClockDrift: flags.integer('max-permitted-clock-drift'),
    allowUnsafe: flags.bool('allow-unsafe-upgrade'),
    lockOnly: flags.bool('lock-only'),
    commit: mode === 'always' || mode === 'never' ? mode : undefined,
    signal,
    onStep: (step, drainedAt) => {
      if (step === 'locked')
        console.info(
          `Repository is locked by '${ownerId}'. Only --upgrade-owner-id=${ownerId} may work on it until the upgrade is committed or rolled back.`,
        );
      else if (step === 'draining') console.info(`Waiting until ${times.text(drainedAt)} for other clients to stop...`);
      else if (step === 'migrating') console.info('Upgrading indexes...');
      else if (step === 'verified') console.info('Old and new indexes agree.');
      else console.info('Repository has been successfully upgraded.');
    },
  });
  await formatChanged(context, connection, format);
  if (!committed) console.info('Repository upgrade has not been committed.');
}

async function rollback(context: Context, connection: Connection): Promise<void> {
  const { flags, console, ports } = context;
  const { repository } = connection;
  if (!flags.bool('force'))
    throw new CairnError('usage', 'repository upgrade lock can only be revoked unsafely: use the --force flag', {
      hint: 'be certain that no other client has seen the new format: what it wrote since then is lost',
    });
  await formatChanged(context, connection, await rollbackUpgrade(repository.storage, repository.format, ports));
  console.info('Repository upgrade lock has been revoked.');
}

async function validate({ console }: Context, { repository: { state, format } }: Connection): Promise<void> {
  if (upgradeLockOf(format.parameters) === undefined || !format.parameters.epochParameters.enabled)
    throw new CairnError('invalid-argument', 'no upgrade in progress whose indexes were moved');
  const differing = await compareManagers(state);
  for (const id of differing.slice(0, 100)) console.error(`content ${id} differs`);
  if (differing.length > 0)
    throw new CairnError(
      'verification-failed',
      `${differing.length} contents differ between the old and the new indexes`,
    );
  console.info('index validation succeeded');
}
