/** Which snapshots are kept, and why (spec/snapshots-and-policies.md section 6). */
import { compareNames } from '../bytes/name.ts';
import { type Civil, civil, daysFromCivil, fromSeconds, toSeconds } from '../bytes/time.ts';
import type { RetentionPolicy } from './policy.ts';
import { type Zone, moment, zoned } from './zone.ts';

export interface RetentionItem {
  /** Nanoseconds since 1970. */
  startTime: bigint;
  endTime: bigint;
  /** Why it is not complete; undefined or empty when it is. */
  incomplete?: string;
}

const HOUR = 3_600_000_000_000n;
/** Incomplete snapshots are kept while younger than this, and always this many. */
const INCOMPLETE_AGE = 4n * HOUR;
const INCOMPLETE_COUNT = 3;

/**
 * The reasons to keep each snapshot of one source, in the order of the items; one without reasons and pins expires.
 * Kopia's quirk, kept: periods of all kinds share one set of names, dates are in UTC, the week in the zone.
 */
export function retentionReasons(policy: RetentionPolicy, items: readonly RetentionItem[], zone: Zone): string[][] {
  const reasons: string[][] = items.map(() => []);
  const order = items.map((_, i) => i).toSorted((a, b) => newestFirst(items[a], items[b]));
  if (order.length === 0) return reasons;
  const rules = retentionRules(policy, newestComplete(items), zone);
  const periods = new Set<string>();
  const counts = new Map<string, number>();

  order.forEach((item, position) => {
    const { startTime, incomplete } = items[item];
    if (incomplete) return;
    const names = periodNames(startTime, position, zone);
    for (const { type, keep, cutoff } of rules) {
      const count = counts.get(type) ?? 0;
      if ((cutoff !== undefined && startTime < cutoff) || periods.has(names[type]) || count >= keep) continue;
      periods.add(names[type]);
      counts.set(type, count + 1);
      reasons[item].push(`${type}-${count + 1}`);
    }
    reasons[item] = sortReasons(reasons[item]);
  });

  const newest = items[order[0]].startTime;
  for (const [position, item] of order.entries()) {
    const { startTime, incomplete } = items[item];
    if (!incomplete || (newest - startTime >= INCOMPLETE_AGE && position >= INCOMPLETE_COUNT)) break;
    reasons[item].push('incomplete');
  }
  return reasons;
}

function newestFirst(a: RetentionItem, b: RetentionItem): number {
  const [x, y] = a.startTime === b.startTime ? [a.endTime, b.endTime] : [a.startTime, b.startTime];
  return x > y ? -1 : x < y ? 1 : 0;
}

function newestComplete(items: readonly RetentionItem[]): bigint {
  let newest = 0n;
  for (const { startTime, incomplete } of items) if (!incomplete && startTime > newest) newest = startTime;
  return newest;
}

type PeriodType = 'latest' | 'annual' | 'monthly' | 'weekly' | 'daily' | 'hourly';

interface RetentionRule {
  type: PeriodType;
  keep: number;
  cutoff?: bigint;
}

/** The rules that are set, in the order they are tried; nothing set at all keeps everything. */
function retentionRules(policy: RetentionPolicy, newest: bigint, zone: Zone): RetentionRule[] {
  const { keepLatest, keepAnnual, keepMonthly, keepWeekly, keepDaily, keepHourly } = policy;
  const all = [keepLatest, keepHourly, keepDaily, keepWeekly, keepMonthly, keepAnnual];
  const sum = all.reduce<number>((total, keep) => total + (keep ?? 0), 0);
  const rules: RetentionRule[] = [];
  const add = (type: PeriodType, keep: number | undefined, cutoff?: (keep: number) => bigint): void => {
    if (keep !== undefined) rules.push({ type, keep, cutoff: cutoff?.(keep) });
  };
  const back = (change: (fields: Civil, keep: number) => Partial<Civil>) => (keep: number) =>
    shifted(newest, zone, (fields) => change(fields, Math.min(keep, 1e8)));
  add('latest', sum === 0 ? Infinity : keepLatest);
  add(
    'annual',
    keepAnnual,
    back(({ year }, n) => ({ year: year - n })),
  );
  add(
    'monthly',
    keepMonthly,
    back(({ month }, n) => ({ month: month - n })),
  );
  add(
    'weekly',
    keepWeekly,
    back(({ day }, n) => ({ day: day - 7 * n })),
  );
  add(
    'daily',
    keepDaily,
    back(({ day }, n) => ({ day: day - n })),
  );
  add('hourly', keepHourly, (n) => newest - BigInt(n) * HOUR);
  return rules;
}

