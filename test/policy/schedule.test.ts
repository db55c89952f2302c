import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, fromSeconds, parseTime, toSeconds } from '../../src/bytes/time.ts';
import { nextCron } from '../../src/policy/cron-next.ts';
import { isValidCron, neverMatches, parseCron } from '../../src/policy/cron.ts';
import type { SchedulingPolicy } from '../../src/policy/policy.ts';
import { formatTimeOfDay, nextSnapshotTime, parseTimeOfDay } from '../../src/policy/schedule.ts';
import { UTC, localZone, moment, zoneNamed, zoned } from '../../src/policy/zone.ts';
import { readTable } from './tables.ts';

const table = readTable<{
  cases: { zone: string; policy: SchedulingPolicy; previous: string; now: string; next: string | null }[];
  validCron: { cron: string; valid: boolean }[];
}>('schedules');
const texts = readTable<{ timeOfDay: { in: string; out: [number, number, string] | null }[] }>('texts');

describe('next snapshot times', () => {
  it('agree with every row of the table, in six zones', () => {
    expect(table.cases.length).toBe(1500);
    const different: unknown[] = [];
    for (const row of table.cases) {
      const previous = row.previous.startsWith('0001') ? undefined : parseTime(row.previous);
      const next = nextSnapshotTime(row.policy, previous, parseTime(row.now)!, zoneNamed(row.zone));
      const text = next === undefined ? null : formatTime(next);
      if (text !== row.next) different.push({ ...row, got: text });
    }
    expect(different).toEqual([]);
  });
});

describe('cron', () => {
  it('calls valid what the table does', () => {
    expect(table.validCron.map(({ cron }) => [cron, isValidCron(cron)])).toEqual(
      table.validCron.map(({ cron, valid }) => [cron, valid]),
    );
  });

  const next = (cron: string, after: string, zone = UTC) => {
    const at = nextCron(parseCron(cron)!, toSeconds(parseTime(after)!), zone);
    return at === undefined ? undefined : formatTime(fromSeconds(at));
  };

  it('finds last days, working days and last weekdays', () => {
    expect(next('0 0 L * *', '2028-02-01T00:00:00Z')).toBe('2028-02-29T00:00:00Z');
    expect(next('0 0 15W * *', '2026-08-01T00:00:00Z')).toBe('2026-08-14T00:00:00Z');
    expect(next('0 0 1W * *', '2026-08-01T00:00:00Z')).toBe('2026-08-03T00:00:00Z');
    expect(next('0 0 LW * *', '2026-05-15T00:00:00Z')).toBe('2026-05-29T00:00:00Z');
    expect(next('0 0 * * 5L', '2026-01-01T00:00:00Z')).toBe('2026-01-30T00:00:00Z');
    expect(next('0 0 13 * 5', '2026-01-01T00:00:00Z')).toBe('2026-01-02T00:00:00Z');
    expect(next('0 0 12 1 1 * 2030', '2026-01-01T00:00:00Z')).toBe('2030-01-01T12:00:00Z');
  });

  it('is strictly later, and ends', () => {
    expect(next('0 2 * * *', '2026-01-01T02:00:00Z')).toBe('2026-01-02T02:00:00Z');
    expect(next('0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(next('0 0 1 1 * 2020', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(next('1-0 * * * *', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(neverMatches(parseCron('0 0 * * 5-2')!)).toBe(true);
    expect(neverMatches(parseCron('0 0 L * *')!)).toBe(false);
  });

  it('always comes later, at a time that matches, also where midnight is skipped', () => {
    const zones = ['Africa/Cairo', 'America/Havana', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Beirut'];
    const part = (low: number, high: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: low, max: high }).map(String),
        fc.constantFrom('*/7', `${low}-${high}/5`),
      );
    const expression = fc.tuple(
      part(0, 59),
      part(0, 23),
      part(1, 31),
      part(1, 12),
      fc.constantFrom('*', '0', '5', '1-3'),
    );
    const moments = fc.integer({ min: 1_600_000_000, max: 2_000_000_000 });
    fc.assert(
      fc.property(expression, moments, fc.constantFrom(...zones), (fields, after, name) => {
        const zone = zoneNamed(name);
        const cron = parseCron(fields.join(' '))!;
        const at = nextCron(cron, after, zone);
        if (at === undefined) return;
        const { minute, month } = zoned(at, zone);
        expect(at).toBeGreaterThan(after);
        expect(cron.minutes).toContain(minute);
        expect(at % 60).toBe(0);
        expect(cron.months.includes(month) || cron.months.includes((month % 12) + 1)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('times of day', () => {
  it('are read and written as in the table', () => {
    const read = (text: string) => {
      const time = parseTimeOfDay(text);
      return time === undefined ? null : [time.hour, time.min, formatTimeOfDay(time)];
    };
    expect(texts.timeOfDay.map((row) => [row.in, read(row.in)])).toEqual(
      texts.timeOfDay.map((row) => [row.in, row.out]),
    );
  });
});

describe('zones', () => {
  it('know their offsets, also half hours and before 1970', () => {
    expect(zoneNamed('Asia/Kathmandu').offset(1_700_000_000)).toBe(20700);
    expect(zoneNamed('Europe/Berlin').offset(toSeconds(parseTime('2026-07-01T00:00:00Z')!))).toBe(7200);
    expect(zoneNamed('Europe/Berlin').offset(toSeconds(parseTime('1950-01-01T00:00:00Z')!))).toBe(3600);
    expect(zoneNamed('America/New_York').offset(-62_135_596_800)).toBeLessThan(-17000);
    expect(localZone().offset(0)).toBe(-new Date(0).getTimezoneOffset() * 60 + 0);
  });

  it('read skipped and repeated times as Go does', () => {
    const berlin = zoneNamed('Europe/Berlin');
    const at = (month: number, day: number, hour: number) =>
      formatTime(fromSeconds(moment({ year: 2026, month, day, hour, minute: 30, second: 0 }, berlin)));
    expect(at(3, 29, 2)).toBe('2026-03-29T01:30:00Z');
    expect(at(10, 25, 2)).toBe('2026-10-25T01:30:00Z');
    expect(at(13, 32, 25)).toBe('2027-02-02T00:30:00Z');
  });

  it('are refused when unknown', () => {
    expect(() => zoneNamed('Mars/Base')).toThrow('unknown time zone');
  });
});
