/** `--all`, `--latest`, `--younger-than` and `--older-than`. */
import { listLogs, type LogSession } from '../../../content/logs.ts';
import { toSeconds } from '../../../bytes/time.ts';
import type { Repository } from '../../../repository/repository.ts';
import type { Context } from '../../context.ts';

export const shortId = ({ id }: LogSession): string => id.slice('_log_'.length);

/** Whether any of them was given. */
export function selects({ flags }: Context): boolean {
  return (
    flags.bool('all') ||
    flags.number('latest') !== undefined ||
    flags.integer('younger-than') !== undefined ||
    flags.integer('older-than') !== undefined
  );
}

/** Oldest first. */
export async function selectedLogs({ flags, ports }: Context, { contents }: Repository): Promise<LogSession[]> {
  const logs = await listLogs(contents);
  if (flags.bool('all')) return logs;
  const now = ports.clock.now();
  const younger = flags.integer('younger-than');
  const older = flags.integer('older-than');
  const latest = flags.number('latest');
  const kept = logs.filter(
    ({ startTime }) =>
      (younger === undefined || startTime > toSeconds(now - younger)) &&
      (older === undefined || startTime < toSeconds(now - older)),
  );
  return latest === undefined || latest <= 0 ? kept : kept.slice(-latest);
}
