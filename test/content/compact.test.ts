import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { compactLegacyIndexes } from '../../src/content/index/compact-legacy.ts';
import {
  advanceEpoch,
  advanceWatermark,
  cleanupEpochMarkers,
  cleanupSupersededEpochs,
  compactSingleEpoch,
  generateRangeCheckpoint,
} from '../../src/content/index/compact-epochs.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { TestClock } from '../blob/clock.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { blobIds, openFixture } from '../fixtures/reopen.ts';
import { ports } from '../runtime.ts';

const HOUR = 3_600_000;

async function world(formatVersion: number) {
  const clock = new TestClock();
  const storage = new MemoryStorage(clock);
  const runtime = { ...ports(), clock };
  const repository = await createRepository(storage, 'pw', runtime, { formatVersion });
  const open = () => openRepository(storage, { formatKey: repository.format.formatKey }, runtime);
  let number = 0;
  /** One more index blob, with one content; returns its ID. */
  const session = async (more?: (repository: Repository) => string | undefined) => {
    const at = await open();
    const write = at.writeSession();
    const id = await write.contents.write(Uint8Array.of(number++ & 255, number >> 8), '', 0);
    const gone = more?.(at);
    if (gone !== undefined) await write.contents.delete(gone);
    await write.close();
    return id;
  };
  return { clock, storage, open, session };
}

const summary = (repository: Repository) =>
  [...repository.contents.entries()].map(({ id, deleted }) => (deleted ? `-${id}` : id));

describe('compaction of legacy indexes', () => {
  it('merges, keeps inputs for an hour, then removes inputs before their log', async () => {
    const { clock, storage, open, session } = await world(1);
    const ids: string[] = [];
    for (let i = 0; i < 9; i++) ids.push(await session());
    await session(() => ids[3]);
    const before = summary(await open());
    expect((await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 99 })).inputs).toEqual([]);
    const repository = await open();
    const first = await compactLegacyIndexes(repository.state, { maxSmallBlobs: 8 });
    expect(first.inputs.length).toBeGreaterThanOrEqual(10);
    expect(first.outputs.length).toBe(1);
    expect(first.deleted).toEqual([]);
    expect(repository.contents.indexBlobs.map(({ id }) => id)).toEqual(first.outputs);
    expect(summary(await open())).toEqual(before);
    // later compactions clear away what the first one replaced
    clock.advance(HOUR + 1000);
    await session();
    const second = await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 1, allIndexes: true });
    expect(second.deleted.toSorted()).toEqual(first.inputs.toSorted());
    expect(await blobIds(storage, /^m/)).toHaveLength(2);
    clock.advance(HOUR + 1000);
    await session();
    const third = await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 1, allIndexes: true });
    expect(third.deleted.filter((id) => id.startsWith('m'))).toHaveLength(1);
    expect(summary(await open()).filter((id) => before.includes(id))).toEqual(before);
    expect(await blobIds(storage, /^n/)).toHaveLength(1 + third.inputs.length);
  });

  it('drops deleted entries and named contents from all indexes at once', async () => {
    const { clock, open, session } = await world(1);
    const ids = [await session(), await session(), await session()];
    await session(() => ids[0]);
    clock.advance(HOUR);
    const repository = await open();
    const before = Number(clock.now() / 1_000_000_000n);
    await compactLegacyIndexes(repository.state, {
      maxSmallBlobs: 1,
      dropDeletedBefore: before,
      dropContents: [ids[1]],
    });
    expect(repository.contents.info(ids[0])).toBeUndefined();
    expect(repository.contents.info(ids[1])).toBeUndefined();
    expect((await open()).contents.info(ids[2])?.deleted).toBe(false);
  });

  it('never deletes inputs whose replacement is gone', async () => {
    const { clock, storage, open, session } = await world(1);
    for (let i = 0; i < 4; i++) await session();
    const before = summary(await open());
    const first = await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 2 });
    await storage.delete(first.outputs[0]);
    clock.advance(2 * HOUR);
    await session();
    await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 1, allIndexes: true });
    clock.advance(2 * HOUR);
    await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 99 });
    expect(summary(await open())).toEqual(expect.arrayContaining(before));
  });

  it('without safety removes what it replaced at once', async () => {
    const { storage, open, session } = await world(1);
    for (let i = 0; i < 4; i++) await session();
    const before = summary(await open());
    await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 2, safety: 'none' });
    expect(await blobIds(storage, /^n/)).toHaveLength(1);
    expect(summary(await open())).toEqual(before);
  });

  it('goes on from what Kopia compacted', async () => {
    const storage = await fixtureStorage('legacy-index');
    const repository = await openFixture(storage, 'legacy-index');
    const before = summary(repository);
    await compactLegacyIndexes(repository.state, { maxSmallBlobs: 1, allIndexes: true });
    expect(summary(await openFixture(storage, 'legacy-index'))).toEqual(before);
  });
});

