/** When a cron expression runs next; where clocks change, as hashicorp/cronexpr decides. */
import { type Civil, daysFromCivil } from '../bytes/time.ts';
import { type Cron, type DayRules, neverMatches } from './cron.ts';
import { type Zone, moment, zoned } from './zone.ts';

function daysInMonth(y: number, m: number): number {
  return daysFromCivil(m === 12 ? y + 1 : y, m === 12 ? 1 : m + 1, 1) - daysFromCivil(y, m, 1);
}

/** 0 = Sunday. */
function weekdayOf(y: number, m: number, d: number): number {
  return (((daysFromCivil(y, m, d) + 4) % 7) + 7) % 7;
}

/** Sorted days of a month on which the expression runs. */
function matchingDays(rules: DayRules, y: number, m: number): number[] {
  const last = daysInMonth(y, m);
  const every = Array.from({ length: last }, (_, i) => i + 1);
  const { monthDays, weekdays: week } = rules;
  if (monthDays === undefined && week === undefined) return every;
  const days = new Set<number>();
  if (monthDays !== undefined) {
    for (const d of monthDays) if (d <= last) days.add(d);
    if (rules.lastDay) days.add(last);
    for (const d of rules.working) if (d <= last) days.add(workingDay(y, m, d === 0 ? last : d, last));
  }
  if (week !== undefined) {
    for (const d of every) {
      const name = weekdayOf(y, m, d);
      if (week.includes(name) || (d > last - 7 && rules.lastWeekdays.includes(name))) days.add(d);
    }
  }
  return [...days].toSorted((a, b) => a - b);
}

/** The working day nearest to a day, in the same month. */
function workingDay(y: number, m: number, d: number, last: number): number {
  const name = weekdayOf(y, m, d);
  if (name === 6) return d > 1 ? d - 1 : d + 2;
  if (name === 0) return d < last ? d + 1 : d - 2;
  return d;
}

/** First match strictly after a moment, in Unix seconds; undefined when there is none before the year 2100. */
export function nextCron(cron: Cron, after: number, zone: Zone): number | undefined {
  if (neverMatches(cron)) return undefined;
  let at = after + 1;
  for (;;) {
    const day = nextDay(cron, at, zone);
    if (day === undefined) return undefined;
    const start = Math.max(day, at);
    const changing = zone.offset(shiftDays(start, -1, zone)) !== zone.offset(shiftDays(start, 1, zone));
    const { found, next } = changing ? searchChangingDay(cron, start, zone) : searchDay(cron, start, zone);
    if (found !== undefined) return found;
    at = Math.max(next!, start + 1);
  }
}

/** The moment itself on a day that matches, else the start of the next such day. */
function nextDay(cron: Cron, at: number, zone: Zone): number | undefined {
  const now = zoned(at, zone);
  for (const y of cron.years) {
    if (y < now.year) continue;
    for (const m of cron.months) {
      if (y === now.year && m < now.month) continue;
      const thisMonth = y === now.year && m === now.month;
      for (const d of matchingDays(cron.days, y, m)) {
        if (thisMonth && d < now.day) continue;
        return thisMonth && d === now.day ? at : startOfDay(y, m, d, zone);
      }
    }
  }
  return undefined;
}

/** Midnight; where a change skips or repeats it, the whole hour that Kopia settles on. */
function startOfDay(y: number, m: number, d: number, zone: Zone): number {
  const start = moment({ year: y, month: m, day: d, hour: 0, minute: 0, second: 0 }, zone);
  const { hour: h } = zoned(start, zone);
  return h === 0 ? start : start + (h > 12 ? 24 - h : -h) * 3600;
}

function shiftDays(at: number, days: number, zone: Zone): number {
  const fields = zoned(at, zone);
  return moment({ ...fields, day: fields.day + days }, zone);
}

/** A match on the day of `start`, or where to look on. */
interface Search {
  found?: number;
  next?: number;
}

/** A day of even hours: plain arithmetic over the fields. */
function searchDay(cron: Cron, start: number, zone: Zone): Search {
  const now = zoned(start, zone);
  for (const h of cron.hours) {
    if (h < now.hour) continue;
    for (const m of cron.minutes) {
      if (h === now.hour && m < now.minute) continue;
      for (const s of cron.seconds) {
        if (h === now.hour && m === now.minute && s < now.second) continue;
        return { found: moment({ ...now, hour: h, minute: m, second: s }, zone) };
      }
    }
  }
  return { next: moment({ ...now, day: now.day + 1, hour: 0, minute: 0, second: 0 }, zone) };
}

/** A day on which, or beside which, clocks change: by steps in real time, as Kopia does, so that all agree. */
function searchChangingDay(cron: Cron, start: number, zone: Zone): Search {
  let at = start;
  let now: Civil = zoned(at, zone);
  while (!cron.hours.includes(now.hour)) {
    const before = now.hour;
    at += 3600;
    if (zoned(at, zone).hour === before) at += 3600;
    at = Math.floor(at / 60) * 60;
    at -= zoned(at, zone).minute * 60;
    now = zoned(at, zone);
    if (now.hour === 0) return { next: moment({ ...now, minute: 0, second: 0 }, zone) };
  }
  while (!cron.minutes.includes(now.minute)) {
    at = (Math.floor(at / 60) + 1) * 60;
    const { hour: h } = now;
    now = zoned(at, zone);
    if (now.hour !== h) return { next: at };
  }
  const minuteStart = Math.floor(at / 60) * 60;
  const second = cron.seconds.find((s) => s >= now.second);
  return second === undefined ? { next: minuteStart + 60 } : { found: minuteStart + second };
}
