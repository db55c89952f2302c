/**
 * Cron expressions in Kopia's dialect, that of hashicorp/cronexpr (spec/snapshots-and-policies.md section 7):
 * 5 fields, 6 with a year at the end, 7 with seconds in front, more are passed over.
 */
import { trimSpace } from './pattern.ts';

/** Sorted values of each field; of the days, the rules. */
export interface Cron {
  seconds: readonly number[];
  minutes: readonly number[];
  hours: readonly number[];
  months: readonly number[];
  years: readonly number[];
  days: DayRules;
}

export interface DayRules {
  /** `*` gives no restriction; when both are restricted, either is enough. */
  monthDays: readonly number[] | undefined;
  weekdays: readonly number[] | undefined;
  /** Days whose nearest working day is meant; `LW` is day 0. */
  working: readonly number[];
  /** `L`. */
  lastDay: boolean;
  /** `5L`: last such weekday of the month. */
  lastWeekdays: readonly number[];
}

interface FieldRules {
  low: number;
  high: number;
  value: RegExp;
  number: (text: string) => number;
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const monthNames = 'january february march april may june july august september october november december'.split(' ');
const weekdays = 'sun mon tue wed thu fri sat'.split(' ');
const weekdayNames = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

const plain = (low: number, high: number, value: RegExp): FieldRules => ({ low, high, value, number: Number });
const minute = plain(0, 59, /^(?:0?\d|[1-5]\d)$/);
const hour = plain(0, 23, /^(?:0?\d|1\d|2[0-3])$/);
const day = plain(1, 31, /^(?:0?[1-9]|[12]\d|3[01])$/);
const year = plain(1970, 2099, /^(?:19[789]\d|20\d\d)$/);
const month: FieldRules = {
  low: 1,
  high: 12,
  value: new RegExp(`^(?:0?[1-9]|1[012]|${[...months, ...monthNames].join('|')})$`),
  number: (text) => Number(text) || Math.max(months.indexOf(text), monthNames.indexOf(text)) + 1,
};
const weekday: FieldRules = {
  low: 0,
  high: 6,
  value: new RegExp(`^(?:0?[0-7]|${[...weekdays, ...weekdayNames].join('|')})$`),
  // Kopia's quirk, kept: `05` is no known number and counts as 0.
  number: (text) =>
    text.length === 1 ? Number(text) % 7 : Math.max(weekdays.indexOf(text), weekdayNames.indexOf(text), 0),
};

const macros: Record<string, string> = {
  '@yearly': '0 0 0 1 1 * *',
  '@annually': '0 0 0 1 1 * *',
  '@monthly': '0 0 0 1 * * *',
  '@weekly': '0 0 0 * * 0 *',
  '@daily': '0 0 0 * * * *',
  '@hourly': '0 0 * * * * *',
};

/** Kopia's quirk, kept: everything from the first `#` is a comment, also in `5#3`. */
export function stripCronComment(text: string): string {
  return trimSpace(text.split('#', 1)[0]);
}

/** Valid as Kopia sees it: an entry that is only a comment or nothing is. */
export function isValidCron(text: string): boolean {
  return stripCronComment(text) === '' || parseCron(text) !== undefined;
}

/** Undefined when the text is no expression. */
export function parseCron(text: string): Cron | undefined {
  const expanded = stripCronComment(text).replace(/@[a-z]+/g, (name) => macros[name] ?? name);
  const fields: string[] = expanded.toLowerCase().match(/[^\t\n\f\r ]+/g) ?? [];
  if (fields.length < 5) return undefined;
  const withSeconds = fields.length >= 7;
  const [m, h, dom, mon, dow, y = '*'] = withSeconds ? fields.slice(1, 7) : fields;
  const seconds = withSeconds ? parseField(fields[0], minute)?.values : [0];
  const minutes = parseField(m, minute)?.values;
  const hours = parseField(h, hour)?.values;
  const monthList = parseField(mon, month)?.values;
  const years = parseField(y, year)?.values;
  const days = parseDays(dom, dow);
  if (!seconds || !minutes || !hours || !monthList || !years || !days) return undefined;
  return { seconds, minutes, hours, months: monthList, years, days };
}

/** True when a field names no value at all, such as `30-10`: the expression then never matches. */
export function neverMatches(cron: Cron): boolean {
  const { monthDays, weekdays, working, lastDay, lastWeekdays } = cron.days;
  const noDay =
    (monthDays !== undefined || weekdays !== undefined) &&
    [...(monthDays ?? []), ...(weekdays ?? []), ...working, ...lastWeekdays].length === 0 &&
    !lastDay;
  return noDay || [cron.seconds, cron.minutes, cron.hours, cron.months, cron.years].some((list) => list.length === 0);
}

/** Values of a list of `*`, `5`, `1-5`, each with `/step`, or of what `special` takes; undefined when it is none. */
function parseField(
  text: string,
  rules: FieldRules,
  special: (part: string) => boolean = () => false,
): { values: number[]; all: boolean } | undefined {
  const parts = text.split(',').filter((part) => part !== '');
  const values = new Set<number>();
  let all = false;
  for (const part of parts) {
    const range = parseRange(part, rules);
    if (range === undefined) {
      if (special(part)) continue;
      return undefined;
    }
    all ||= range.all;
    for (let i = range.first; i <= range.last; i += range.step) values.add(i);
  }
  return parts.length === 0 ? undefined : { values: [...values].toSorted((a, b) => a - b), all };
}

interface Range {
  first: number;
  last: number;
  step: number;
  all: boolean;
}

function parseRange(part: string, { low, high, value, number }: FieldRules): Range | undefined {
  if (part === '*' || part === '?') return { first: low, last: high, step: 1, all: true };
  const [span, stepText, ...rest] = part.split('/');
  if (rest.length > 0) return undefined;
  const step = stepText === undefined ? 1 : parseStep(stepText);
  if (step === undefined || step > high) return undefined;
  if (span === '*') return { first: low, last: high, step, all: false };
  const [from, to, ...more] = span.split('-');
  if (more.length > 0 || !value.test(from) || (to !== undefined && !value.test(to))) return undefined;
  const first = number(from);
  const last = to === undefined ? (stepText === undefined ? first : high) : number(to);
  // A week's range that ends on Sunday ends on its Saturday: Kopia's quirk, kept.
  return { first, last: to !== undefined && last === 0 && high === 6 ? 6 : last, step, all: false };
}

/** Steps are whole numbers without needless digits; two digits at most, or a year. */
function parseStep(text: string): number | undefined {
  return (minute.value.test(text) || year.value.test(text)) && Number(text) > 0 ? Number(text) : undefined;
}

function parseDays(dom: string, dow: string): DayRules | undefined {
  const rules = { lastDay: false, working: [] as number[], lastWeekdays: [] as number[] };
  const monthDays = parseField(dom, day, (part) => {
    if (part === 'l') rules.lastDay = true;
    else if (part === 'lw') rules.working.push(0);
    else if (part.endsWith('w') && day.value.test(part.slice(0, -1))) rules.working.push(Number(part.slice(0, -1)));
    else return false;
    return true;
  });
  const week = parseField(dow, weekday, (part) => {
    const name = part.slice(0, -1);
    if (!part.endsWith('l') || !weekday.value.test(name)) return false;
    rules.lastWeekdays.push(weekday.number(name));
    return true;
  });
  if (monthDays === undefined || week === undefined) return undefined;
  return {
    ...rules,
    monthDays: monthDays.all ? undefined : monthDays.values,
    weekdays: week.all ? undefined : week.values,
  };
}
