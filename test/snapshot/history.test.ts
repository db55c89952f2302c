import { describe, expect, it } from 'vitest';
import { emptyPolicy } from '../../src/policy/policy.ts';
import { definedPolicy, setPolicy } from '../../src/policy/store.ts';
import { UTC } from '../../src/policy/zone.ts';
import { checkDeletable, deleteExpired, expireSnapshots, retentionAfterSave } from '../../src/snapshot/expire.ts';
import { findEntries } from '../../src/snapshot/find.ts';
import { transferHistory } from '../../src/snapshot/history.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { snapshotVersions } from '../../src/snapshot/versions.ts';
import { FakeContents, FakeManifests, fakeSnapshot, fakeTree, SOURCE, type FakeTree } from './fakes.ts';

const HOUR = 3_600_000_000_000n;
const clock = { now: () => 1n, sleep: async () => {} };

async function hourly(count: number) {
  const contents = new FakeContents();
  const manifests = new FakeManifests();
  const root = fakeTree(contents, { file: 'x' });
  for (let i = 0; i < count; i++) await fakeSnapshot(manifests, root, { startTime: BigInt(i) * HOUR });
  return { contents, manifests, root };
}

const starts = async (manifests: FakeManifests) =>
  (await listSnapshots(manifests)).snapshots.map(({ startTime }) => Number(startTime / HOUR));

describe('expiry', () => {
  it('keeps what has a tag or a pin, and leaves other sources and unreadable snapshots alone', async () => {
    const { manifests, root } = await hourly(5);
    await fakeSnapshot(manifests, root, { startTime: 0n, pins: ['tax'], description: 'pinned' });
    await fakeSnapshot(manifests, root, { startTime: 0n, source: { ...SOURCE, path: '/home/ann/other' } });
    const expiry = await expireSnapshots(manifests, SOURCE, { keepLatest: 2 }, UTC);
    expect(expiry.kept.map(({ reasons }) => reasons)).toEqual([[], ['latest-2'], ['latest-1']]);
    expect(expiry.expired).toHaveLength(3);
    await deleteExpired(manifests, expiry);
    expect(await starts(manifests)).toEqual([0, 3, 4, 0]);
  });

  it('keeps young and few incomplete ones, and none behind a complete one', async () => {
    const { manifests, root } = await hourly(1);
    for (const hour of [1, 2, 3, 4, 9])
      await fakeSnapshot(manifests, root, { startTime: BigInt(hour) * HOUR, incomplete: 'checkpoint' });
    const { expired, kept } = await expireSnapshots(manifests, SOURCE, { keepLatest: 3 }, UTC);
    expect(expired.map(({ startTime }) => Number(startTime / HOUR))).toEqual([1, 2]);
    expect(kept).toHaveLength(4);
  });

  it('runs after a snapshot was saved', async () => {
    const { manifests, root } = await hourly(3);
    const told: number[] = [];
    const saved = await fakeSnapshot(manifests, root, { startTime: 3n * HOUR });
    await retentionAfterSave({ keepLatest: 2 }, UTC, ({ expired }) => told.push(expired.length))(manifests, saved);
    expect(await starts(manifests)).toEqual([2, 3]);
    expect(told).toEqual([2]);
  });

  it('asks before a pinned snapshot is removed', async () => {
    const { manifests, root } = await hourly(0);
    const pinned = await fakeSnapshot(manifests, root, { pins: ['a', 'b'] });
    expect(() => checkDeletable(pinned)).toThrow(/pinned: a, b/);
    checkDeletable(pinned, true);
  });
});

