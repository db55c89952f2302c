/** Who this client is, where the configuration does not say (spec/snapshots-and-policies.md section 1). */
import type { Environment } from '../../ports.ts';

/** First label of the host name in lower case. */
export function defaultHostName(environment: Environment): string {
  return environment.hostName()?.split('.')[0].toLowerCase() || 'nohost';
}

/** Login name without a Windows domain. */
export function defaultUserName(environment: Environment): string {
  return environment.userName()?.split('\\').at(-1) || 'nobody';
}
