/** The flags of `snapshot create`, checked before anything is opened. */
import { formatDuration } from '../../../bytes/duration.ts';
import { CairnError } from '../../../errors.ts';
import { parseTags } from '../../../snapshot/manifest.ts';
import { CHECKPOINT_INTERVAL } from '../../../upload/upload.ts';
import type { Context } from '../../context.ts';
import { percentOf } from '../percent.ts';
import { parseGivenTime } from './start-time.ts';

const MAX_DESCRIPTION = 1024;

export interface CreateFlags {
  description: string;
  tags: Record<string, string>;
  pins: string[];
  startTime: bigint | undefined;
  endTime: bigint | undefined;
  forceHash: number;
  failFast: boolean;
  limitBytes: number;
  /** Milliseconds. */
  checkpointInterval: number | undefined;
  /** Name of the file that standard input becomes. */
  stdinFile?: string;
  /** Says over the connection whether actions run. */
  actions?: boolean;
  /** Threads; 0 as the policy says. */
  parallel?: number;
  /** Detail of stored folders and files in the log, 0 to 10, in place of the policy's. */
  directoryDetail?: number;
  entryDetail?: number;
}

export function createFlags({ flags }: Context): CreateFlags {
  const description = flags.text('description') ?? '';
  if (new TextEncoder().encode(description).length > MAX_DESCRIPTION)
    throw new CairnError('usage', `description too long: flag '--description' takes ${MAX_DESCRIPTION} bytes at most`);
  const pins = flags.texts('pin');
  if (pins.includes('')) throw new CairnError('usage', "flag '--pin' takes a name, got ''");
  const limit = flags.integer('upload-limit-mb')!;
  if (limit < 0n) throw new CairnError('usage', "flag '--upload-limit-mb' takes a number, 0 or more");
  const parallel = flags.number('parallel')!;
  if (parallel < 0) throw new CairnError('usage', "flag '--parallel' takes a number, 0 or more");
  return {
    description,
    tags: parseTags(flags.texts('tags')),
    pins,
    ...givenTimes(flags),
    forceHash: percentOf(flags, 'force-hash'),
    failFast: flags.bool('fail-fast'),
    limitBytes: Number(limit) * 2 ** 20,
    checkpointInterval: checkpointInterval(flags),
    stdinFile: flags.text('stdin-file') || undefined,
    actions: forcedActions(flags),
    parallel,
    directoryDetail: logDetail(flags, 'log-dir-detail'),
    entryDetail: logDetail(flags, 'log-entry-detail'),
  };
}

function logDetail(flags: Context['flags'], name: string): number | undefined {
  const detail = flags.number(name);
  if (detail !== undefined && (detail < 0 || detail > 10))
    throw new CairnError('usage', `flag '--${name}' takes 0 to 10, got '${detail}'`);
  return detail;
}

function forcedActions(flags: Context['flags']): boolean | undefined {
  const [on, off] = [flags.bool('force-enable-actions'), flags.bool('force-disable-actions')];
  if (on && off)
    throw new CairnError('usage', "flags '--force-enable-actions' and '--force-disable-actions' exclude each other");
  return on ? true : off ? false : undefined;
}

function givenTimes(flags: Context['flags']): Pick<CreateFlags, 'startTime' | 'endTime'> {
  const time = (name: string) => {
    const text = flags.text(name);
    return text ? parseGivenTime(name, text) : undefined;
  };
  const startTime = time('start-time');
  const endTime = time('end-time');
  if (startTime !== undefined && endTime !== undefined && startTime > endTime)
    throw new CairnError('usage', 'start time override cannot be after the end time override');
  return { startTime, endTime };
}

function checkpointInterval(flags: Context['flags']): number | undefined {
  const interval = flags.integer('checkpoint-interval');
  if (!interval) return undefined;
  const most = BigInt(CHECKPOINT_INTERVAL) * 1_000_000n;
  if (interval < 0n || interval > most)
    throw new CairnError('usage', `checkpoint interval cannot be greater than ${formatDuration(most)}`);
  return Number(interval / 1_000_000n);
}