/** The same clock time on another date of the zone's calendar. */
function shifted(time: bigint, zone: Zone, change: (fields: Civil) => Partial<Civil>): bigint {
  const seconds = toSeconds(time);
  const fields = zoned(seconds, zone);
  return fromSeconds(moment({ ...fields, ...change(fields) }, zone)) + (time - fromSeconds(seconds));
}

function periodNames(time: bigint, position: number, zone: Zone): Record<PeriodType, string> {
  const seconds = toSeconds(time);
  const { year, month, day, hour } = civil(seconds);
  const annual = String(year).padStart(4, '0');
  const monthly = `${annual}-${two(month)}`;
  const daily = `${monthly}-${two(day)}`;
  return {
    latest: String(position),
    annual,
    monthly,
    weekly: isoWeek(zoned(seconds, zone)),
    daily,
    hourly: `${daily} ${two(hour)}`,
  };
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

/** `YYYY-WW` by ISO 8601: the week belongs to the year of its Thursday. */
function isoWeek({ year, month, day }: Civil): string {
  const days = daysFromCivil(year, month, day);
  const thursday = days - ((((days + 3) % 7) + 7) % 7) + 3;
  const { year: weekYear } = civil(thursday * 86400);
  const week = Math.floor((thursday - daysFromCivil(weekYear, 1, 1)) / 7) + 1;
  return `${String(weekYear).padStart(4, '0')}-${two(week)}`;
}

const prefixes = ['latest', 'hourly', 'daily', 'weekly', 'monthly', 'annual'];

function split(reason: string): [prefix: string, suffix: string] {
  const dash = reason.lastIndexOf('-');
  return dash < 0 ? [reason, ''] : [reason.slice(0, dash), reason.slice(dash + 1)];
}

/** Kopia's order: unknown prefixes, then by kind; within one by text, so that 10 comes before 2. */
export function sortReasons(reasons: readonly string[]): string[] {
  return reasons.toSorted((a, b) => {
    const [p, s] = split(a);
    const [q, t] = split(b);
    return prefixes.indexOf(p) - prefixes.indexOf(q) || compareNames(p, q) || compareNames(s, t);
  });
}

/** Joins runs: `latest-1`, `latest-2`, `latest-5` become `latest-1..2`, `latest-5`. */
export function compactReasons(reasons: readonly string[]): string[] {
  const numbers = new Map<string, number[]>();
  const compact: string[] = [];
  for (const reason of reasons) {
    const [prefix, suffix] = split(reason);
    if (!/^\+?\d+$/.test(suffix)) compact.push(reason);
    else numbers.set(prefix, [...(numbers.get(prefix) ?? []), Number(suffix)]);
  }
  for (const [prefix, list] of numbers) {
    list.sort((a, b) => a - b);
    for (let start = 0, i = 0; i < list.length; i++) {
      if (list[i + 1] === list[i] + 1) continue;
      compact.push(start === i ? `${prefix}-${list[i]}` : `${prefix}-${list[start]}..${list[i]}`);
      start = i + 1;
    }
  }
  return sortReasons(compact);
}

/** Names of pins, sorted by bytes, each once. */
export function compactPins(pins: readonly string[]): string[] {
  return [...new Set(pins)].toSorted(compareNames);
}
