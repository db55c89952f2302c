import { fromSeconds, toSeconds, type Civil } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import { moment, UTC, zoned, type Zone } from '../policy/zone.ts';

/** Which snapshot of a path is meant: the newest, the oldest, or the newest that began before a moment. */
export type SnapshotTime = 'latest' | 'oldest' | { before: bigint };

const ago =
  /^(?=\d)(?:(\d{1,3})(?:y|year|years)-)?(?:(\d{1,3})(?:m|mo|month|months)-)?(?:(\d{1,3})(?:d|day|days)-)?ago$/;
const absolute =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.\d+)?( ?[A-Z]{1,5}|[+-]\d\d:?\d\d)?)?)?)?)?)?$/;

/**
 * Parses `--snapshot-time` (spec/snapshots-and-policies.md section 9.1): `latest`, `oldest`, `yesterday`, `last-month`,
 * `last-year`, `1y-2mo-3d-ago`, or a date down to any precision, which means the end of that year, day, second...
 * Dates without an offset are in `zone`, as are those with the zone's letters that Kopia prints.
 */
export function parseSnapshotTime(text: string, now: bigint, zone: Zone): SnapshotTime {
  if (text === 'latest' || text === 'oldest') return text;
  const today = { ...zoned(toSeconds(now), zone), hour: 0, minute: 0, second: 0 };
  const seconds = named(text, today, zone) ?? relative(text, today, zone) ?? date(text, zone);
  if (seconds === undefined)
    throw new CairnError('invalid-argument', `invalid snapshot time "${text}"`, {
      hint: "write it as latest, oldest, yesterday, last-month, last-year, 3d-ago, 1y-2mo-3d-ago, 2026-01-31 or '2026-01-31 14:30'",
    });
  return { before: fromSeconds(seconds) };
}

function named(text: string, today: Civil, zone: Zone): number | undefined {
  if (text === 'yesterday') return moment(today, zone);
  if (text === 'last-month') return moment({ ...today, day: 1 }, zone);
  if (text === 'last-year') return moment({ ...today, month: 1, day: 1 }, zone);
  return undefined;
}

function relative(text: string, today: Civil, zone: Zone): number | undefined {
  const match = ago.exec(text);
  if (match === null) return undefined;
  const [years, months, days] = match.slice(1).map((part) => Number(part ?? 0));
  return moment({ ...today, year: today.year - years, month: today.month - months, day: today.day - days + 1 }, zone);
}

const units = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

function date(text: string, zone: Zone): number | undefined {
  const match = absolute.exec(text);
  if (match === null) return undefined;
  const given = match.slice(1, 7).filter((part) => part !== undefined);
  const fields: Civil = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  given.forEach((part, i) => (fields[units[i]] = Number(part)));
  const shown = zoned(moment(fields, UTC), UTC);
  if (units.some((unit) => shown[unit] !== fields[unit])) return undefined;
  const last = units[given.length - 1];
  fields[last]++;
  const offset = match[7]?.trim();
  if (offset === undefined || !/^(Z|UTC|GMT|[+-].*)$/.test(offset)) return moment(fields, zone);
  return moment(fields, UTC) - offsetSeconds(offset);
}

function offsetSeconds(text: string): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(text);
  if (match === null) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60;
  return match[1] === '-' ? -seconds : seconds;
}
