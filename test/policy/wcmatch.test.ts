import { describe, expect, it } from 'vitest';
import { compileMatcher } from '../../src/policy/wcmatch.ts';
import { readTable } from './tables.ts';

interface Row {
  pattern: string;
  opt: number;
  negated: boolean;
  files: string;
  dirs: string;
  error?: string;
}
const table = readTable<{ options: { ignoreCase: boolean; baseDir: string }[]; paths: string[]; rows: Row[] }>(
  'ignore-patterns',
);

describe('ignore patterns', () => {
  it('decide every row of the table as the real matcher does', () => {
    expect(table.rows.length).toBe(1124);
    const different: unknown[] = [];
    for (const row of table.rows) {
      const { ignoreCase, baseDir } = table.options[row.opt];
      let got: Partial<Row>;
      try {
        const matcher = compileMatcher(row.pattern, { ignoreCase, base: baseDir });
        const decide = (directory: boolean) =>
          table.paths.map((path) => (matcher.matches(path, directory) ? '1' : '0')).join('');
        got = { negated: matcher.negated, files: decide(false), dirs: decide(true) };
      } catch (error) {
        got = { error: String(error) };
      }
      const same =
        row.error === undefined
          ? got.negated === row.negated && got.files === row.files && got.dirs === row.dirs
          : got.error !== undefined;
      if (!same) different.push({ row, got });
    }
    expect(different).toEqual([]);
  });
});
