import { describe, expect, it } from 'vitest';
import { BACKUP, rollbackUpgrade } from '../../src/format/upgrade.ts';
import { beginUpgrade, upgradeInPlace } from '../../src/maintenance/upgrade.ts';
import { POISON } from '../../src/content/index/legacy.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { TestClock } from '../blob/clock.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { blobIds, openFixture } from '../fixtures/reopen.ts';
import { ports } from '../runtime.ts';

const NAME = 'legacy-index';
const MINUTE = 60_000_000_000n;

function entries(repository: Repository) {
  return [...repository.contents.entries()].map(({ id, packBlob, packOffset, timestamp, deleted }) => ({
    id,
    packBlob,
    packOffset,
    timestamp,
    deleted,
  }));
}

async function world() {
  const storage = await fixtureStorage(NAME);
  const clock = new TestClock();
  const runtime = { ...ports(), clock };
  const open = (upgradeOwnerId?: string) => openFixture(storage, NAME, { ports: runtime, upgradeOwnerId });
  return { storage, clock, open };
}

async function writes(open: () => Promise<Repository>): Promise<void> {
  const session = (await open()).writeSession();
  const id = await session.contents.write(Uint8Array.of(1, 2, 3, 4), '', 0x1101);
  await session.close();
  expect((await open()).contents.info(id)?.packedLength).toBeGreaterThan(0);
}

describe('upgrade', () => {
  it('locks others out, waits, moves the indexes, compares and commits', async () => {
    const { storage, clock, open } = await world();
    const before = await open();
    const steps: string[] = [];
    const start = clock.now();
    const result = await beginUpgrade(before.state, {
      ownerId: 'me',
      onStep: (step) => steps.at(-1) !== step && steps.push(step),
    });
    expect(result.committed).toBe(true);
    expect(steps).toEqual(['locked', 'draining', 'migrating', 'verified', 'committed']);
    expect(clock.now() - start).toBeGreaterThanOrEqual(35n * MINUTE);
    const after = await open();
    expect(after.format.parameters).toMatchObject({
      version: 3,
      indexVersion: 2,
      enablePasswordChange: false,
      upgradeLock: undefined,
    });
    expect(after.format.parameters.epochParameters.enabled).toBe(true);
    expect(entries(after)).toEqual(entries(before));
    expect((await listSnapshots(after.manifests)).snapshots.length).toBe(
      (await listSnapshots(before.manifests)).snapshots.length,
    );
    expect(await blobIds(storage, /^n0{32}/)).toEqual([POISON]);
    await writes(open);
    await expect(beginUpgrade((await open()).state, { ownerId: 'me' })).rejects.toThrow(/version 3 is the maximum/);
  });

  it('keeps others away until it is taken back', async () => {
    const { storage, open } = await world();
    const original = await storage.get('kopia.repository');
    const before = entries(await open());
    const { state } = await open();
    await beginUpgrade(state, { ownerId: 'me', commit: 'never' });
    await expect(open()).rejects.toThrow(/upgrade in progress/);
    await expect(open('other')).rejects.toThrow(/upgrade in progress/);
    const mine = await open('me');
    expect(entries(mine)).toEqual(before);
    await rollbackUpgrade(storage, mine.format, mine.state.ports);
    expect(await storage.get('kopia.repository')).toEqual(original);
    expect(await blobIds(storage, new RegExp('^' + BACKUP))).toEqual([]);
    expect(entries(await open())).toEqual(before);
    // an entry dropped after the roll-back must not return by what the first attempt left
    expect(await blobIds(storage, /^xn0_/)).not.toEqual([]);
    await writes(open);
    const again = entries(await open());
    await beginUpgrade((await open()).state, { ownerId: 'me' });
    expect(entries(await open())).toEqual(again);
  });

  it('goes on after it died, only for its owner', async () => {
    const { open } = await world();
    const before = entries(await open());
    const { state } = await open();
    await beginUpgrade(state, { ownerId: 'me', lockOnly: true });
    await expect(beginUpgrade(state, { ownerId: 'you' })).rejects.toThrow(/upgraded by 'me'/);
    const { committed } = await beginUpgrade((await open('me')).state, { ownerId: 'me' });
    expect(committed).toBe(true);
    expect(entries(await open())).toEqual(before);
  });

  it('needs time for others to notice, unless told otherwise', async () => {
    const { clock, open } = await world();
    const { state } = await open();
    const hasty = { ownerId: 'me', ioDrainTimeout: MINUTE, statusPollInterval: MINUTE, maxPermittedClockDrift: 1n };
    await expect(beginUpgrade(state, hasty)).rejects.toThrow(/at least 15m/);
    const start = clock.now();
    await beginUpgrade(state, { ...hasty, allowUnsafe: true });
    expect(clock.now() - start).toBeLessThan(4n * MINUTE);
  });

  it('in place raises version 1 to 2', async () => {
    const { storage, open } = await world();
    const before = await open();
    await upgradeInPlace(before.state);
    const after = await open();
    expect(after.format.parameters).toMatchObject({ version: 2, indexVersion: 2 });
    expect(entries(after)).toEqual(entries(before));
    expect(await blobIds(storage, /^n0{32}/)).toEqual([POISON]);
    await writes(open);
    await expect(upgradeInPlace((await open()).state)).rejects.toThrow(/nothing to upgrade/);
  });
});
