import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJson, type Json } from '../../src/bytes/json.ts';
import { isCairnError } from '../../src/errors.ts';
import {
  labelsOfSnapshot,
  newSnapshot,
  parseSnapshot,
  parseTags,
  snapshotToJson,
} from '../../src/snapshot/manifest.ts';
import {
  deleteSnapshot,
  findSnapshots,
  listSnapshots,
  listSources,
  loadSnapshot,
  replaceSnapshot,
  saveSnapshot,
} from '../../src/snapshot/store.ts';
import { FakeContents, FakeManifests, fakeSnapshot, fakeTree, SOURCE, TIME } from './fakes.ts';
import { kopiaData } from './kopia-data.ts';

const stored = Object.values(kopiaData().stored).flatMap(({ manifests }) => manifests);

describe('snapshot manifests', () => {
  it.each(stored.map((manifest) => [manifest.id, manifest] as const))(
    '%s is encoded as Kopia stored it',
    (id, manifest) => {
      const snapshot = parseSnapshot(id, manifest.data);
      expect(encodeJson(snapshotToJson(snapshot))).toBe(encodeJson(manifest.data));
      expect(labelsOfSnapshot(snapshot)).toEqual(manifest.labels);
      expect(snapshotToJson(snapshot, { withId: true }).id).toBe(id);
    },
  );

  it('covers tags, pins, descriptions and incomplete snapshots', () => {
    const all = stored.map(({ id, data }) => parseSnapshot(id, data));
    expect(all.some(({ tags }) => tags['tag:job'] === 'a:b')).toBe(true);
    expect(all.some(({ pins }) => pins.includes('legal hold'))).toBe(true);
    expect(all.filter(({ incomplete }) => incomplete !== '')).toHaveLength(3);
  });

  it('accepts any offset, absent times and a null root, and keeps unknown keys', () => {
    const json = {
      startTime: '2026-03-01T10:00:00+02:00',
      rootEntry: null,
      stats: { totalSize: 3, novel: 1 },
      future: { a: [1] },
    };
    const snapshot = parseSnapshot('x', json);
    expect(snapshot).toMatchObject({ startTime: 1_772_352_000_000_000_000n, endTime: 0n });
    expect(snapshot.rootEntry).toBeUndefined();
    const written = snapshotToJson(snapshot);
    expect(written).toMatchObject({ rootEntry: null, future: { a: [1] }, stats: { totalSize: 3, novel: 1 } });
  });

  it('sorts pins and tags by their bytes', () => {
    const snapshot = { ...newSnapshot(SOURCE, TIME), pins: ['z', 'é', 'a', 'a'], tags: { 'tag:b': '1', 'tag:a': '2' } };
    const json = snapshotToJson(snapshot);
    expect(json.pins).toEqual(['a', 'z', 'é']);
    expect(Object.keys(json.tags as object)).toEqual(['tag:a', 'tag:b']);
  });

  it.each([
    ['a source without a host', { source: { ...SOURCE, host: '' } }],
    ['a source without a path', { source: { ...SOURCE, path: '' } }],
    ['a tag named like a label', { tags: { hostname: 'x' } }],
  ])('refuses %s', (_, changes) => {
    const snapshot = { ...newSnapshot(SOURCE, TIME), ...changes };
    expect(() => labelsOfSnapshot(snapshot)).toThrowError(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('of any shape are read or refused', () => {
    const keys = Object.keys(snapshotToJson({ ...newSnapshot(SOURCE, TIME), tags: { a: 'b' }, pins: ['p'] }));
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom(...stored.flatMap(({ data }) => Object.values(data))),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys, 'rootEntry', 'other'), value), (json) => {
        try {
          snapshotToJson(parseSnapshot('x', json as Json));
        } catch (error) {
          if (!isCairnError(error, 'corrupt')) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads tags of the command line', () => {
    expect(parseTags(['a:b', 'c:d:e'])).toEqual({ 'tag:a': 'b', 'tag:c': 'd:e' });
    for (const bad of [['a'], [':b'], ['a:'], ['a:1', 'a:2']])
      expect(() => parseTags(bad)).toThrowError(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('stored snapshots', () => {
  const contents = new FakeContents();
  const root = fakeTree(contents, { a: 'x' });
  const other = fakeTree(contents, { b: 'y' });

  it('are found by parts of the source and by tags, in order', async () => {
    const manifests = new FakeManifests();
    const second = await fakeSnapshot(manifests, root, { startTime: 2n, tags: { 'tag:a': '1' } });
    const first = await fakeSnapshot(manifests, root, { startTime: 1n });
    const bob = await fakeSnapshot(manifests, root, { source: { ...SOURCE, userName: 'bob' }, incomplete: 'canceled' });
    await manifests.put({ type: 'policy', hostname: 'alpha' }, {});
    const ids = async (filter: Parameters<typeof listSnapshots>[1]) =>
      (await listSnapshots(manifests, filter)).snapshots.map(({ id }) => id);
    expect(await ids({})).toEqual([first.id, second.id, bob.id]);
    expect(await ids({ source: { host: 'alpha' } })).toHaveLength(3);
    expect(await ids({ source: { userName: 'ann' }, tags: { 'tag:a': '1' } })).toEqual([second.id]);
    expect(await ids({ completeOnly: true })).toEqual([first.id, second.id]);
    expect(await listSources(manifests)).toEqual([SOURCE, { ...SOURCE, userName: 'bob' }]);
  });

  it('that cannot be read are reported beside the others', async () => {
    const manifests = new FakeManifests();
    const good = await fakeSnapshot(manifests, root);
    const bad = await manifests.put(labelsOfSnapshot(good), { rootEntry: { mode: 'rwx' } });
    const { snapshots, unreadable } = await listSnapshots(manifests);
    expect(snapshots.map(({ id }) => id)).toEqual([good.id]);
    expect(unreadable).toMatchObject([{ id: bad, source: SOURCE, error: { code: 'corrupt' } }]);
    await deleteSnapshot(manifests, bad);
    expect((await listSnapshots(manifests)).unreadable).toEqual([]);
  });

  it('are found by manifest ID, or all of a root object', async () => {
    const manifests = new FakeManifests();
    const one = await fakeSnapshot(manifests, root, { startTime: 1n });
    const two = await fakeSnapshot(manifests, root, { startTime: 2n });
    await fakeSnapshot(manifests, other);
    expect((await findSnapshots(manifests, one.id)).map(({ id }) => id)).toEqual([one.id]);
    expect((await findSnapshots(manifests, root.objectId)).map(({ id }) => id)).toEqual([one.id, two.id]);
    const policy = await manifests.put({ type: 'policy' }, {});
    for (const id of [policy, 'ffff'])
      await expect(findSnapshots(manifests, id)).rejects.toMatchObject({ code: 'snapshot-not-found' });
  });

  it('are replaced so that no moment has neither', async () => {
    const manifests = new FakeManifests();
    const old = await fakeSnapshot(manifests, root);
    const deleted: number[] = [];
    const remove = manifests.delete.bind(manifests);
    manifests.delete = async (id) => {
      deleted.push(manifests.items.size);
      await remove(id);
    };
    const changed = await replaceSnapshot(manifests, old.id, { ...old, pins: ['keep'] });
    expect(deleted).toEqual([2]);
    expect(changed.id).not.toBe(old.id);
    expect((await loadSnapshot(manifests, changed.id)).pins).toEqual(['keep']);
    await expect(loadSnapshot(manifests, old.id)).rejects.toMatchObject({ code: 'snapshot-not-found' });
  });

  it('need a whole source', async () => {
    const snapshot = newSnapshot({ ...SOURCE, userName: '' }, TIME);
    await expect(saveSnapshot(new FakeManifests(), snapshot)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});
