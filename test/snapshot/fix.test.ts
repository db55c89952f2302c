import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../src/bytes/gather.ts';
import type { ObjectWriterOptions } from '../../src/object/writer.ts';
import { encodeDirectory, readDirectory } from '../../src/snapshot/directory.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { fixSnapshots, invalidFilesFix, removeFilesFix, type FixStep } from '../../src/snapshot/fix.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { openDirectory } from '../../src/snapshot/walk.ts';
import { FakeContents, FakeManifests, fakeSnapshot, fakeTree } from './fakes.ts';

const tree = { docs: { 'a.txt': 'aaaa', 'b.txt': 'bbbbb', deep: { 'a.txt': 'deep' } }, other: { c: 'cc' } };

async function repository() {
  const contents = new FakeContents();
  const manifests = new FakeManifests();
  const root = fakeTree(contents, tree);
  const snapshot = await fakeSnapshot(manifests, root, { pins: ['keep'], tags: { 'tag:a': 'b' } });
  const writer = {
    contents: Object.assign(contents, {
      write: async (data: Uint8Array, prefix: string) => contents.put(data.slice(), prefix),
    }),
    newSplitter: () => ({ maximum: 1 << 20, reset: () => {}, scan: () => -1 }),
    metadataCompression: 0,
  } as unknown as ObjectWriterOptions;
  return { contents, manifests, root, snapshot, target: { contents, writer } };
}

async function at(contents: FakeContents, root: DirEntry, ...names: string[]): Promise<DirEntry | undefined> {
  let entry: DirEntry | undefined = root;
  for (const name of names) {
    if (entry === undefined) return undefined;
    entry = (await openDirectory(contents, entry.objectId)).entries.find((child) => child.name === name);
  }
  return entry;
}

describe('fix invalid-files', () => {
  it('changes nothing where nothing is wrong', async () => {
    const { manifests, snapshot, target } = await repository();
    const [fixed] = await fixSnapshots(manifests, target, [snapshot], invalidFilesFix(target), { commit: true });
    expect(fixed).toMatchObject({ changed: false, rootEntry: { objectId: snapshot.rootEntry!.objectId } });
    expect((await listSnapshots(manifests)).snapshots[0].id).toBe(snapshot.id);
  });

  it('puts a stub in the place of a lost file, in all totals too', async () => {
    const { contents, manifests, root, snapshot, target } = await repository();
    const lost = (await at(contents, root, 'docs', 'b.txt'))!;
    contents.stored.delete(lost.objectId);
    const steps: FixStep[] = [];
    const fix = invalidFilesFix(target, { onStep: (step) => steps.push(step) });
    const [fixed] = await fixSnapshots(manifests, target, [snapshot], fix, { commit: true });
    expect(steps.map(({ path, action, error }) => [path, action, error?.message])).toEqual([
      ['docs/b.txt', 'stub', expect.stringContaining('in no index')],
    ]);
    const stub = (await at(contents, fixed.rootEntry, 'docs', '.INVALID.b.txt'))!;
    const told = JSON.parse(fromUtf8(contents.stored.get(stub.objectId)!.data));
    expect(told.entry).toMatchObject({ name: 'b.txt', obj: lost.objectId });
    expect(stub).toMatchObject({ mtime: lost.mtime, mode: lost.mode });
    expect(fixed.rootEntry.summary).toMatchObject({ files: 4, dirs: 4, size: root.summary!.size - 5 + stub.size });
    expect(await at(contents, fixed.rootEntry, 'docs', 'b.txt')).toBeUndefined();
    const { snapshots } = await listSnapshots(manifests);
    expect(snapshots).toMatchObject([{ pins: ['keep'], tags: { 'tag:a': 'b' }, startTime: snapshot.startTime }]);
    expect(snapshots[0].id).not.toBe(snapshot.id);
    // what was not touched is the same object
    expect((await at(contents, fixed.rootEntry, 'other'))!.objectId).toBe(
      (await at(contents, root, 'other'))!.objectId,
    );
  });

  it('leaves manifests alone without commit, and can remove, keep or fail', async () => {
    const { contents, manifests, root, snapshot, target } = await repository();
    contents.packs.clear();
    contents.stored.delete((await at(contents, root, 'other', 'c'))!.objectId);
    const run = async (fileHandling: 'remove' | 'keep' | 'fail') =>
      (
        await fixSnapshots(manifests, target, [snapshot], invalidFilesFix(target, { fileHandling }), { commit: false })
      )[0];
    const removed = await run('remove');
    expect([removed.changed, removed.saved]).toEqual([true, undefined]);
    expect(await at(contents, removed.rootEntry, 'other', 'c')).toBeUndefined();
    expect((await run('keep')).changed).toBe(false);
    await expect(run('fail')).rejects.toThrow(/^other\/c: /);
    expect((await listSnapshots(manifests)).snapshots[0].id).toBe(snapshot.id);
  });

  it('handles directories that cannot be read, with or without a summary', async () => {
    const { contents, manifests, root, snapshot, target } = await repository();
    contents.damage((await at(contents, root, 'docs', 'deep'))!.objectId);
    const [fixed] = await fixSnapshots(manifests, target, [snapshot], invalidFilesFix(target), { commit: false });
    expect(await at(contents, fixed.rootEntry, 'docs', '.INVALID.deep')).toMatchObject({ type: 'f' });
    const strict = invalidFilesFix(target, { directoryHandling: 'fail' });
    const bare = { ...snapshot, rootEntry: { ...root, summary: undefined } };
    await expect(fixSnapshots(manifests, target, [bare], strict, { commit: false })).rejects.toThrow(/^docs\/deep: /);
    const [kept] = await fixSnapshots(
      manifests,
      target,
      [bare],
      invalidFilesFix(target, { directoryHandling: 'keep' }),
      {
        commit: false,
      },
    );
    expect(kept.changed).toBe(false);
  });

  it('reads files when asked to', async () => {
    const { contents, manifests, root, snapshot, target } = await repository();
    contents.damage((await at(contents, root, 'docs', 'a.txt'))!.objectId);
    const changed = async (filesPercent: number) =>
      (
        await fixSnapshots(manifests, target, [snapshot], invalidFilesFix(target, { filesPercent }), { commit: false })
      )[0].changed;
    expect(await changed(0)).toBe(false);
    expect(await changed(100)).toBe(true);
  });
});

