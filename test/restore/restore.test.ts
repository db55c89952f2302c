import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalTarget } from '../../src/restore/local.ts';
import { restoreEntry, type RestoreOptions } from '../../src/restore/restore.ts';
import { restoreSummary, type RestoreStats } from '../../src/restore/stats.ts';
import { noCounters, type RestoreTarget } from '../../src/restore/target.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { FakeContents, fakeFile, fakeTree, TIME, type FakeTree } from '../snapshot/fakes.ts';
import { contentOf, folder, realFiles } from './folder.ts';

const big = new Uint8Array(10_000).map((_, i) => (i * i) >> 3);

/** Restores a tree into a new folder. */
async function restore(contents: FakeContents, root: DirEntry, options: RestoreOptions = {}) {
  const path = folder();
  const target = new LocalTarget(realFiles, path);
  const result = await restoreEntry(contents, root, target, options).then(
    (stats) => ({ stats, error: undefined }),
    (error) => ({ stats: undefined, error }),
  );
  return { path, ...result, found: await contentOf(path) };
}

describe('restoreEntry', () => {
  it('restores files, links and folders', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, {
      'a b': 'text',
      same: 'text',
      empty: '',
      big: { text: big, chunk: 999 },
      hollow: {},
      deep: { er: { file: 'x', up: { link: '../../a b' } } },
      dangling: { link: 'no where' },
    });
    const { path, stats, found } = await restore(contents, root);
    expect(found).toEqual({
      'a b': 'text',
      same: 'text',
      empty: '',
      big: new TextDecoder().decode(big),
      hollow: '/',
      deep: '/',
      'deep/er': '/',
      'deep/er/file': 'x',
      'deep/er/up': '-> ../../a b',
      dangling: '-> no where',
    });
    expect(stats).toMatchObject({ files: 5, symlinks: 2, directories: 4, bytes: 10_009, errorCount: 0 });
    expect(restoreSummary(stats!)).toBe('Restored 5 files, 4 directories and 2 symbolic links (10 KB).');
    expect(readdirSync(path)).toHaveLength(7);
    expect(contents.reads.filter((id, i) => contents.reads.indexOf(id) !== i)).toEqual([]);
  });

  it('restores any tree', async () => {
    const name = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcé😀 ~$"\\\n') });
    const { tree } = fc.letrec<{ tree: FakeTree; node: FakeTree[string] }>((tie) => ({
      tree: fc.dictionary(name, tie('node'), { maxKeys: 5, depthIdentifier: 'tree' }),
      node: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'tree' },
        fc.string(),
        fc.record({ text: fc.uint8Array({ maxLength: 300 }), chunk: fc.constantFrom(1 << 20, 7, 100) }),
        fc.record({ link: fc.string({ minLength: 1, unit: fc.constantFrom(...'a/.é') }) }),
        tie('tree'),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (any) => {
        const contents = new FakeContents();
        // an index needs an entry, so that an empty file is a single content
        const fixed = (node: FakeTree): FakeTree =>
          Object.fromEntries(
            Object.entries(node).map(([key, value]) => {
              if (typeof value !== 'object' || 'link' in value) return [key, value];
              if (value.text instanceof Uint8Array) return [key, value.text.length === 0 ? '' : value];
              return [key, fixed(value as FakeTree)];
            }),
          );
        const source = fixed(any);
        const { found, error } = await restore(contents, fakeTree(contents, source));
        expect(error).toBeUndefined();
        const expected: Record<string, string> = {};
        const list = (node: FakeTree, prefix: string) => {
          for (const [key, value] of Object.entries(node)) {
            const path = prefix + key;
            if (typeof value === 'string') expected[path] = value;
            else if (value.text instanceof Uint8Array) expected[path] = new TextDecoder().decode(value.text);
            else if (typeof value.link === 'string') expected[path] = '-> ' + value.link;
            else {
              expected[path] = '/';
              list(value as FakeTree, path + '/');
            }
          }
        };
        list(source, '');
        expect(Object.keys(found)).toHaveLength(Object.keys(expected).length);
        expect(found).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('reads contents of many files together and writes with few of them open', async () => {
    const contents = new FakeContents();
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`f${i}`, `text ${i}`]));
    let open = 0;
    let most = 0;
    const files = {
      ...realFiles,
      open: async (...args: Parameters<typeof realFiles.open>) => {
        most = Math.max(most, ++open);
        const handle = await realFiles.open(...args);
        return { ...handle, close: () => handle.close().finally(() => open--) };
      },
    };
    const path = folder();
    const stats = await restoreEntry(contents, fakeTree(contents, many), new LocalTarget(files, path));
    expect(stats.files).toBe(3000);
    expect(readdirSync(path)).toHaveLength(3000);
    expect(contents.batches).toBe(1);
    expect(open).toBe(0);
    expect(most).toBeLessThanOrEqual(128);
  });

  it('holds back reading while the target is slow', async () => {
    const contents = new FakeContents();
    const piece = 1 << 20;
    const data = new Uint8Array(100 * piece);
    for (let i = 0; i < 100; i++) data[i * piece] = i + 1;
    const file = fakeFile(contents, 'big', { text: data, chunk: piece });
    const stuck: (() => void)[] = [];
    let written = 0;
    const target: RestoreTarget = {
      windowsNames: false,
      counters: noCounters(),
      beginDirectory: async () => {},
      finishDirectory: async () => {},
      accepts: () => true,
      writeSymlink: async () => {},
      beginFile: async () => ({
        write: async (part) => {
          await new Promise<void>((resolve) => stuck.push(resolve));
          written += part.length;
        },
        finish: async () => {},
        abort: async () => {},
      }),
    };
    const done = restoreEntry(contents, file, target);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(contents.reads.length).toBeLessThan(40);
    const timer = setInterval(() => stuck.splice(0).forEach((resolve) => resolve()), 1);
    expect((await done).bytes).toBe(data.length);
    clearInterval(timer);
    expect(written).toBe(data.length);
  });

  it('restores a single file, under the name given', async () => {
    const contents = new FakeContents();
    const path = join(folder(), 'new', 'folder', 'renamed.txt');
    const stats = await restoreEntry(
      contents,
      fakeFile(contents, 'a', { text: 'hello' }),
      new LocalTarget(realFiles, path),
    );
    expect(stats).toMatchObject({ files: 1, directories: 0, bytes: 5 });
    expect(await contentOf(join(path, '..'))).toEqual({ 'renamed.txt': 'hello' });
  });

  it('reads objects compressed as a whole through the object layer', async () => {
    const contents = new FakeContents();
    const packed = contents.put(new Uint8Array([9, 9, 9]));
    const reader = Object.assign(contents, { readCompressed: async () => new TextEncoder().encode('inflated') });
    const root = { ...fakeFile(contents, 'z', { text: '' }), objectId: 'Z' + packed, size: 8 };
    const path = join(folder(), 'z');
    await restoreEntry(reader, root, new LocalTarget(realFiles, path));
    expect(new TextDecoder().decode(await realFiles.readFile(path))).toBe('inflated');
    const wrong = restoreEntry(reader, { ...root, size: 9 }, new LocalTarget(realFiles, path + '2'));
    await expect(wrong).rejects.toMatchObject({ code: 'corrupt' });
    expect(readdirSync(join(path, '..'))).toEqual(['z']);
  });

  it('reports progress', async () => {
    const contents = new FakeContents();
    const seen: number[] = [];
    await restore(contents, fakeTree(contents, { a: '1', d: { b: '2' } }), {
      onProgress: ({ files, directories }: RestoreStats) => seen.push(files + directories),
    });
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

describe('damage', () => {
  const tree: FakeTree = {
    good: 'good',
    bad: { text: big, chunk: 1000 },
    d: { 'bad too': { text: big.slice(5000, 6000) }, fine: 'fine', link: { link: 'fine' } },
  };

  function damaged() {
    const contents = new FakeContents();
    const root = fakeTree(contents, tree);
    contents.damage(contents.put(big.slice(5000, 6000)));
    return { contents, root };
  }

  it('ends the run with the path, and leaves no piece of the file', async () => {
    const { contents, root } = damaged();
    const { error, found, path } = await restore(contents, root);
    expect(error).toMatchObject({
      name: 'CairnError',
      code: 'corrupt',
      hint: expect.stringContaining('--ignore-errors'),
    });
    expect(error.message).toMatch(/cannot restore (bad|d\/bad too): content .* is damaged/);
    expect(Object.keys(found).filter((name) => name.includes('bad'))).toEqual([]);
    expect(JSON.stringify([readdirSync(path), Object.keys(found)])).not.toContain('.cairn-restore');
  });

  it('is counted when errors are ignored; everything else is whole, folders get their attributes', async () => {
    const { contents, root } = damaged();
    const { stats, found, path } = await restore(contents, root, { ignoreErrors: true });
    expect(found).toEqual({ good: 'good', d: '/', 'd/fine': 'fine', 'd/link': '-> fine' });
    expect(stats).toMatchObject({ files: 2, symlinks: 1, directories: 2, errorCount: 2 });
    expect(stats!.errors.map(({ path: at, code }) => [at, code]).toSorted()).toEqual([
      ['bad', 'corrupt'],
      ['d/bad too', 'corrupt'],
    ]);
    expect(restoreSummary(stats!)).toMatch(/, ignored 2 errors\.$/);
    for (const at of [path, join(path, 'd')]) {
      const { mode, mtime } = await realFiles.lstat(at);
      expect([mode, mtime / 1_000_000n]).toEqual([0o755, TIME / 1_000_000n]);
    }
  });

  it('of a folder leaves that folder alone, and its parents get their attributes', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, { a: { lost: { x: '1' }, y: '2' }, z: '3' });
    contents.damage(fakeTree(contents, { x: '1' }).objectId);
    const { stats, found } = await restore(contents, root, { ignoreErrors: true });
    expect(found).toEqual({ a: '/', 'a/y': '2', z: '3' });
    expect(stats).toMatchObject({ directories: 2, errorCount: 1, errors: [{ path: 'a/lost', code: 'corrupt' }] });
    expect((await restore(contents, root)).error).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('a/lost'),
    });
  });

  it('of lengths is damage, too', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, {
      long: { text: 'abc', size: 2 },
      gone: { text: 'x' },
      odd: { text: 'l', type: '?' },
      id: { text: 'q', objectId: '!' },
    });
    contents.stored.delete(contents.put(new TextEncoder().encode('x')));
    const { stats, found } = await restore(contents, root, { ignoreErrors: true });
    expect(found).toEqual({});
    expect(stats!.errors.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
      'gone content-not-found',
      'id invalid-argument',
      'long corrupt',
      'odd unsupported',
    ]);
  });

  it('names files that an interrupted upload cut, and does not count them as whole', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, { '.checkpointed.m.12': { text: big, chunk: 1000, size: 12_345 }, whole: 'x' });
    const { stats, found } = await restore(contents, root);
    expect(stats).toMatchObject({ files: 1, partialFiles: ['.checkpointed.m.12'] });
    expect(found['.checkpointed.m.12']).toHaveLength(new TextDecoder().decode(big).length);
  });

  it('refuses links without a target, of several pieces, too long or with a NUL', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, {
      none: { link: '' },
      pieces: { link: 'abc', chunk: 2 },
      long: { link: 'x'.repeat(70_000) },
      nul: { link: 'a\0b' },
    });
    const { stats, found } = await restore(contents, root, { ignoreErrors: true });
    expect(found).toEqual({});
    expect(stats!.errors.map(({ code }) => code)).toEqual(Array(4).fill('corrupt'));
  });
});

