import { integer, isObject, member, type Json, type JsonObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';

/** Parameters of the epoch index manager (spec/repository-format.md section 11.1); durations in nanoseconds. */
export interface EpochParameters {
  enabled: boolean;
  refreshFrequency: bigint;
  fullCheckpointFrequency: number;
  cleanupSafetyMargin: bigint;
  minEpochDuration: bigint;
  advanceOnCountThreshold: number;
  advanceOnTotalSizeBytesThreshold: number;
  deleteParallelism: number;
}

const MINUTE = 60_000_000_000n;

export const defaultEpochs: EpochParameters = {
  enabled: true,
  refreshFrequency: 20n * MINUTE,
  fullCheckpointFrequency: 7,
  cleanupSafetyMargin: 240n * MINUTE,
  minEpochDuration: 1440n * MINUTE,
  advanceOnCountThreshold: 20,
  advanceOnTotalSizeBytesThreshold: 10 << 20,
  deleteParallelism: 4,
};

/** What version 1 stores: all zero and off. */
export const noEpochs: EpochParameters = {
  enabled: false,
  refreshFrequency: 0n,
  fullCheckpointFrequency: 0,
  cleanupSafetyMargin: 0n,
  minEpochDuration: 0n,
  advanceOnCountThreshold: 0,
  advanceOnTotalSizeBytesThreshold: 0,
  deleteParallelism: 0,
};

export function epochParametersFromJson(json: Json | undefined): EpochParameters {
  if (!isObject(json)) return { ...noEpochs };
  const duration = (key: string) => {
    const value = integer(member(json, key) ?? 0);
    if (value === undefined)
      throw new CairnError('corrupt', `the repository's format blob is damaged: ${key} is not a whole number`);
    return value;
  };
  const number = (key: string) => Number(duration(key));
  return {
    enabled: member(json, 'Enabled') === true,
    refreshFrequency: duration('EpochRefreshFrequency'),
    fullCheckpointFrequency: number('FullCheckpointFrequency'),
    cleanupSafetyMargin: duration('CleanupSafetyMargin'),
    minEpochDuration: duration('MinEpochDuration'),
    advanceOnCountThreshold: number('EpochAdvanceOnCountThreshold'),
    advanceOnTotalSizeBytesThreshold: number('EpochAdvanceOnTotalSizeBytesThreshold'),
    deleteParallelism: number('DeleteParallelism'),
  };
}

export function epochParametersToJson(p: EpochParameters): JsonObject {
  return {
    Enabled: p.enabled,
    EpochRefreshFrequency: p.refreshFrequency,
    FullCheckpointFrequency: p.fullCheckpointFrequency,
    CleanupSafetyMargin: p.cleanupSafetyMargin,
    MinEpochDuration: p.minEpochDuration,
    EpochAdvanceOnCountThreshold: p.advanceOnCountThreshold,
    EpochAdvanceOnTotalSizeBytesThreshold: p.advanceOnTotalSizeBytesThreshold,
    DeleteParallelism: p.deleteParallelism,
  };
}

/** The rules of section 11.1, which Kopia checks before it stores parameters. */
export function checkEpochParameters(p: EpochParameters): void {
  const rules: [ok: boolean, why: string][] = [
    [p.minEpochDuration >= 10n * MINUTE, 'the minimum epoch duration must be at least 10 minutes'],
    [p.refreshFrequency > 0n, 'the epoch refresh frequency must be more than 0'],
    [
      p.refreshFrequency * 3n <= p.minEpochDuration,
      'the epoch refresh frequency must be at most a third of the minimum epoch duration',
    ],
    [
      p.cleanupSafetyMargin >= p.refreshFrequency * 3n,
      'the cleanup safety margin must be at least three times the epoch refresh frequency',
    ],
    [p.fullCheckpointFrequency > 0, 'the epoch checkpoint frequency must be more than 0'],
    [p.advanceOnCountThreshold >= 10, 'the count that advances epochs must be at least 10'],
    [p.advanceOnTotalSizeBytesThreshold >= 1 << 20, 'the size that advances epochs must be at least 1 MiB'],
    [p.deleteParallelism > 0, 'the epoch delete parallelism must be more than 0'],
  ];
  for (const [ok, why] of rules) if (!ok) throw new CairnError('invalid-argument', `invalid epoch parameters: ${why}`);
}
