// Stands for 'vitest' inside workerd: the part of its interface that the suite there uses.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  getState,
  setState,
} from '@vitest/expect';
import { fn, spyOn } from '@vitest/spy';
import * as chai from 'chai';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export function expect(value, message) {
  return chai.expect(value, message);
}
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
expect.getState = () => getState(expect);
expect.setState = (state) => setState(state, expect);
globalThis[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);

export const vi = { fn, spyOn };

const newSuite = (name, collect) => ({
  name,
  collect,
  parts: [],
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
});
let current = newSuite('');
const root = current;

/** `%s`, `%d`, `%i`, `%j`, `%o` and `$key` of a table's row. */
function title(name, row) {
  const values = [...row];
  const filled = name.replace(/%[sdijo]/g, () => String(values.shift()));
  return filled.replace(/\$(\w+)/g, (all, key) =>
    row[0] !== null && typeof row[0] === 'object' && key in row[0] ? String(row[0][key]) : all,
  );
}

function withForms(define) {
  const none = () => {};
  const forms = Object.assign((...args) => define(...args), {
    skip: (name) => define(name, undefined),
    skipIf: (condition) => (condition ? forms.skip : forms),
    runIf: (condition) => (condition ? forms : forms.skip),
    each: (rows) => (name, work) => {
      for (const row of rows) {
        const list = Array.isArray(row) ? row : [row];
        define(title(name, list), work === undefined ? undefined : () => work(...list));
      }
    },
  });
  forms.skip.each = () => none;
  return forms;
}

export const describe = withForms((name, collect) => current.parts.push(newSuite(name, collect ?? (() => {}))));
export const it = withForms((name, work) => current.parts.push({ name, work }));
export const test = it;

const hook = (kind) => (work) => current.hooks[kind].push(work);
export const beforeAll = hook('beforeAll');
export const afterAll = hook('afterAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');

/** Runs what was defined; gives the counts and the texts of the failures. */
export async function run() {
  const result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const failed = (path, error) => {
    result.failed++;
    result.failures.push(`${path.join(' > ')}\n${error?.stack ?? error}`);
  };

  async function runTest(test, path, outer) {
    if (test.work === undefined) return result.skipped++;
    try {
      try {
        for (const { hooks } of outer) for (const before of hooks.beforeEach) await before();
        await test.work();
      } finally {
        for (const { hooks } of outer.toReversed()) for (const after of hooks.afterEach) await after();
      }
      result.passed++;
    } catch (error) {
      failed(path, error);
    }
  }

  async function runSuite(suite, path, outer) {
    const all = [...outer, suite];
    try {
      current = suite;
      await suite.collect?.();
      for (const before of suite.hooks.beforeAll) await before();
      for (const part of suite.parts)
        await (part.parts === undefined ? runTest : runSuite)(part, [...path, part.name], all);
      for (const after of suite.hooks.afterAll) await after();
    } catch (error) {
      failed([...path, 'suite'], error);
    }
  }

  await runSuite(root, [], []);
  return result;
}
