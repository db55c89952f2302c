import { describe, expect, it } from 'vitest';
import {
  GLOBAL,
  compareSources,
  formatSource,
  localSource,
  parseSource,
  policyLabels,
  sameSource,
  snapshotLabels,
  sourceFromLabels,
  type SourceInfo,
} from '../../src/policy/source.ts';
import { readTable } from './tables.ts';

const { sourceInfoForAnnAlpha: rows } = readTable<{
  sourceInfoForAnnAlpha: { in: string; out: (SourceInfo & { string: string }) | null }[];
}>('texts');
const context = { host: 'alpha', userName: 'ann', currentDirectory: '/tmp/k/src' };

describe('sources', () => {
  it('are read as in the table', () => {
    const read = (text: string) => {
      try {
        const source = parseSource(text, context);
        return { ...source, string: formatSource(source) };
      } catch {
        return null;
      }
    };
    expect(rows.length).toBe(19);
    expect(rows.map((row) => [row.in, read(row.in)])).toEqual(rows.map((row) => [row.in, row.out]));
  });

  it('may lie on Windows', () => {
    const windows = { host: 'pc', userName: 'eva', currentDirectory: 'C:\\Users\\eva', separator: '\\' as const };
    const path = (text: string) => localSource(text, windows).path;
    expect(path('x')).toBe('C:\\Users\\eva\\x');
    expect(path('..\\..\\..\\x/y')).toBe('C:\\x\\y');
    expect(path('D:/data/')).toBe('D:\\data');
    expect(path('\\top')).toBe('C:\\top');
    expect(path('\\\\nas\\share\\a\\..\\b')).toBe('\\\\nas\\share\\b');
    expect(path('D:\\')).toBe('D:\\');
  });

  it('have the labels of Kopia, and come back from them', () => {
    const all: SourceInfo[] = [
      GLOBAL,
      { host: 'h', userName: '', path: '' },
      { host: 'h', userName: 'u', path: '' },
      { host: 'h', userName: 'u', path: '/p' },
      { host: 'h', userName: '', path: '/p' },
    ];
    expect(all.map(policyLabels)).toEqual([
      { type: 'policy', policyType: 'global' },
      { type: 'policy', policyType: 'host', hostname: 'h' },
      { type: 'policy', policyType: 'user', username: 'u', hostname: 'h' },
      { type: 'policy', policyType: 'path', username: 'u', hostname: 'h', path: '/p' },
      { type: 'policy', policyType: 'path', username: '', hostname: 'h', path: '/p' },
    ]);
    for (const source of all) expect(sameSource(sourceFromLabels(policyLabels(source)), source)).toBe(true);
    expect(snapshotLabels(all[1])).toEqual({ type: 'snapshot', hostname: 'h' });
    expect(snapshotLabels(all[3])).toEqual({ type: 'snapshot', hostname: 'h', username: 'u', path: '/p' });
  });

  it('sort by their texts', () => {
    const texts = ['b@a:/x', '@a', '(global)', 'B@a'];
    expect(
      texts
        .map((text) => parseSource(text, context))
        .toSorted(compareSources)
        .map(formatSource),
    ).toEqual(['(global)', '@a', 'B@a', 'b@a:/x']);
  });
});