describe('history', () => {
  const to = { host: 'beta', userName: '', path: '' };

  it('copies, then knows what is there', async () => {
    const { manifests } = await hourly(3);
    const dry = await transferHistory(manifests, SOURCE, to, { move: false, dryRun: true });
    expect(dry.steps.map(({ action }) => action)).toEqual(['stored', 'stored', 'stored']);
    expect(await starts(manifests)).toHaveLength(3);
    await transferHistory(manifests, SOURCE, to, { move: false });
    expect(await starts(manifests)).toEqual([0, 1, 2, 0, 1, 2]);
    const again = await transferHistory(manifests, SOURCE, to, { move: false });
    expect(again.steps.map(({ action }) => action)).toEqual(['present', 'present', 'present']);
  });

  it('moves, with its policies when asked', async () => {
    const { manifests } = await hourly(2);
    await setPolicy(manifests, SOURCE, { ...emptyPolicy(), retention: { keepLatest: 3 } }, clock);
    const { policies } = await transferHistory(manifests, SOURCE, to, { move: true, policies: clock });
    const target = { ...SOURCE, host: 'beta' };
    expect(policies).toEqual([target]);
    expect((await definedPolicy(manifests, target))?.policy.retention.keepLatest).toBe(3);
    const { snapshots } = await listSnapshots(manifests);
    expect(snapshots.map(({ source }) => source)).toEqual([target, target]);
  });

  it('refuses what would mix sources, or move a source onto itself', async () => {
    const { manifests } = await hourly(1);
    const run = (from: object, into: object) =>
      transferHistory(manifests, { ...SOURCE, ...from }, { host: '', userName: '', path: '', ...into }, { move: true });
    await expect(run({ path: '' }, { path: '/x' })).rejects.toThrow('path specified on destination but not source');
    await expect(run({ path: '', userName: '' }, { userName: 'bob' })).rejects.toThrow('username specified');
    await expect(run({}, SOURCE)).rejects.toThrow(/source and destination are both/);
    await expect(run({ path: '/nothing' }, { host: 'beta' })).rejects.toMatchObject({ code: 'snapshot-not-found' });
    expect(await starts(manifests)).toEqual([0]);
  });
});

describe('search through time', () => {
  async function changing() {
    const contents = new FakeContents();
    const manifests = new FakeManifests();
    const trees: FakeTree[] = [
      { docs: { 'a.txt': 'one', 'b.bin': 'b' }, logs: { 'x.log': 'x' } },
      { docs: { 'a.txt': 'one', 'b.bin': 'b' }, logs: { 'x.log': 'x' } },
      { docs: { 'a.txt': 'two', 'A.TXT': 'upper', 'b.bin': 'b' }, logs: { 'x.log': 'x' } },
      { docs: { 'b.bin': 'b' }, logs: { 'x.log': 'x' } },
      { docs: { 'a.txt': { text: 'two', mode: 0o600 }, 'b.bin': 'b' }, logs: { 'x.log': 'x' } },
    ];
    for (const [at, tree] of trees.entries())
      await fakeSnapshot(manifests, fakeTree(contents, tree), { startTime: BigInt(at) });
    return { contents, manifests, snapshots: (await listSnapshots(manifests)).snapshots };
  }

  const find = async (glob: string, options = {}) => {
    const { contents, snapshots } = await changing();
    const found: string[] = [];
    for await (const { snapshot, path } of findEntries(contents, snapshots, glob, options))
      found.push(`${snapshot.startTime} ${path}`);
    return { found, reads: contents.reads.length };
  };

  it('finds names at any depth, tells unchanged entries once', async () => {
    expect((await find('*.txt')).found).toEqual(['0 docs/a.txt', '2 docs/a.txt', '4 docs/a.txt']);
    expect((await find('a.txt', { repeated: true })).found).toHaveLength(4);
    expect((await find('a.txt', { ignoreCase: true })).found).toContain('2 docs/A.TXT');
  });

  it('takes patterns with folders and for folders', async () => {
    expect((await find('/docs/a*')).found).toHaveLength(3);
    expect((await find('/a*')).found).toEqual([]);
    expect((await find('logs/')).found).toEqual(['0 logs']);
    await expect(find('[a')).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('reads a directory without hits once over all snapshots', async () => {
    const { reads } = await find('nothing');
    expect(reads).toBe(4 + 4 + 1);
  });

  it('gives the versions of a path with what changed', async () => {
    const repository = await changing();
    const versions = await snapshotVersions(repository, { ...SOURCE, path: SOURCE.path + '/docs/a.txt' });
    expect(
      versions.map(({ first, last, count, changes }) => [first.startTime, last.startTime, count, changes]),
    ).toEqual([
      [0n, 1n, 2, ['created']],
      [2n, 2n, 1, ['content']],
      [3n, 3n, 1, ['removed']],
      [4n, 4n, 1, ['created']],
    ]);
    expect(await snapshotVersions(repository, { ...SOURCE, path: SOURCE.path + '/none' })).toEqual([]);
  });
});