describe('maintenance of epochs', () => {
  it('advances, compacts single epochs and ranges, and clears away what they replaced', async () => {
    const { clock, storage, open, session } = await world(3);
    const ids: string[] = [];
    const fill = async () => {
      for (let i = 0; i < 20; i++) {
        ids.push(await session());
        clock.advance(1.3 * HOUR);
      }
    };
    expect(await advanceEpoch((await open()).state)).toEqual({ currentEpoch: 0, wasAdvanced: false });
    for (let epoch = 0; epoch < 10; epoch++) {
      await fill();
      expect(await advanceEpoch((await open()).state)).toEqual({ currentEpoch: epoch + 1, wasAdvanced: true });
      expect(await advanceEpoch((await open()).state)).toEqual({ currentEpoch: epoch + 1, wasAdvanced: false });
      const compacted = await compactSingleEpoch((await open()).state);
      if (epoch < 1) expect(compacted).toBeUndefined();
      else expect(compacted?.epoch).toBe(epoch - 1);
    }
    await session();
    const before = summary(await open());
    expect(await generateRangeCheckpoint((await open()).state)).toEqual({ rangeMinEpoch: 0, rangeMaxEpoch: 8 });
    expect(await generateRangeCheckpoint((await open()).state)).toBeUndefined();
    const { state } = await open();
    expect(state.contents.indexBlobs.some(({ id }) => id.startsWith('xr0_8_'))).toBe(true);
    expect(summary(await open())).toEqual(before);
    expect(await cleanupEpochMarkers(state)).toEqual({ deletedEpochMarkerBlobCount: 8, deletedWatermarkBlobCount: 0 });
    const cleaned = await cleanupSupersededEpochs(state);
    expect(cleaned!.deletedBlobCount).toBeGreaterThan(150);
    expect(await blobIds(storage, /^xn0_/)).toEqual([]);
    expect(summary(await open())).toEqual(before);
    expect(await blobIds(storage, /^xe/)).toEqual(['xe10', 'xe9']);
  });

  it('hides deleted contents up to the watermark, which never goes back', async () => {
    const { clock, storage, open, session } = await world(3);
    const id = await session();
    await session(() => id);
    const seconds = Number(clock.now() / 1_000_000_000n) + 5;
    const repository = await open();
    expect(repository.contents.info(id)?.deleted).toBe(true);
    expect(await advanceWatermark(repository.state, seconds)).toBe(true);
    expect(repository.contents.info(id)).toBeUndefined();
    expect(await advanceWatermark(repository.state, seconds - 1)).toBe(false);
    expect(await advanceWatermark(repository.state, seconds + 1)).toBe(true);
    clock.advance(5 * HOUR);
    await session();
    expect(await cleanupEpochMarkers((await open()).state)).toEqual({
      deletedEpochMarkerBlobCount: 0,
      deletedWatermarkBlobCount: 1,
    });
    expect(await blobIds(storage, /^xw/)).toEqual([`xw${seconds + 1}`]);
  });

  it('refuses to delete while an index blob is damaged', async () => {
    const storage = await fixtureStorage('damaged-index-bitflip');
    const { state } = await openFixture(storage, 'damaged-index-bitflip');
    const before = await blobIds(storage);
    await expect(cleanupSupersededEpochs(state)).rejects.toThrow(/cannot be read/);
    await expect(advanceWatermark(state, 2_000_000_000)).rejects.toThrow(/cannot be read/);
    expect(await blobIds(storage)).toEqual(before);
  });
});