describe('names', () => {
  it('that would land elsewhere are refused by path', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, {
      '..': 'x',
      '.': 'x',
      '': 'x',
      'a/b': 'x',
      'n\0l': 'x',
      '../d': { f: 'x' },
      ok: 'fine',
    });
    const { stats, found, path } = await restore(contents, root, { ignoreErrors: true });
    expect(found).toEqual({ ok: 'fine' });
    expect(stats!.errorCount).toBe(6);
    expect(readdirSync(join(path, '..')).filter((name) => name === 'd')).toEqual([]);
    expect((await restore(contents, root)).error).toMatchObject({ code: 'invalid-argument' });
  });

  it('of Windows devices are refused there', async () => {
    const contents = new FakeContents();
    const names = ['a:b', 'C:', 'x\\y', 'nul', 'COM1.txt', 'aux .x', 'end.', 'end ', 'q?', 'console'];
    const root = fakeTree(contents, Object.fromEntries(names.map((name) => [name, 'x'])));
    const target: RestoreTarget = Object.assign(new LocalTarget(realFiles, folder()), { windowsNames: true });
    const stats = await restoreEntry(contents, root, target, { ignoreErrors: true });
    expect(stats).toMatchObject({ files: 1, errorCount: 9 });
  });

  it('that are taken get a number, so that nothing is lost', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, { 'bad\udcff': '1', 'bad\udcfe': '2', 'bad\ufffd (2)': '3' });
    const { stats, found } = await restore(contents, root);
    expect(Object.keys(found)).toEqual(['bad\ufffd', 'bad\ufffd (2)', 'bad\ufffd (3)']);
    expect(Object.values(found).toSorted()).toEqual(['1', '2', '3']);
    expect(stats!.renamed).toEqual([{ path: 'bad\ufffd', name: 'bad\ufffd (3)' }]);
  });

  it('like those of temporary files do not collide with them', async () => {
    const contents = new FakeContents();
    const tree: FakeTree = { other: { text: big, chunk: 10 } };
    for (let i = 0; i < 20; i++) tree[`.cairn-restore-${i}`] = `text ${i}`;
    const { found } = await restore(contents, fakeTree(contents, tree));
    expect(Object.keys(found)).toHaveLength(21);
    for (let i = 0; i < 20; i++) expect(found[`.cairn-restore-${i}`]).toBe(`text ${i}`);
  });
});

