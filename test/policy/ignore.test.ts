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
  const files = ignoreFileNames(parent, node.defined?.files).flatMap((name) =>
    entries.filter((entry) => entry.name === name),
  );
  const context = enterDirectory(parent, node.defined?.files, path, files);
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

describe('rules', () => {
  const node = (files: FilesPolicy): PolicyNode => buildPolicyTree({ ...emptyPolicy(), files }, source, []);
  const bytes = (text: string) => new TextEncoder().encode(text);
  const file = (name: string, size = 1, device = 1) => ({ name, kind: 'file' as const, size, device });
  const directory = (name: string, device = 1) => ({ name, kind: 'directory' as const, size: 4096, device });

  it('limit size and device', () => {
    const context = enterDirectory(IgnoreContext.empty, { maxFileSize: 10, oneFileSystem: true }, '', []);
    expect(context.judge('', file('a', 10), 1)).toBe('include');
    expect(context.judge('', file('a', 11), 1)).toBe('too-large');
    expect(context.judge('', { ...file('a'), size: 2n ** 60n }, 1)).toBe('too-large');
    expect(context.judge('', { ...file('a', 11), kind: 'symlink' }, 1)).toBe('too-large');
    expect(context.judge('', directory('d'), 1)).toBe('include');
    expect(context.judge('', directory('d', 2), 1)).toBe('other-device');
    expect(enterDirectory(context, {}, '/d', []).judge('/d', file('a', 11, 2), 1)).toBe('too-large');
    expect(enterDirectory(context, {}, '/d', []).judge('/d', file('a', 1, 2), 1)).toBe('include');
  });

  it("of a directory without its own are its parent's, as the same object", () => {
    const root = node({ ignore: ['*.o'], ignoreDotFiles: ['.i'] });
    const context = enterDirectory(IgnoreContext.empty, root.defined?.files, '', []);
    const child = root.child('d');
    expect(enterDirectory(context, child.defined?.files, '/d', [])).toBe(context);
    expect(ignoreFileNames(context, child.defined?.files)).toEqual(['.i']);
    const own = enterDirectory(context, child.defined?.files, '/d', [{ name: '.i', data: bytes('!keep.o\n/x') }]);
    expect(own.judge('/d', file('keep.o'), 1)).toBe('include');
    expect(own.judge('/d', file('x'), 1)).toBe('ignored');
    expect(own.judge('/d/e', file('x'), 1)).toBe('include');
    expect(own.judge('/d/e', file('y.o'), 1)).toBe('ignored');
  });

  it('are an error of the directory when bad, naming file and line', () => {
    try {
      enterDirectory(IgnoreContext.empty, {}, '/d', [{ name: '.i', data: bytes('ok\n# [\n[a\n') }]);
      expect.fail('accepted');
    } catch (error) {
      expect(isCairnError(error, 'invalid-argument')).toBe(true);
      expect((error as Error).message).toMatch(/^\/d\/\.i line 3: invalid pattern "\[a"/);
    }
    expect(() => enterDirectory(IgnoreContext.empty, { ignore: ['x\\'] }, '', [])).toThrow('ignore rule');
  });

  it('of a file end before a line of 64 KiB', () => {
    const long = 'x'.repeat(65535);
    const count = (text: string) => parseIgnoreFile(bytes(text), 'f', '').length;
    expect(count(`a\n${long}\nb\n`)).toBe(3);
    expect(count(`a\n${long}x\nb\n`)).toBe(1);
    expect(count('\r\n \t\n#x\n')).toBe(0);
    expect(count(' #x')).toBe(1);
  });

  it('never throw anything but a named error, and end', () => {
    const hostile = fc.array(
      fc.constantFrom('*', '**', '/', '[', ']', '!', '\\', 'a', '?', ':', '-', '\0', ' ', '\n', 'é', '\udcff'),
    );
    fc.assert(
      fc.property(hostile, hostile, (rules, path) => {
        try {
          const data = bytes(rules.join(''));
          const context = enterDirectory(IgnoreContext.empty, {}, '/a', [{ name: 'f', data }]);
          context.judge('/a', file(path.join('') || 'a'), 1);
        } catch (error) {
          if (!isCairnError(error, 'invalid-argument')) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
