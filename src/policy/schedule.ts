/** When a source is due (spec/snapshots-and-policies.md section 7). Moments are nanoseconds since 1970. */
import { ZERO_TIME, fromSeconds, toSeconds } from '../bytes/time.ts';
import { nextCron } from './cron-next.ts';
import { parseCron } from './cron.ts';
import type { SchedulingPolicy, TimeOfDay } from './policy.ts';
import { type Zone, moment, zoned } from './zone.ts';

const NS = 1_000_000_000n;

/**
 * The next snapshot, given the start of the last one (undefined = never) and the zone of the source's host.
 * Undefined when the policy asks for none. A moment not after `now` means: due at once.
 */
export function nextSnapshotTime(
  policy: SchedulingPolicy,
  previous: bigint | undefined,
  now: bigint,
  zone: Zone,
): bigint | undefined {
  if (policy.manual) return undefined;
  const last = previous ?? ZERO_TIME;
  const next = earliest([byInterval(policy, last, now), byTimeOfDay(policy, now, zone), byCron(policy, now, zone)]);
  return next !== undefined && wasMissed(policy, last, now, next, zone) ? now : next;
}

/** Multiples of the interval count from the year 1, so that days begin at UTC midnight and weeks on Monday. */
function byInterval({ intervalSeconds }: SchedulingPolicy, previous: bigint, now: bigint): bigint | undefined {
  const interval = BigInt(intervalSeconds ?? 0) * NS;
  if (interval === 0n) return undefined;
  let due = previous + interval;
  if (interval > 0n) due -= (due - ZERO_TIME) % interval;
  return due < now ? now : due;
}

/** Today's time, or when that has passed, 24 hours later whatever the clocks do. */
function byTimeOfDay({ timeOfDay = [] }: SchedulingPolicy, now: bigint, zone: Zone): bigint | undefined {
  if (timeOfDay.length === 0) return undefined;
  const today = zoned(toSeconds(now), zone);
  return earliest(
    timeOfDay.map(({ hour, min }) => {
      const due = fromSeconds(moment({ ...today, hour, minute: min, second: 0 }, zone));
      return now > due ? due + 86400n * NS : due;
    }),
  );
}

function byCron({ cron = [] }: SchedulingPolicy, now: bigint, zone: Zone): bigint | undefined {
  return earliest(
    cron.map((text) => {
      const expression = parseCron(text);
      const due = expression && nextCron(expression, toSeconds(now), zone);
      return due === undefined ? undefined : fromSeconds(due);
    }),
  );
}

/** A time since the last snapshot passed unused, and the next is more than half an hour away. */
function wasMissed(policy: SchedulingPolicy, previous: bigint, now: bigint, next: bigint, zone: Zone): boolean {
  if (!policy.runMissed) return false;
  const due = earliest([byTimeOfDay(policy, previous + NS, zone), byCron(policy, previous + NS, zone)]);
  return due !== undefined && (due < next ? due : next) < now && next > now + 1800n * NS;
}

function earliest(times: readonly (bigint | undefined)[]): bigint | undefined {
  let first: bigint | undefined;
  for (const time of times) if (time !== undefined && (first === undefined || time < first)) first = time;
  return first;
}

/** `7:05`. */
export function formatTimeOfDay({ hour, min }: TimeOfDay): string {
  return `${hour}:${String(min).padStart(2, '0')}`;
}

/**
 * Reads `HH:mm` as Kopia does: what follows is passed over, and a needless leading zero makes the hour octal
 * (`012:00` is 10:00). Unlike Kopia, `08` and `09` are read as meant. Undefined when it is no time.
 */
export function parseTimeOfDay(text: string): TimeOfDay | undefined {
  const m = /^[ \t\r]*(\d+):(\d{1,2})/.exec(text);
  if (m === null) return undefined;
  const hour = read(m[1]);
  const min = read(m[2]);
  return hour <= 23 && min <= 59 ? { hour, min } : undefined;
}

function read(digits: string): number {
  return /^0[0-7]+$/.test(digits) ? parseInt(digits, 8) : Number(digits);
}
