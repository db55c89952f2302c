import { describe, expect, it } from 'vitest';
import { findDamage, mendDamage } from '../../src/content/recover-damaged.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { blobIds, openFixture } from '../fixtures/reopen.ts';

describe('damage under error correction', () => {
  it.each(['damaged-ecc-bitflip', 'damaged-ecc-every-blob'])('%s is found and mended', async (name) => {
    const storage = await fixtureStorage(name);
    const repository = await openFixture(storage, name);
    const report = await findDamage(repository.state);
    expect([report.lost, report.lostBlobs]).toEqual([[], []]);
    expect(report.contents.length + report.blobs.length).toBeGreaterThan(0);
    expect(report.checkedContents).toBe(repository.contents.index.count);
    const mended = await mendDamage(repository.state, repository.writeSession().contents, report);
    expect(mended).toEqual({ contents: report.contents.length, blobs: report.blobs.length });
    const after = await findDamage((await openFixture(storage, name)).state);
    expect([after.contents, after.blobs, after.lost, after.lostBlobs]).toEqual([[], [], [], []]);
    // the blobs have the bytes of the undamaged repository again
    const base = await fixtureStorage('damaged-base-ecc');
    const before = new Set(await blobIds(base));
    for (const id of await blobIds(storage, /^(x[nsr]|_log_)/))
      if (before.has(id)) expect(await storage.get(id)).toEqual(await base.get(id));
  });

  it('beyond repair, and without error correction, is named and left alone', async () => {
    for (const name of ['damaged-ecc-beyond-repair', 'damaged-pack-bitflip']) {
      const storage = await fixtureStorage(name);
      const repository = await openFixture(storage, name);
      const report = await findDamage(repository.state);
      expect(report.lost).toHaveLength(1);
      await mendDamage(repository.state, repository.writeSession().contents, report);
      expect((await openFixture(storage, name)).contents.require(report.lost[0].info.id)).toEqual(report.lost[0].info);
    }
    const index = await openFixture(await fixtureStorage('damaged-index-bitflip'), 'damaged-index-bitflip');
    expect((await findDamage(index.state)).lostBlobs).toHaveLength(1);
  });
});
