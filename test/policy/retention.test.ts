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
});
