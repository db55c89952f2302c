import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStorage, storageTypes } from '../../src/blob/registry.ts';
import { isCairnError } from '../../src/errors.ts';
import { codeOf, pattern } from '../conformance/helpers.ts';
import { temporaryDirectory, testPorts, tree } from './temporary.ts';

let root: string;
let remove: () => Promise<void>;
beforeEach(() => ({ path: root, remove } = temporaryDirectory()));
afterEach(() => remove());

it("opens by Kopia's type string", async () => {
  const store = await openStorage({ type: 'filesystem', config: { path: root } }, testPorts());
  expect(store.displayName).toBe(`Filesystem: ${root}`);
  expect(storageTypes()).toContain('filesystem');
});

it('names a type that it does not know, and those it does', async () => {
  for (const type of ['carrier-pigeon', 'toString', '__proto__']) {
    const error = await openStorage({ type, config: {} }, testPorts()).catch((e: unknown) => e);
    if (!isCairnError(error, 'unsupported')) throw error;
    expect(error.message).toContain(JSON.stringify(type));
    expect(error.hint).toContain('filesystem');
  }
});

it('read-only: nothing is written, not even on request', async () => {
  const store = await openStorage({ type: 'filesystem', config: { path: root } }, testPorts(), { readOnly: true });
  expect(store.readOnly).toBe(true);
  expect(await codeOf(store.put('a', pattern(1)))).toBe('read-only');
  expect(await codeOf(store.get('kopia.repository'))).toBe('blob-not-found');
  expect(tree(root)).toEqual([]);
});
