import { isObject, member, type Json, type JsonObject } from '../bytes/json.ts';

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
  const number = (key: string) => Number(member(json, key) ?? 0);
  const duration = (key: string) => {
    const value = member(json, key);
    return typeof value === 'bigint' ? value : BigInt(typeof value === 'number' ? Math.trunc(value) : 0);
  };
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
