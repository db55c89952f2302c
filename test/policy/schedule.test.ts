import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from '../../src/bytes/time.ts';
import { isValidCron, neverMatches, nextCron, parseCron } from '../../src/policy/cron.ts';
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
