import { describe, expect, it } from 'vitest';
import { commitRecovery, missingEntries, recoverIndex } from '../../src/content/recover.ts';
import { requireWhole } from '../../src/content/whole.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { blobIds as ids, openFixture } from '../fixtures/reopen.ts';

const live = (repository: Repository) =>
  [...repository.contents.entries()]
    .filter(({ deleted }) => !deleted)
    .map(({ id, packBlob, packOffset }) => `${id} ${packBlob} ${packOffset}`);
const snapshotIds = async (repository: Repository) =>
  (await listSnapshots(repository.manifests)).snapshots.map(({ id }) => id).toSorted();

describe.each(['damaged-index-bitflip', 'damaged-index-zero-length', 'damaged-index-missing', 'damaged-extra-index'])(
  '%s',
  (name) => {
    it('gets back what the index lost, in a new index blob', async () => {
      const storage = await fixtureStorage(name);
      const repository = await openFixture(storage, name);
      if (name !== 'damaged-index-missing') expect(() => requireWhole(repository)).toThrow(/cannot be read/);
      const before = await ids(storage, /^x/);
      const recovery = await recoverIndex(repository.state);
      expect(recovery.failures).toEqual([]);
      expect(missingEntries(recovery).length > 0).toBe(name !== 'damaged-extra-index');
      await commitRecovery(repository.state, recovery);
      const base = await openFixture(await fixtureStorage('damaged-base'), 'damaged-base');
      expect(live(repository)).toEqual(live(base));
      expect(await ids(storage, /^x/)).toEqual(expect.arrayContaining(before));
      expect((await recoverIndex(repository.state)).missing.length).toBe(0);
    });
  },
);

describe.each([
  'default-v3',
  'epochs-full',
  'legacy-index',
  'legacy-upgraded-v3',
  'algo-05-blake3-256',
  'index-corners',
])('%s', (name) => {
  it.each([false, true])('recovers from packs alone (old indexes replaced: %s)', async (deleteIndexes) => {
    const storage = await fixtureStorage(name);
    const whole = await openFixture(storage, name);
    const snapshots = await snapshotIds(whole);
    const wanted = live(whole);
    if (!deleteIndexes) for (const id of await ids(storage, /^(n|x[nsr])/)) await storage.delete(id);
    const repository = await openFixture(storage, name);
    const result = await commitRecovery(repository.state, await recoverIndex(repository.state), { deleteIndexes });
    expect(result.deleted.length > 0).toBe(deleteIndexes);
    const reopened = await openFixture(storage, name);
    expect(reopened.problems).toEqual([]);
    const have = new Set(live(reopened).map((entry) => entry.split(' ')[0]));
    for (const entry of wanted) expect(have.has(entry.split(' ')[0])).toBe(true);
    // contents whose deletion nothing but a lost index told are back; nothing is missing
    expect(await snapshotIds(reopened)).toEqual(expect.arrayContaining(snapshots));
    await reopened.contents.readMany(have, (_, data) => {
      if (data instanceof Error) throw data;
    });
  });
});

describe('a pack without a readable index', () => {
  it('fails by default, is reported with ignoreErrors, and keeps the old indexes', async () => {
    const name = 'damaged-postamble-bitflip';
    const storage = await fixtureStorage(name);
    const { state } = await openFixture(storage, name);
    await expect(recoverIndex(state)).rejects.toThrow(/the index at the end of pack/);
    const recovery = await recoverIndex(state, { ignoreErrors: true });
    expect(recovery.failures.length).toBe(1);
    const before = await ids(storage, /./);
    await expect(commitRecovery(state, recovery, { deleteIndexes: true })).rejects.toThrow(/old indexes are kept/);
    expect(await ids(storage, /./)).toEqual(before);
    const some = await recoverIndex(state, { prefixes: ['q'] });
    await expect(commitRecovery(state, some, { deleteIndexes: true })).rejects.toThrow(/all packs/);
  });
});
