/** What no policy may say: Kopia's own rules, and stricter ones for documents written by hand. */
import { CairnError } from '../errors.ts';
import { isRootPath } from './chain.ts';
import { isValidCron } from './cron.ts';
import { compilePattern } from './pattern.ts';
import type { Large, Policy } from './policy.ts';
import { quoteText } from './quote.ts';
import { type SourceInfo, formatSource } from './source.ts';

function refuse(field: string, problem: string): CairnError {
  return new CairnError('invalid-argument', `policy field ${field}: ${problem}`, { data: { field } });
}

/** Kopia's rules for a policy that is to be stored (spec/snapshots-and-policies.md sections 4.1 and 4.2). */
export function validatePolicy(target: SourceInfo, { scheduling, upload }: Policy): void {
  if (target.path !== '' && /[\\/]$/.test(target.path) && !isRootPath(target.path)) {
    throw new CairnError('invalid-argument', `policy target ${formatSource(target)}: a path cannot end with a slash`);
  }
  const { manual, intervalSeconds, timeOfDay, noParentTimeOfDay, cron, runMissed } = scheduling;
  const scheduled =
    intervalSeconds || timeOfDay?.length || noParentTimeOfDay || cron?.length || runMissed !== undefined;
  if (manual && scheduled) throw refuse('scheduling.manual', 'cannot be combined with other scheduling policies');
  for (const entry of cron ?? []) {
    if (!isValidCron(entry)) throw refuse('scheduling.cron', `invalid cron expression ${quoteText(entry)}`);
  }
  if (target.path !== '' && upload.maxParallelSnapshots !== undefined) {
    throw refuse('upload.maxParallelSnapshots', 'is not for paths, only for user@host, @host and the global policy');
  }
}

/** Values that can only be mistakes: for policies from an editor or an import. */
export function checkPolicyValues({ retention, files, scheduling, compression, logging, upload }: Policy): void {
  for (const [key, value] of Object.entries(retention)) {
    if (typeof value === 'number' && value < 0) throw refuse(`retention.${key}`, 'must not be negative');
  }
  for (const rule of files.ignore ?? []) {
    if (rule.trim() === '') throw refuse('files.ignore', 'holds an empty rule');
    try {
      compilePattern(rule);
    } catch (error) {
      throw refuse('files.ignore', (error as Error).message);
    }
  }
  notNegative('files.maxFileSize', files.maxFileSize);
  notNegative('scheduling.intervalSeconds', scheduling.intervalSeconds);
  notNegative('compression.minSize', compression.minSize);
  notNegative('compression.maxSize', compression.maxSize);
  notNegative('upload.maxParallelSnapshots', upload.maxParallelSnapshots);
  notNegative('upload.maxParallelFileReads', upload.maxParallelFileReads);
  const above = upload.parallelUploadAboveSize;
  if (above !== undefined && above <= 0) throw refuse('upload.parallelUploadAboveSize', 'must be 1 or more');
  for (const { hour, min } of scheduling.timeOfDay ?? []) {
    if (hour < 0 || hour > 23 || min < 0 || min > 59) throw refuse('scheduling.timeOfDay', `${hour}:${min} is no time`);
  }
  for (const [group, details] of Object.entries(logging)) {
    for (const [key, detail] of Object.entries(details)) {
      if (typeof detail === 'number' && (detail < 0 || detail > 10))
        throw refuse(`logging.${group}.${key}`, 'must be 0 to 10');
    }
  }
}

function notNegative(field: string, value: Large | undefined): void {
  if (value !== undefined && value < 0) throw refuse(field, 'must not be negative');
}
