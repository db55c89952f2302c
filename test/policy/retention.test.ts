import { describe, expect, it } from 'vitest';
import { parseTime } from '../../src/bytes/time.ts';
import type { RetentionPolicy } from '../../src/policy/policy.ts';
import { compactPins, compactReasons, retentionReasons } from '../../src/policy/retention.ts';
import { UTC, zoneNamed } from '../../src/policy/zone.ts';
import { readTable } from './tables.ts';

const table = readTable<{
  cases: { policy: RetentionPolicy; items: { start: string; incomplete?: string; reasons: string[] }[] }[];
  compact: { in: string[] | null; out: string[] }[];
}>('retention');

describe('retention', () => {
  it('gives every snapshot of the table the same reasons', () => {
    expect(table.cases.length).toBe(300);
    const different: unknown[] = [];
    for (const { policy, items } of table.cases) {
      const got = retentionReasons(
        policy,
        items.map(({ start, incomplete }) => ({
          startTime: parseTime(start)!,
          endTime: parseTime(start)!,
          incomplete,
        })),
        UTC,
      );
      const wanted = items.map((item) => item.reasons);
      if (JSON.stringify(got) !== JSON.stringify(wanted)) different.push({ policy, got, wanted });
    }
    expect(different).toEqual([]);
  });

  it('compacts reasons as the table does', () => {
    expect(table.compact.map((row) => compactReasons(row.in ?? []))).toEqual(table.compact.map((row) => row.out));
  });

  const reasons = (policy: RetentionPolicy, starts: string[], zone = UTC) =>
    retentionReasons(
      policy,
      starts.map((start) => {
        const [time, incomplete] = start.split('!');
        return { startTime: parseTime(time)!, endTime: parseTime(time)!, incomplete };
      }),
      zone,
    ).map((list) => list.join());

  it('keeps the vectors of the specification', () => {
    const defaults = { keepLatest: 2, keepHourly: 48, keepDaily: 7, keepWeekly: 4, keepMonthly: 24, keepAnnual: 3 };
    const days = ['2026-01-07', '2026-01-05', '2026-01-04', '2026-01-03', '2025-12-28', '2025-12-27'];
    expect(
      reasons(
        defaults,
        days.map((day) => `${day}T09:00:00Z`),
      ),
    ).toEqual([
      'latest-1,hourly-1,daily-1,weekly-1,monthly-1,annual-1',
      'latest-2,hourly-2,daily-2',
      'daily-3',
      'daily-4',
      'weekly-2,monthly-2,annual-2',
      '',
    ]);
    const times = ['15:00', '15:01', '16:01', '17:01', '18:01', '19:01', '23:50'];
    const runs = times.map((time, i) => `2026-01-07T${time}:00Z${i === 0 ? '' : '!checkpoint'}`);
    expect(reasons({ keepLatest: 3 }, runs)).toEqual([
      'latest-1',
      '',
      '',
      '',
      'incomplete',
      'incomplete',
      'incomplete',
    ]);
  });

  it('keeps everything when nothing is set', () => {
    expect(reasons({}, ['2026-01-07T09:00:00Z', '2020-01-07T09:00:00Z'])).toEqual(['latest-1', 'latest-2']);
    expect(reasons({ keepDaily: 0 }, ['2026-01-07T09:00:00Z'])).toEqual(['latest-1']);
    expect(reasons({}, [])).toEqual([]);
  });

  it('names weeks in the zone and other periods in UTC', () => {
    const sunday = ['2026-01-04T23:30:00Z', '2026-01-04T01:00:00Z'];
    expect(reasons({ keepWeekly: 5 }, sunday)).toEqual(['weekly-1', '']);
    expect(reasons({ keepWeekly: 5 }, sunday, zoneNamed('Europe/Berlin'))).toEqual(['weekly-1', 'weekly-2']);
    expect(reasons({ keepDaily: 5 }, sunday, zoneNamed('Europe/Berlin'))).toEqual(['daily-1', '']);
  });

  it('counts months as Go does, and takes absurd numbers', () => {
    const march = ['2026-03-31T09:00:00Z', '2026-03-02T09:00:00Z', '2026-02-28T09:00:00Z'];
    expect(reasons({ keepMonthly: 1, keepLatest: 0 }, march)).toEqual(['monthly-1', '', '']);
    expect(reasons({ keepAnnual: 2 ** 31 - 1, keepMonthly: 2 ** 31 - 1, keepHourly: 2 ** 31 - 1 }, march)[2]).toContain(
      'monthly-2',
    );
  });

  it('compacts pins', () => {
    expect(compactPins(['b', 'a', 'b'])).toEqual(['a', 'b']);
  });
});
