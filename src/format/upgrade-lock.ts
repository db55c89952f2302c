import { member } from '../bytes/json.ts';
import { parseTime } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import type { RepositoryParameters } from './parameters.ts';

/**
 * Refuses to work while another client upgrades the repository (spec/repository-format.md section 2.7): at once when the
 * notice is shorter than the drain, else from the moment that drains writers.
 */
export function checkUpgradeLock(parameters: RepositoryParameters, now: bigint, ownerId: string | undefined): void {
  const lock = parameters.upgradeLock;
  if (lock === undefined) return;
  const owner = String(member(lock, 'ownerID') ?? '');
  if (owner !== '' && owner === ownerId) return;
  const duration = (key: string) => {
    const value = member(lock, key) ?? 0;
    return typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
  };
  const created = parseTime(String(member(lock, 'creationTime') ?? '')) ?? 0n;
  const notice = duration('advanceNoticeDuration');
  const drain = duration('maxPermittedClockDrift') + 2n * duration('ioDrainTimeout');
  if (notice >= drain && now < created + notice - drain) return;
  const message = String(member(lock, 'message') ?? '');
  throw new CairnError('upgrade-in-progress', `repository upgrade in progress${message === '' ? '' : `: ${message}`}`, {
    data: { owner },
    hint: `wait until '${owner}' has finished it, or have it rolled back there`,
  });
}
