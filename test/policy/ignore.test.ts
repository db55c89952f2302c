import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import type { Json } from '../../src/bytes/json.ts';
import { nameFromBytes } from '../../src/bytes/name.ts';
import { isCairnError } from '../../src/errors.ts';
import type { FileKind } from '../../src/ports.ts';
import { policyFromJson } from '../../src/policy/document.ts';
import { parseIgnoreFile } from '../../src/policy/ignore-file.ts';
import {
  CACHE_TAG,
  IgnoreContext,
  enterDirectory,
  ignoreFileNames,
  isCacheTag,
  skipsCaches,
} from '../../src/policy/ignore.ts';
import { mergePolicies } from '../../src/policy/merge.ts';
import { emptyPolicy, type FilesPolicy } from '../../src/policy/policy.ts';
import { buildPolicyTree, type PolicyNode } from '../../src/policy/tree.ts';
import { readTable } from './tables.ts';

interface Item {
  path: string;
  kind: FileKind;
  size: number;
  data?: string;
}
const { cases } = readTable<{
  cases: { tree: Item[]; policies: { path: string; policy: Json }[]; stored: string[] | null }[];
}>('selection');

interface Entry {
  name: string;
  kind: FileKind;
  size: number;
  device: number;
  data: Uint8Array;
  children: Entry[];
}

function plant(items: readonly Item[]): Entry[] {
  const top: Entry[] = [];
  for (const { path, kind, size, data = '' } of items) {
    const names = nameFromBytes(fromHex(path)!).split('/');
    let into = top;
    for (const name of names.slice(0, -1)) into = into.find((entry) => entry.name === name)!.children;
    into.push({ name: names.at(-1)!, kind, size, device: 1, data: fromHex(data)!, children: [] });
  }
  return top;
}

/** What a walker does, over a tree in memory. */
function select(entries: readonly Entry[], parent: IgnoreContext, node: PolicyNode, path: string): string[] {
  const tag = entries.find((entry) => entry.name === CACHE_TAG && entry.kind === 'file');
  if (tag !== undefined && skipsCaches(node) && isCacheTag(tag.data)) return [];
  const files = ignoreFileNames(parent, node).flatMap((name) => entries.filter((entry) => entry.name === name));
  const context = enterDirectory(parent, node, path, files);
  return entries.flatMap((entry) => {
    if (context.judge(path, entry, 1) !== 'include') return [];
    const here = `${path}/${entry.name}`;
    return [here, ...select(entry.children, context, node.child(entry.name), here)];
  });
}

const source = { host: 'alpha', userName: 'ann', path: '/root' };

describe('file selection', () => {
  it('takes the files that the real Kopia took from generated trees', () => {
    expect(cases.length).toBeGreaterThan(30);
    for (const [number, { tree, policies, stored }] of cases.entries()) {
      if (stored === null) continue;
      const own = policies.find(({ path }) => path === '');
      const target = { target: source, policy: policyFromJson(own?.policy) };
      const below = policies.map(({ path, policy }) => ({
        target: { ...source, path: source.path + path },
        policy: policyFromJson(policy),
      }));
      const root = buildPolicyTree(mergePolicies([target], source).policy, source, below);
      const selected = select(plant(tree), IgnoreContext.empty, root, '');
      expect(selected.map((path) => path.slice(1).toWellFormed()).toSorted(), `tree ${number}`).toEqual(
        stored.toSorted(),
      );
    }
  });
});
