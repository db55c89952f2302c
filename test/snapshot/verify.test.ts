import { describe, expect, it } from 'vitest';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { verifyTrees, type VerifyOptions, type VerifyStats } from '../../src/snapshot/verify.ts';
import { FakeContents, fakeFile, fakeTree, type FakeTree } from './fakes.ts';

const big = new Uint8Array(1000).map((_, i) => (i * i) >> 3);
const tree: FakeTree = {
  docs: { a: 'aaaa', copy: 'aaaa', link: { link: 'docs/a' } },
  same: { a: 'aaaa' },
  big: { text: big, chunk: 100 },
  empty: '',
};

function setUp(trees: FakeTree[] = [tree]) {
  const contents = new FakeContents();
  const targets = trees.map((one, i) => ({
    path: `ann@alpha:/t${i}@now`,
    entry: fakeTree(contents, one),
    snapshotId: `s${i}`,
  }));
  const run = (options: VerifyOptions = {}) => verifyTrees(contents, targets, { packs: contents.packs, ...options });
  return { contents, targets, run };
}

const idOf = (contents: FakeContents, text: string) => fakeFile(contents, 'f', { text }).objectId;

const readCompressed = async () => new Uint8Array(5);

describe('verifyTrees', () => {
  it('counts every distinct object once, as Kopia does', async () => {
    const { contents, run } = setUp([tree, tree]);
    const result = await run({ filesPercent: 100 });
    expect(result).toMatchObject({ errorCount: 0, errors: [], stopped: false, affected: [] });
    expect(result.stats).toEqual({
      processedObjectCount: 7,
      processedBytes: 4 + 6 + 1000,
      readFileCount: 4,
      readBytes: 4 + 6 + 1000,
      expectedTotalObjectCount: 2 * 9,
      expectedTotalFileCount: 2 * 5,
      expectedTotalBytes: 2 * (3 * 4 + 1000),
    });
    const plain = contents.reads.filter((id) => !/^[kx]/.test(id));
    expect(new Set(plain).size).toBe(plain.length);
  });

  it('reads no file without a percentage, and a share with one', async () => {
    const { contents, run } = setUp();
    expect((await run()).stats).toMatchObject({ processedObjectCount: 7, readFileCount: 0, readBytes: 0 });
    expect(contents.reads.filter((id) => !/^[kx]/.test(id))).toEqual([]);
    let draw = 0;
    const half = await run({ filesPercent: 50, random: () => (draw++ % 2 === 0 ? 0.1 : 0.9) });
    expect(half.stats.readFileCount).toBe(2);
  });

  it('finds a content that no index names, with every path that needs it', async () => {
    const { contents, run } = setUp([tree, { other: 'x' }]);
    const id = idOf(contents, 'aaaa');
    contents.stored.delete(id);
    const seen: string[] = [];
    const result = await run({ onError: ({ message }) => seen.push(message) });
    expect(result.errors).toMatchObject([
      { objectId: id, code: 'content-not-found', message: `object ${id} needs content ${id}, which no index names` },
    ]);
    expect(seen).toHaveLength(1);
    expect(result.affected).toMatchObject([
      { target: { snapshotId: 's0' }, count: 3, paths: ['docs/a', 'docs/copy', 'same/a'] },
    ]);
  });

  it('finds packs that are missing or cut, also those of directories', async () => {
    const { contents, targets, run } = setUp();
    const { packBlob } = contents.info(idOf(contents, 'aaaa'))!;
    const shorter = new Map(contents.packs).set(packBlob, 40);
    const cut = await run({ packs: shorter });
    expect(cut.errors.length).toBeGreaterThan(0);
    expect(cut.errors[0].message).toMatch(/was cut to 40 bytes/);
    const missing = new Map(contents.packs);
    missing.delete(packBlob);
    expect((await run({ packs: missing })).errors[0].message).toMatch(
      new RegExp(`is backed by missing blob ${packBlob}`),
    );
    const directories = new Map(contents.packs);
    directories.delete(contents.info(targets[0].entry.objectId)!.packBlob);
    expect((await run({ packs: directories })).errors.map(({ objectId }) => objectId)).toContain(
      targets[0].entry.objectId,
    );
    // over a server packs are not known
    expect((await run({ packs: undefined })).errorCount).toBe(0);
  });

  it('finds damaged bytes only by reading them, in all files that share them', async () => {
    const { contents, run } = setUp([{ ...tree, tail: { text: big.subarray(100), chunk: 100 } }]);
    const chunk = contents.put(big.slice(300, 400));
    contents.damage(chunk);
    expect((await run()).errorCount).toBe(0);
    const result = await run({ filesPercent: 100 });
    expect(result.errors.map(({ path }) => path.replace(/.*\//, '')).toSorted()).toEqual(['big', 'tail']);
    expect(result.stats.readFileCount).toBe(3);
    expect(result.affected[0]).toMatchObject({ count: 2, paths: ['big', 'tail'] });
    expect(contents.reads.filter((id) => id === chunk)).toHaveLength(1);
  });

  it('reports a directory that cannot be read and goes on', async () => {
    const { contents, run } = setUp();
    contents.damage(fakeTree(contents, tree.docs as FakeTree).objectId);
    const result = await run();
    expect(result.errors).toMatchObject([{ path: 'ann@alpha:/t0@now/docs', code: 'corrupt' }]);
    expect(result.affected[0].paths).toEqual(['docs']);
    expect(result.stats.processedObjectCount).toBe(5);
  });

  it('compares lengths: a file cut by a checkpoint is told, any other is an error', async () => {
    const { run } = setUp([
      {
        '.checkpointed.x.1234': { text: 'aaaa', size: 9 },
        bad: { text: 'bbbb', size: 3 },
        chunks: { text: big, chunk: 99, size: 1001 },
      },
    ]);
    const result = await run();
    expect(result.partialFiles).toEqual(['ann@alpha:/t0@now/.checkpointed.x.1234']);
    expect(result.errors.map(({ message }) => message.replace(/^object \S+ /, '')).toSorted()).toEqual([
      'has 1000 bytes, its entry says 1001',
      'has 4 bytes, its entry says 3',
    ]);
  });

  it('stops at the error limit, 0 for never', async () => {
    const { contents, run } = setUp();
    for (const id of contents.stored.keys()) if (!/^[kx]/.test(id)) contents.stored.delete(id);
    expect(await run({ maxErrors: 1, parallel: 1 })).toMatchObject({ errorCount: 1, stopped: true });
    const all = await run();
    expect(all.stopped).toBe(false);
    expect(all.errorCount).toBe(4);
  });

  it('checks single objects, odd types and IDs that are none', async () => {
    const { contents } = setUp();
    const file = fakeFile(contents, 'f', { text: 'aaaa' });
    const entries: DirEntry[] = [
      file,
      { ...file, type: '?', objectId: contents.put(big), size: 1000 },
      { ...file, objectId: 'no!' },
    ];
    const result = await verifyTrees(
      contents,
      entries.map((entry) => ({ path: entry.name, entry })),
      { filesPercent: 100 },
    );
    expect(result.stats).toMatchObject({ processedObjectCount: 2, readFileCount: 2 });
    expect(result.errors).toMatchObject([{ code: 'invalid-argument', objectId: 'no!' }]);
  });

  it('shows its progress and can be canceled', async () => {
    const { run } = setUp();
    const progress: VerifyStats[] = [];
    await run({ onProgress: (stats) => progress.push({ ...stats }) });
    expect(progress[0].processedObjectCount).toBe(0);
    expect(progress.at(-1)!.processedObjectCount).toBe(7);
    await expect(run({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'canceled' });
  });

  it('reads objects compressed as a whole through the object layer', async () => {
    const contents = new FakeContents();
    const packed = contents.put(new Uint8Array([1, 2, 3]));
    const entry = { ...fakeFile(contents, 'z', { text: '' }), objectId: 'Z' + packed, size: 5 };
    const reader = Object.assign(contents, { readCompressed });
    const check = (size: number) =>
      verifyTrees(reader, [{ path: 'z', entry: { ...entry, size } }], { filesPercent: 100 });
    expect(await check(5)).toMatchObject({ errorCount: 0, stats: { readFileCount: 1, readBytes: 5 } });
    expect((await check(6)).errors[0].message).toMatch(/has 5 bytes, its entry says 6/);
  });
});