describe('cancellation', () => {
  it('ends the run and removes what was begun', async () => {
    const contents = new FakeContents();
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`f${i}`, { text: big.map((x) => x ^ i), chunk: 1000 }]),
    );
    const root = fakeTree(contents, many);
    const controller = new AbortController();
    const { error, path } = await restore(contents, root, {
      signal: controller.signal,
      onProgress: ({ files }) => files === 20 && controller.abort(),
    });
    expect(error).toMatchObject({ code: 'canceled' });
    const left = readdirSync(path);
    expect(left.filter((name) => name.startsWith('.cairn'))).toEqual([]);
    expect(left.length).toBeGreaterThanOrEqual(20);
    expect(left.length).toBeLessThan(500);
    for (const name of left) expect((await realFiles.lstat(join(path, name))).size).toBe(big.length);
  });

  it('leaves what is there alone when it comes before the start', async () => {
    const contents = new FakeContents();
    const path = folder();
    mkdirSync(join(path, 'keep'));
    writeFileSync(join(path, 'a'), 'old');
    const root = fakeTree(contents, { a: 'new' });
    const run = restoreEntry(contents, root, new LocalTarget(realFiles, path), { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ code: 'canceled' });
    expect(await contentOf(path)).toEqual({ a: 'old', keep: '/' });
  });
});
