import fc from 'fast-check';
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

describe('the matcher', () => {
  const covers = (pattern: string, path: string) => compileMatcher(pattern).matches(path, false);

  it('keeps the checks of the specification', () => {
    expect(covers('a/**', '/a/x')).toBe(true);
    expect(covers('a/**', '/a')).toBe(false);
    expect(covers('**/a', '/a')).toBe(true);
    expect(covers('**/a', '/x/a')).toBe(true);
    expect(covers('foo/bar', '/foo/bar')).toBe(true);
    expect(covers('foo/bar', '/x/foo/bar')).toBe(false);
    expect(covers('/*.txt', '/a.txt')).toBe(true);
    expect(covers('/*.txt', '/x/a.txt')).toBe(false);
    expect(covers('x**y', '/xay')).toBe(true);
    expect(covers('x**y', '/xa/yy')).toBe(false);
    expect(compileMatcher('logs/').matches('/x/logs', true)).toBe(true);
    expect(compileMatcher('logs/').matches('/x/logs', false)).toBe(false);
  });

  it('steps over one slash right after it, as the real matcher was seen to do', () => {
    expect(covers('x**y', '/xa/y')).toBe(true);
    expect(covers('/q*y', '/qa/y')).toBe(true);
    expect(covers('/q*y', '/qa/bb/y')).toBe(false);
    expect(covers('x*y', '/xa/.y')).toBe(false);
  });

  it('counts characters, not UTF-16 units, and bytes that are no UTF-8 as one', () => {
    expect(covers('?', '/\u{1f600}')).toBe(true);
    expect(covers('??', '/\u{1f600}')).toBe(false);
    expect(covers('[\u{1f600}-\u{1f602}]', '/\u{1f601}')).toBe(true);
    expect(covers('a?b', '/a\udcffb')).toBe(true);
    expect(covers('a\udcfeb', '/a\udcffb')).toBe(true);
  });

  it('takes its shortcuts only where they say the same', () => {
    const name = fc.stringMatching(/^[ab.*/[\]é]{1,6}$/);
    const path = fc.array(fc.stringMatching(/^[ab.é]{1,4}$/), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(name, path, fc.constantFrom('', '/a', '/a/b'), (pattern, names, base) => {
        let matcher;
        try {
          matcher = compileMatcher(pattern, { base });
        } catch {
          return;
        }
        const last = names.at(-1)!;
        const full = `${base}/${names.join('/')}`;
        if (matcher.name !== undefined) expect(matcher.covers(full)).toBe(last === matcher.name);
        if (matcher.suffix !== undefined) expect(matcher.covers(full)).toBe(last.endsWith(matcher.suffix));
      }),
      { numRuns: 3000 },
    );
    expect(compileMatcher('node_modules', { base: '/a' }).name).toBe('node_modules');
    expect(compileMatcher('*.tmp').suffix).toBe('.tmp');
    expect(compileMatcher('/**/x').name).toBe('x');
    expect(compileMatcher('/x').name).toBeUndefined();
    expect(compileMatcher('src/**/x').name).toBeUndefined();
    expect(compileMatcher('/a/**/*.tmp', { base: '/a' }).suffix).toBeUndefined();
    expect(compileMatcher('a*.tmp').suffix).toBeUndefined();
  });

  it('remembers results without changing them', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '*', '**', '/', '?'), { maxLength: 9 });
    fc.assert(
      fc.property(text, fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 9 }), (pattern, path) => {
        const quick = compileMatcher(pattern.join(''));
        const slow = compileMatcher(pattern.join(''));
        Object.defineProperty(slow, 'steps', { get: () => 1e9, set: () => {} });
        expect(slow.covers('/' + path.join(''))).toBe(quick.covers('/' + path.join('')));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes no exponential time', () => {
    const start = performance.now();
    expect(covers('**/'.repeat(150) + 'x', '/a'.repeat(2000))).toBe(false);
    expect(covers('*a*/'.repeat(40) + 'z', ('/' + 'a'.repeat(50)).repeat(40))).toBe(false);
    expect(covers('*a'.repeat(150) + 'b', '/' + 'a'.repeat(4000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(() => compileMatcher('*a'.repeat(201))).toThrow('wildcards');
  });
});
