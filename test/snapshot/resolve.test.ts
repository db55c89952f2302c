import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from '../../src/bytes/time.ts';
import { zoneNamed } from '../../src/policy/zone.ts';
import { isEntryPath, resolveEntryPath, resolveObjectPath } from '../../src/snapshot/resolve.ts';
import { resolveSourcePath } from '../../src/snapshot/resolve-source.ts';
import { parseSnapshotTime } from '../../src/snapshot/snapshot-time.ts';
import { FakeContents, FakeManifests, fakeSnapshot, fakeTree, SOURCE, TIME } from './fakes.ts';

async function repository() {
  const contents = new FakeContents();
  const manifests = new FakeManifests();
  const root = fakeTree(
    contents,
    { Documents: { 'important.pdf': { text: 'pdf', mode: 0o600, uid: 7 } }, 'bad\ufffd': 'x', single: 'y' },
    'ann',
    { mode: 0o750, uid: 5 },
  );
  const snapshot = await fakeSnapshot(manifests, root, { startTime: 100n });
  return { contents, manifests, root, snapshot };
}

describe('entry paths', () => {
  it('begin with a manifest ID or a root object ID, and know the attributes', async () => {
    const all = await repository();
    for (const id of [all.snapshot.id, all.root.objectId]) {
      const found = await resolveEntryPath(all, id);
      expect(found).toMatchObject({ entry: all.root, path: '', snapshot: { id: all.snapshot.id } });
      const file = await resolveEntryPath(all, `${id}//Documents/important.pdf/`);
      expect(file).toMatchObject({ path: 'Documents/important.pdf', entry: { mode: 0o600, uid: 7, size: 3 } });
    }
  });

  it('take the newest of several snapshots with one root, or fail when they must agree', async () => {
    const all = await repository();
    const newer = await fakeSnapshot(all.manifests, { ...all.root, mode: 0o700 }, { startTime: 200n });
    expect((await resolveEntryPath(all, all.root.objectId)).snapshot?.id).toBe(newer.id);
    const strict = { consistentAttributes: true };
    await expect(resolveEntryPath(all, all.root.objectId, strict)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect((await resolveEntryPath(all, `${all.root.objectId}/single`, strict)).entry.name).toBe('single');
  });

  it('may cut an ID short while it is unique, with or without dots', async () => {
    const all = await repository();
    for (const id of [all.root.objectId.slice(0, 9), all.root.objectId.slice(0, 4) + '...', all.root.objectId + '...'])
      expect((await resolveEntryPath(all, id + '/single')).snapshot?.id).toBe(all.snapshot.id);
    await fakeSnapshot(all.manifests, { ...all.root, objectId: all.root.objectId.slice(0, 8) + '00' });
    await expect(resolveEntryPath(all, all.root.objectId.slice(0, 8))).rejects.toThrow(/beginning of 2 IDs/);
    await expect(resolveEntryPath(all, all.root.objectId.slice(0, 3))).rejects.toMatchObject({
      code: 'entry-not-found',
    });
  });

  it('may repeat the source path of the snapshot', async () => {
    const all = await repository();
    const found = await resolveEntryPath(all, `${all.root.objectId}/home/ann/Documents/important.pdf`);
    expect(found.path).toBe('Documents/important.pdf');
    expect((await resolveEntryPath(all, `${all.snapshot.id}/home/ann`)).entry).toEqual(all.root);
    await expect(resolveEntryPath(all, `${all.snapshot.id}/home/bob/x`)).rejects.toMatchObject({
      code: 'entry-not-found',
    });
    const windows = { host: 'w', userName: 'u', path: 'C:\\Users\\u' };
    const snapshot = await fakeSnapshot(all.manifests, all.root, { source: windows, startTime: 500n });
    expect((await resolveEntryPath(all, `${snapshot.id}/C:/Users/u/single`)).path).toBe('single');
  });

  it('reach any object, with made-up attributes', async () => {
    const all = await repository();
    const documents = (await resolveEntryPath(all, `${all.snapshot.id}/Documents`)).entry;
    const bare = await resolveEntryPath(all, documents.objectId);
    expect(bare).toMatchObject({ entry: { name: '/', type: 'd', mode: 0o555, mtime: 0n } });
    expect(bare.snapshot).toBeUndefined();
    const file = (await resolveEntryPath(all, `${documents.objectId}/important.pdf`)).entry;
    const plain = await resolveObjectPath(all.contents, file.objectId);
    expect(plain.entry).toMatchObject({ name: 'file', type: 'f', mode: 0o644, size: 3 });
    const notADirectory = all.contents.put(new TextEncoder().encode('{"stream":"other"}'), 'k');
    expect((await resolveEntryPath(all, notADirectory)).entry).toMatchObject({ type: 'f', size: 18 });
    // a manifest ID is no object
    await expect(resolveObjectPath(all.contents, all.snapshot.id)).rejects.toMatchObject({ code: 'entry-not-found' });
  });

  it('find names whose bytes were replaced when they were stored', async () => {
    const all = await repository();
    expect((await resolveEntryPath(all, `${all.snapshot.id}/bad\udcff`)).entry.name).toBe('bad\ufffd');
  });

  it('say what is not there', async () => {
    const all = await repository();
    for (const [path, code] of [
      ['/nope', 'entry-not-found'],
      ['/single/x', 'not-a-directory'],
    ])
      await expect(resolveEntryPath(all, all.snapshot.id + path)).rejects.toMatchObject({ code });
    for (const id of ['zzzz', '', 'kdeadbeef', 'abcdef'])
      await expect(resolveEntryPath(all, id)).rejects.toMatchObject({ code: 'entry-not-found' });
    all.contents.damage(all.root.objectId);
    await expect(resolveEntryPath(all, all.snapshot.id + '/single')).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('are told from local paths by their first part', () => {
    const ids = ['cafe', 'k00112233/x', 'k7e6a2f...', 'Ixab/y', 'k7e6a2f3.../home'];
    expect(ids.map(isEntryPath)).toEqual([true, true, true, true, true]);
    expect(['./cafe', '/cafe', 'home', 'abc', 'x.../y', ''].map(isEntryPath)).toEqual(Array(6).fill(false));
  });
});

describe('source paths', () => {
  it('are looked for in snapshots of the path and of the folders above, newest first', async () => {
    const all = await repository();
    const documents = (await resolveEntryPath(all, `${all.snapshot.id}/Documents`)).entry;
    const path = '/home/ann/Documents';
    const own = await fakeSnapshot(all.manifests, documents, { startTime: 50n, source: { ...SOURCE, path } });
    const emptied = await fakeSnapshot(all.manifests, fakeTree(all.contents, {}), { startTime: 200n });
    await fakeSnapshot(all.manifests, all.root, { startTime: 300n, incomplete: 'canceled' });
    await fakeSnapshot(all.manifests, all.root, { startTime: 400n, source: { ...SOURCE, userName: 'bob' } });
    const source = { ...SOURCE, path: `${path}/important.pdf` };
    const latest = await resolveSourcePath(all, source, 'latest');
    expect(latest).toMatchObject({ snapshot: { id: all.snapshot.id }, path: 'Documents/important.pdf' });
    expect(latest.entry).toMatchObject({ mode: 0o600, uid: 7, mtime: TIME });
    expect((await resolveSourcePath(all, source, 'oldest')).snapshot.id).toBe(own.id);
    expect((await resolveSourcePath(all, source, { before: 100n })).snapshot.id).toBe(own.id);
    expect((await resolveSourcePath(all, SOURCE, 'latest')).snapshot.id).toBe(emptied.id);
    await expect(resolveSourcePath(all, source, { before: 50n })).rejects.toMatchObject({ code: 'snapshot-not-found' });
    await expect(resolveSourcePath(all, { ...SOURCE, path: '/etc' }, 'latest')).rejects.toThrow(
      'no snapshots contain data for ann@alpha:/etc',
    );
  });

  it('meet damage loudly instead of falling back to an older snapshot', async () => {
    const all = await repository();
    const newer = fakeTree(all.contents, { single: 'newer' });
    await fakeSnapshot(all.manifests, newer, { startTime: 900n });
    all.contents.damage(newer.objectId);
    const source = { ...SOURCE, path: '/home/ann/single' };
    await expect(resolveSourcePath(all, source, 'latest')).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('snapshot times', () => {
  const zone = zoneNamed('Europe/Berlin');
  const now = parseTime('2026-11-25T12:00:00Z')!;
  const before = (text: string) => {
    const time = parseSnapshotTime(text, now, zone);
    return typeof time === 'string' ? time : formatTime(time.before);
  };

  it.each([
    ['latest', 'latest'],
    ['oldest', 'oldest'],
    ['yesterday', '2026-11-24T23:00:00Z'],
    ['last-month', '2026-10-31T23:00:00Z'],
    ['last-year', '2025-12-31T23:00:00Z'],
    ['0d-ago', '2026-11-25T23:00:00Z'],
    ['1day-ago', '2026-11-24T23:00:00Z'],
    ['2mo-ago', '2026-09-25T22:00:00Z'],
    ['1y-2months-3d-ago', '2025-09-22T22:00:00Z'],
    ['12m-ago', '2025-11-25T23:00:00Z'],
    ['2026', '2026-12-31T23:00:00Z'],
    ['2026-07', '2026-07-31T22:00:00Z'],
    ['2026-12', '2026-12-31T23:00:00Z'],
    ['2026-02-28', '2026-02-28T23:00:00Z'],
    ['2026-11-25T03', '2026-11-25T03:00:00Z'],
    ['2026-11-25 03:59', '2026-11-25T03:00:00Z'],
    ['2026-11-25T03:55:22', '2026-11-25T02:55:23Z'],
    ['2026-11-25T03:55:22Z', '2026-11-25T03:55:23Z'],
    ['2026-11-25T03:55:22.5Z', '2026-11-25T03:55:23Z'],
    ['2026-11-25 03:55:22 UTC', '2026-11-25T03:55:23Z'],
    ['2026-11-25 03:55:22 CET', '2026-11-25T02:55:23Z'],
    ['2026-11-25T03:55:22-07:00', '2026-11-25T10:55:23Z'],
    ['2026-11-25 03:55:22+0530', '2026-11-24T22:25:23Z'],
  ])('%s', (text, expected) => {
    expect(before(text)).toBe(expected);
  });

  it.each([
    'ago',
    '1000d-ago',
    '1d-1y-ago',
    '2026-13',
    '2026-02-30',
    '2026-11-25T',
    '2026-11-25T03:55+01:00',
    '2026-11-26+02:00',
    '2027Z',
    '2026-11-25 24:00',
    'today',
    'now',
    '',
  ])('refuses "%s" as Kopia does', (text) => {
    expect(() => before(text)).toThrowError(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
