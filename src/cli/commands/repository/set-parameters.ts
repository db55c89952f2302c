import { formatDuration } from '../../../bytes/duration.ts';
import { setParameters, type ParameterChanges } from '../../../format/set-parameters.ts';
import { upgradeInPlace } from '../../../maintenance/upgrade.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireWritable } from '../../dangerous.ts';
import { formatChanged } from '../../format-changed.ts';

const MIB = 1 << 20;

export async function run(context: Context): Promise<void> {
  const { flags, console, ports } = context;
  const { changes, lines } = wanted(context);
  const upgrade = flags.bool('upgrade');
  await withRepository(context, async (connection) => {
    const { repository } = connection;
    if (lines.length === 0 && !upgrade) {
      console.info('no changes');
      return;
    }
    requireWritable(repository);
    let { format } = repository;
    if (upgrade) {
      console.info('migrating current indexes to epoch format');
      format = await upgradeInPlace(repository.state);
    }
    for (const line of lines) console.info(` - setting ${line}.`);
    if (lines.length > 0) format = await setParameters(repository.storage, format, changes, ports);
    await formatChanged(context, connection, format);
    console.info(
      'NOTE: Repository parameters updated; other clients notice within 15 minutes, or when they connect again.',
    );
  });
}

/** What the flags ask for, and in words. Zero and the empty text leave things as they are, as in Kopia. */
function wanted({ flags, size }: Context): { changes: ParameterChanges; lines: string[] } {
  const lines: string[] = [];
  const tell = <T>(what: string, value: T | undefined, text: (value: T) => string): T | undefined => {
    if (value !== undefined) lines.push(`${what} to ${text(value)}`);
    return value;
  };
  const count = (name: string) => {
    const value = flags.number(name) || undefined;
    if (value !== undefined && value < 0) throw new CairnError('usage', `flag '--${name}' takes a number, 0 or more`);
    return value;
  };
  const mib = (value: number | bigint | undefined) => (value ? Number(value) * MIB : undefined);
  const duration = (name: string) => flags.integer(name) || undefined;
  const feature = flags.text('add-required-feature') || undefined;
  const changes: ParameterChanges = {
    maxPackSize: tell('maximum pack size', mib(flags.number('max-pack-size-mb')), size),
    indexVersion: tell('index format version', count('index-version'), String),
    retentionMode: tell('storage backend blob retention mode', flags.text('retention-mode') || undefined, String),
    retentionPeriod: tell('storage backend blob retention period', duration('retention-period'), formatDuration),
    epochs: {
      refreshFrequency: tell('epoch refresh frequency', duration('epoch-refresh-frequency'), formatDuration),
      minEpochDuration: tell('minimum epoch duration', duration('epoch-min-duration'), formatDuration),
      cleanupSafetyMargin: tell('epoch cleanup safety margin', duration('epoch-cleanup-safety-margin'), formatDuration),
      advanceOnCountThreshold: tell('epoch advance on count', count('epoch-advance-on-count'), String),
      advanceOnTotalSizeBytesThreshold: tell(
        'epoch advance on total size',
        mib(flags.integer('epoch-advance-on-size-mb')),
        size,
      ),
      deleteParallelism: tell('epoch delete parallelism', count('epoch-delete-parallelism'), String),
      fullCheckpointFrequency: tell('epoch checkpoint frequency', count('epoch-checkpoint-frequency'), String),
    },
    addRequiredFeature:
      feature === undefined ? undefined : { feature, warn: flags.bool('warn-on-missing-required-feature') },
    removeRequiredFeature: tell(
      'required feature',
      flags.text('remove-required-feature') || undefined,
      (name) => `not ${name}`,
    ),
  };
  if (feature !== undefined) lines.push(`required feature to ${feature}`);
  return { changes, lines };
}
