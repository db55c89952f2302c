import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { BlobStorage } from '../../src/blob/storage.ts';
import { syncRank, syncStorage } from '../../src/blob/sync.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { blobIds, openFixture } from '../fixtures/reopen.ts';

/** Stops working after a number of changes. */
class Dying extends MemoryStorage {
  left = Infinity;
  override async put(...args: Parameters<MemoryStorage['put']>) {
    if (this.left-- <= 0) throw new Error('died');
    return super.put(...args);
  }
  override async delete(id: string) {
    if (this.left-- <= 0) throw new Error('died');
    return super.delete(id);
  }
}

const kinds = (ids: readonly string[]) => ids.map(syncRank);

describe('sync', () => {
  it('copies packs, then indexes, then the format; a second run has nothing to do', async () => {
    const source = await fixtureStorage('epochs-full');
    const copy = new MemoryStorage();
    const order: string[] = [];
    const stats = await syncStorage(source, copy, { onBlob: (_, { id }) => order.push(id), parallel: 3 });
    expect(kinds(order)).toEqual(kinds(order).toSorted());
    expect(order.at(-1)).toBe('kopia.repository');
    expect(stats.copied.count).toBe((await blobIds(source)).length);
    expect(await blobIds(copy)).toEqual(await blobIds(source));
    const again = await syncStorage(source, copy);
    expect(again.copied.count).toBe(0);
    expect(again.inSync).toEqual(stats.copied);
    await openFixture(copy, 'epochs-full');
  });

  it('leaves a copy that opens, or none, wherever it stops', async () => {
    const source = await fixtureStorage('legacy-upgraded-v3');
    const total = (await blobIds(source)).length;
    const wanted = (await openFixture(source, 'legacy-upgraded-v3')).contents.index.count;
    const copy = new Dying();
    for (let done = 0; done < total; done += 7) {
      copy.left = 7;
      await syncStorage(source, copy).catch(() => {});
      copy.left = Infinity;
      const ids = await blobIds(copy);
      if (ids.some((id) => /^[nx]/.test(id))) {
        const packs = (await blobIds(source, /^[pq]/)).length;
        expect(ids.filter((id) => /^[pq]/.test(id)).length).toBe(packs);
      }
    }
    await syncStorage(source, copy);
    expect((await openFixture(copy, 'legacy-upgraded-v3')).contents.index.count).toBe(wanted);
  });

  it('deletes only on request, indexes before packs and nothing else first', async () => {
    const source = await fixtureStorage('damaged-base');
    const copy = new MemoryStorage();
    await syncStorage(source, copy);
    for (const id of ['p' + '0'.repeat(32) + '-s1', 'xn0_' + '1'.repeat(32), 'm' + '2'.repeat(32), 'kopia.other'])
      await copy.put(id, new Uint8Array(1));
    const order: string[] = [];
    expect((await syncStorage(source, copy)).deleted.count).toBe(0);
    expect((await syncStorage(source, copy, { delete: true, dryRun: true })).deleted.count).toBe(3);
    await syncStorage(source, copy, { delete: true, onBlob: (_, { id }) => order.push(id[0]) });
    expect(order).toEqual(['x', 'm', 'p']);
    expect(await blobIds(copy)).toEqual([...(await blobIds(source)), 'kopia.other'].toSorted());
  });

  it('copies again what is newer in the source, unless told not to', async () => {
    const source = await fixtureStorage('damaged-base');
    const copy = new MemoryStorage();
    await syncStorage(source, copy, { times: true });
    expect((await copy.stat('kopia.repository')).timestamp).toBe((await source.stat('kopia.repository')).timestamp);
    const blob = await source.get('kopia.repository');
    await source.put('kopia.repository', blob, {
      modifiedTime: (await source.stat('kopia.repository')).timestamp + 2_000_000n,
    });
    expect((await syncStorage(source, copy, { update: false })).copied.count).toBe(0);
    expect((await syncStorage(source, copy)).copied.count).toBe(1);
    for await (const { id, timestamp } of source.list(''))
      await copy.put(id, await source.get(id), { modifiedTime: (timestamp / 1_000_000_000n) * 1_000_000_000n });
    expect((await syncStorage(source, copy)).copied.count).toBe(0);
  });

  it('refuses another repository, an absent one and to clear foreign files', async () => {
    const source = await fixtureStorage('damaged-base');
    const other: BlobStorage = await fixtureStorage('maintenance');
    await expect(syncStorage(source, other)).rejects.toThrow(/another repository/);
    await expect(syncStorage(source, new MemoryStorage(), { mustExist: true })).rejects.toThrow(
      /does not have a format blob/,
    );
    await expect(syncStorage(new MemoryStorage(), new MemoryStorage())).rejects.toThrow(/holds no kopia.repository/);
    const foreign = new MemoryStorage();
    await foreign.put('holiday', new Uint8Array(1));
    await expect(syncStorage(source, foreign, { delete: true })).rejects.toThrow(/nothing is deleted/);
    expect(await blobIds(foreign)).toEqual(['holiday']);
  });
});