it.each([1, 3])('looks at %i files of a folder side by side', async (parallel) => {
  const contents = new FakeContents();
  const manifests = new FakeManifests();
  const names = Array.from({ length: 12 }, (_, at) => [`file-${at}`, `content of ${at}`]);
  const snapshot = await fakeSnapshot(manifests, fakeTree(contents, Object.fromEntries(names)));
  let now = 0;
  let most = 0;
  const read = contents.read.bind(contents);
  contents.read = async (id) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now--;
    return read(id);
  };
  const target = { contents, writer: {} as ObjectWriterOptions, parallel };
  const fix = invalidFilesFix(target, { filesPercent: 100 });
  await fixSnapshots(manifests, target, [snapshot], fix, { commit: false });
  expect(most).toBe(parallel);
});

describe('fix remove-files', () => {
  it('removes by name, by wildcard and by object, directories too', async () => {
    const { contents, manifests, root, snapshot, target } = await repository();
    const run = async (options: object) => {
      const fix = removeFilesFix(target, options);
      return (await fixSnapshots(manifests, target, [snapshot], fix, { commit: false }))[0].rootEntry;
    };
    expect((await run({ names: ['a.txt'] })).summary).toMatchObject({ files: 2, dirs: 4 });
    expect((await run({ names: ['*.txt'] })).summary).toMatchObject({ files: 1 });
    expect((await run({ names: ['deep'] })).summary).toMatchObject({ files: 3, dirs: 3 });
    const { objectId } = (await at(contents, root, 'other', 'c'))!;
    expect((await run({ objectIds: [objectId] })).summary).toMatchObject({ files: 3, dirs: 4 });
    expect(() => removeFilesFix(target, {})).toThrow(/must specify files/);
    expect(() => removeFilesFix(target, { names: ['a/b'] })).toThrow(/no name/);
  });

  it('keeps failures that are recorded right in a directory', async () => {
    const { contents, manifests, target } = await repository();
    const root = fakeTree(contents, { a: 'a', sub: { gone: 'g', stays: 's' } });
    const { entries, summary } = readDirectory(contents.stored.get(root.objectId)!.data);
    const failed = {
      ...summary,
      numFailed: 2,
      errors: [
        { path: 'x', error: 'denied' },
        { path: 'y', error: 'denied' },
      ],
    };
    const objectId = contents.put(encodeDirectory(entries, failed), 'k');
    const snapshot = await fakeSnapshot(manifests, { ...root, objectId, summary: failed });
    const run = async (name: string) =>
      (
        await fixSnapshots(manifests, target, [snapshot], removeFilesFix(target, { names: [name] }), { commit: false })
      )[0];
    expect((await run('nothing')).changed).toBe(false);
    const { rootEntry } = await run('gone');
    expect(rootEntry.summary).toMatchObject({ numFailed: 2, files: 2, errors: [{ path: 'x' }, { path: 'y' }] });
  });
});
