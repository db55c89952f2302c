import { compareManagers, migrateLateIndexes, migrateLegacyIndexes } from '../content/index/compact-migrate.ts';
import type { IndexContext } from '../content/index/compact-context.ts';
import { POISON } from '../content/index/legacy.ts';
import { CairnError } from '../errors.ts';
import type { CryptoPorts, RepositoryFormat } from '../format/format.ts';
import { enableEpochs, placeUpgradeLock, removeUpgradeLock, writePoison } from '../format/upgrade.ts';
import { upgradeLockOf, upgradeTimes, type UpgradeLock } from '../format/upgrade-lock.ts';

/**
 * Upgrades to format version 3 with epochs (spec/repository-format.md section 2.7): lock, wait until other clients have
 * stopped, move the indexes, compare, commit. Each step can be repeated, so `beginUpgrade` also goes on with an upgrade
 * that died; until the commit, `rollbackUpgrade` takes everything back.
 */
export interface UpgradeContext extends IndexContext {
  ports: IndexContext['ports'] & CryptoPorts;
}

const MINUTE = 60_000_000_000n;

export interface UpgradeOptions {
  ownerId: string;
  /** Nanoseconds, 15 minutes; less than that only with `allowUnsafe`. */
  ioDrainTimeout?: bigint;
  statusPollInterval?: bigint;
  maxPermittedClockDrift?: bigint;
  advanceNotice?: bigint;
  allowUnsafe?: boolean;
  /** Places the lock and ends there. */
  lockOnly?: boolean;
  /** `never` ends before the lock is removed, `always` does not look whether the indexes agree. */
  commit?: 'always' | 'never';
  signal?: AbortSignal;
  /** The lock stands; others have stopped at `drainedAt` (nanoseconds). */
  onStep?(step: 'locked' | 'draining' | 'migrating' | 'verified' | 'committed', drainedAt: bigint): void;
}

export async function beginUpgrade(
  context: UpgradeContext,
  options: UpgradeOptions,
): Promise<{ format: RepositoryFormat; committed: boolean }> {
  const { contents, ports } = context;
  const lock = newLock(context, options);
  let format = await placeUpgradeLock(contents.storage, context.format, lock, ports);
  const held = upgradeLockOf(format.parameters) ?? lock;
  const { drainedAt } = upgradeTimes(held);
  options.onStep?.('locked', drainedAt);
  if (options.lockOnly) return { format, committed: false };
  for (let now = ports.clock.now(); now < drainedAt; now = ports.clock.now()) {
    options.onStep?.('draining', drainedAt);
    const wait = drainedAt - now < held.statusPollInterval ? drainedAt - now : held.statusPollInterval;
    await ports.clock.sleep(Number(wait / 1_000_000n) + 1, options.signal);
  }
  if (!format.parameters.epochParameters.enabled) {
    options.onStep?.('migrating', drainedAt);
    await migrateLegacyIndexes({ ...context, format });
    if (options.commit !== 'always') await requireSame(context);
    options.onStep?.('verified', drainedAt);
    format = await enableEpochs(contents.storage, context.format, ports);
  }
  if (options.commit === 'never') return { format, committed: false };
  format = await commitUpgrade(context);
  options.onStep?.('committed', drainedAt);
  return { format, committed: true };
}

function newLock({ format, ports }: UpgradeContext, options: UpgradeOptions): UpgradeLock {
  const ioDrainTimeout = options.ioDrainTimeout ?? 15n * MINUTE;
  if (ioDrainTimeout < 15n * MINUTE && !options.allowUnsafe)
    throw new CairnError(
      'invalid-argument',
      'the I/O drain timeout must be at least 15m: that long other clients may go on without a look at the lock',
      {
        hint: 'if you are certain that no other client is running, pass --allow-unsafe-upgrade',
      },
    );
  return {
    ownerId: options.ownerId,
    creationTime: ports.clock.now(),
    advanceNotice: options.advanceNotice ?? 0n,
    ioDrainTimeout,
    statusPollInterval: options.statusPollInterval ?? MINUTE,
    message: `Upgrading from format version ${format.parameters.version} -> 3`,
    maxPermittedClockDrift: options.maxPermittedClockDrift ?? 5n * MINUTE,
  };
}

async function requireSame(context: UpgradeContext): Promise<void> {
  const differing = await compareManagers(context);
  if (differing.length === 0) return;
  throw new CairnError(
    'verification-failed',
    `${differing.length} contents differ between the old and the new indexes`,
    {
      data: { contents: differing.slice(0, 20) },
      hint: "something may have been written during the upgrade; repeat it, or undo it with 'cairn repository upgrade rollback --force'",
    },
  );
}

/** Keeps old programs out, then lets the others in again. */
export async function commitUpgrade({ contents, format, ports }: UpgradeContext): Promise<RepositoryFormat> {
  await writePoison(contents.storage, format, POISON);
  return removeUpgradeLock(contents.storage, format, ports);
}

/**
 * `set-parameters --upgrade`: the same without a lock, to version 2 at least. What others wrote with the old manager
 * while the indexes moved is fetched after the switch.
 */
export async function upgradeInPlace(context: UpgradeContext): Promise<RepositoryFormat> {
  const { contents, ports } = context;
  if (context.format.parameters.epochParameters.enabled)
    throw new CairnError('unsupported', 'the repository uses epochs already: there is nothing to upgrade');
  const moved = await migrateLegacyIndexes(context);
  const format = await enableEpochs(contents.storage, context.format, ports);
  await writePoison(contents.storage, format, POISON);
  await migrateLateIndexes(context, moved);
  return format;
}
