import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import {
  advanceEpoch,
  advanceWatermark,
  cleanupEpochMarkers,
  cleanupSupersededEpochs,
  compactSingleEpoch,
  generateRangeCheckpoint,
} from '../../src/content/index/compact-epochs.ts';
import { compactLegacyIndexes } from '../../src/content/index/compact-legacy.ts';
import { deleteUnreferencedPacks } from '../../src/content/pack-gc.ts';
import { commitRecovery, recoverIndex } from '../../src/content/recover.ts';
import { chooseContents, rewriteContents } from '../../src/content/rewrite.ts';
import { setParameters } from '../../src/format/set-parameters.ts';
import { rollbackUpgrade } from '../../src/format/upgrade.ts';
import { beginUpgrade, upgradeInPlace } from '../../src/maintenance/upgrade.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { TestClock } from '../blob/clock.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { openFixture } from '../fixtures/reopen.ts';
import { ports } from '../runtime.ts';

/** Dies at the n-th change, and stays dead until it is revived. */
class Mortal extends MemoryStorage {
  left = Infinity;
  changes = 0;

  #step(): void {
    this.changes++;
    if (this.left-- <= 0) throw new Error('the power is gone');
  }
  override async put(...args: Parameters<MemoryStorage['put']>) {
    this.#step();
    return super.put(...args);
  }
  override async delete(id: string) {
    this.#step();
    return super.delete(id);
  }
}

async function copyOf(name: string): Promise<Mortal> {
  const from = await fixtureStorage(name);
  const copy = new Mortal();
  for await (const { id, timestamp } of from.list(''))
    await copy.put(id, await from.get(id), { modifiedTime: timestamp });
  copy.changes = 0;
  return copy;
}

const all = ({ contents }: Repository) => [...contents.entries()].filter(({ deleted }) => !deleted).map(({ id }) => id);
const hasty = {
  ownerId: 'me',
  ioDrainTimeout: 1n,
  statusPollInterval: 1n,
  maxPermittedClockDrift: 1n,
  allowUnsafe: true,
};

const operations: [what: string, fixture: string, run: (repository: Repository) => Promise<unknown>][] = [
  [
    'compaction of legacy indexes',
    'legacy-index',
    ({ state }) => compactLegacyIndexes(state, { maxSmallBlobs: 1, allIndexes: true }),
  ],
  [
    'the same without waiting',
    'legacy-index',
    ({ state }) => compactLegacyIndexes(state, { maxSmallBlobs: 1, allIndexes: true, safety: 'none' }),
  ],
  ['recovery', 'epochs-full', async ({ state }) => commitRecovery(state, await recoverIndex(state))],
  [
    'recovery that replaces epochs',
    'epochs-full',
    async ({ state }) => commitRecovery(state, await recoverIndex(state), { deleteIndexes: true }),
  ],
  [
    'recovery that replaces legacy indexes',
    'legacy-index',
    async ({ state }) => commitRecovery(state, await recoverIndex(state), { deleteIndexes: true }),
  ],
  ['upgrade', 'legacy-index', ({ state }) => beginUpgrade(state, hasty)],
  [
    'upgrade and roll-back',
    'legacy-index',
    async ({ state }) => {
      await beginUpgrade(state, { ...hasty, commit: 'never' });
      await rollbackUpgrade(state.storage, state.format, state.ports);
    },
  ],
  ['upgrade in place', 'legacy-index', ({ state }) => upgradeInPlace(state)],
  [
    'parameters',
    'epochs-full',
    ({ state }) => setParameters(state.storage, state.format, { maxPackSize: 30 << 20 }, state.ports),
  ],
  [
    'rewriting and collecting packs',
    'index-corners',
    async (repository) => {
      const session = repository.writeSession();
      const { contents } = repository;
      await rewriteContents(
        contents,
        session.contents,
        chooseContents(contents.index.entries, { formatVersion: 3 }, 20 << 20),
      );
      await session.close();
      await deleteUnreferencedPacks(contents, { safety: 'none' });
    },
  ],
  [
    'maintenance of epochs',
    'epochs',
    async ({ state }) => {
      for (let i = 0; i < 3; i++) await compactSingleEpoch(state);
      await advanceEpoch(state);
      await generateRangeCheckpoint(state);
      await advanceWatermark(state, 1_000_000_000);
      await cleanupEpochMarkers(state);
      await cleanupSupersededEpochs(state);
    },
  ],
];

describe.each(operations)('%s, stopped at any change', (_, name, run) => {
  it('leaves every content readable, and can be done again', async () => {
    const runtime = { ...ports(), clock: new TestClock() };
    const open = (storage: Mortal) => openFixture(storage, name, { ports: runtime, upgradeOwnerId: 'me' });
    const whole = await copyOf(name);
    const wanted = all(await open(whole));
    await run(await open(whole));
    const { changes } = whole;
    expect(all(await open(whole))).toEqual(expect.arrayContaining(wanted));
    const step = Math.max(1, Math.ceil(changes / 12));
    for (let stop = 0; stop < changes; stop += step) {
      const storage = await copyOf(name);
      const repository = await open(storage);
      storage.left = stop;
      await expect(run(repository)).rejects.toThrow();
      storage.left = Infinity;
      const after = await open(storage);
      const have = new Set(all(after));
      expect(wanted.filter((id) => !have.has(id))).toEqual([]);
      await after.contents.readMany(wanted, (id, data) => {
        if (data instanceof Error) throw data;
        expect(after.contents.matches(id, data)).toBe(true);
      });
      // what was begun is finished, unless it had been finished before it was stopped
      await run(after).catch((error: Error) => expect(error.message).toMatch(/maximum|nothing to upgrade/));
      const done = new Set(all(await open(storage)));
      expect(wanted.filter((id) => !done.has(id))).toEqual([]);
    }
  });
});
