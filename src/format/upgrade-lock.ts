import { integer, member, type JsonObject } from '../bytes/json.ts';
import { formatTime, parseTime } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import type { RepositoryParameters } from './parameters.ts';

/** Who upgrades the repository and when others must have stopped (spec/repository-format.md section 2.7); nanoseconds. */
export interface UpgradeLock {
  ownerId: string;
  creationTime: bigint;
  advanceNotice: bigint;
  ioDrainTimeout: bigint;
  statusPollInterval: bigint;
  message: string;
  maxPermittedClockDrift: bigint;
}

export function upgradeLockOf({ upgradeLock: json }: RepositoryParameters): UpgradeLock | undefined {
  if (json === undefined) return undefined;
  const duration = (key: string) => integer(member(json, key)) ?? 0n;
  const text = (key: string) => {
    const value = member(json, key);
    return typeof value === 'string' ? value : '';
  };
  return {
    ownerId: text('ownerID'),
    creationTime: parseTime(text('creationTime')) ?? 0n,
    advanceNotice: duration('advanceNoticeDuration'),
    ioDrainTimeout: duration('ioDrainTimeout'),
    statusPollInterval: duration('statusPollInterval'),
    message: text('message'),
    maxPermittedClockDrift: duration('maxPermittedClockDrift'),
  };
}

export function upgradeLockToJson(lock: UpgradeLock): JsonObject {
  return {
    ownerID: lock.ownerId || undefined,
    creationTime: formatTime(lock.creationTime),
    advanceNoticeDuration: lock.advanceNotice || undefined,
    ioDrainTimeout: lock.ioDrainTimeout || undefined,
    statusPollInterval: lock.statusPollInterval || undefined,
    message: lock.message || undefined,
    maxPermittedClockDrift: lock.maxPermittedClockDrift || undefined,
  };
}

/** When clients must begin to stop, and when the last of them has. */
export function upgradeTimes(lock: UpgradeLock): { lockedFrom: bigint; drainedAt: bigint } {
  const drain = lock.maxPermittedClockDrift + 2n * lock.ioDrainTimeout;
  const wait = lock.advanceNotice < drain ? drain : lock.advanceNotice;
  return {
    lockedFrom: lock.advanceNotice < drain ? lock.creationTime : lock.creationTime + lock.advanceNotice - drain,
    drainedAt: lock.creationTime + wait,
  };
}

/**
 * Refuses to work while another client upgrades the repository: at once when the notice is shorter than the drain, else
 * from the moment that drains writers.
 */
export function checkUpgradeLock(parameters: RepositoryParameters, now: bigint, ownerId: string | undefined): void {
  const lock = upgradeLockOf(parameters);
  if (lock === undefined || (lock.ownerId !== '' && lock.ownerId === ownerId)) return;
  const { advanceNotice, maxPermittedClockDrift, ioDrainTimeout } = lock;
  const noticed = advanceNotice >= maxPermittedClockDrift + 2n * ioDrainTimeout;
  if (noticed && now < upgradeTimes(lock).lockedFrom) return;
  throw new CairnError(
    'upgrade-in-progress',
    `repository upgrade in progress${lock.message === '' ? '' : `: ${lock.message}`}`,
    {
      data: { owner: lock.ownerId },
      hint: `wait until '${lock.ownerId}' has finished it; --upgrade-owner-id=${lock.ownerId} goes on with it or rolls it back`,
    },
  );
}
