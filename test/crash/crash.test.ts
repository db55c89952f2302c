import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { CreateOptions } from '../../src/format/create.ts';
import { isCairnError } from '../../src/errors.ts';
import { createRepository } from '../../src/repository/create.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { identity, password } from '../repository/fast.ts';
import { temporaryDirectory } from '../runtime.ts';
import {
  copyOf,
  expectSame,
  expectWhole,
  makeStates,
  runtime,
  snapshot,
  steps,
  WholeStorage,
  type Reported,
} from './scenario.ts';

let states: readonly [string, string];
beforeAll(() => (states = makeStates(temporaryDirectory())));

const nothing = (options: CreateOptions = {}): Reported => ({ options, created: false, saved: [], deleted: [] });

/** A repository that was never finished: either nothing is there, or creating it again says what to do. */
async function expectNotCreated(storage: MemoryStorage): Promise<void> {
  try {
    await createRepository(storage, password, runtime, { identity });
  } catch (error) {
    if (!isCairnError(error, 'already-initialized')) throw error;
    expect(error.hint).toBeTruthy();
    await storage.delete('kopia.blobcfg');
    await createRepository(storage, password, runtime, { identity });
  }
}

const isRepository = (storage: MemoryStorage) =>
  storage.stat('kopia.repository').then(
    () => true,
    () => false,
  );

async function expectSurvived(storage: MemoryStorage, reported: Reported): Promise<void> {
  if (!(await isRepository(storage))) {
    expect(reported.created).toBe(false);
    await expectNotCreated(storage);
  }
  const repository = await expectWhole(storage);
  for (const { id, path } of reported.saved)
    if (reported.saved.length < 2 || path !== states[0]) await expectSame(repository, id, path);
  const listed = (await listSnapshots(repository.manifests)).snapshots.map(({ id }) => id);
  for (const id of reported.deleted) expect(listed).not.toContain(id);
  const next = await snapshot(storage, states[1]);
  await expectSame(await expectWhole(storage), next.id, states[1]);
}

const kinds = [
  { growing: true, done: false, formatVersion: 3 },
  { growing: true, done: true, formatVersion: 1 },
  { growing: false, done: false, formatVersion: 3 },
  { growing: false, done: true, formatVersion: 3 },
];

describe('a process that dies at any call to the storage', () => {
  it.each(kinds)(
    'leaves every saved snapshot whole (packs grow: $growing, the last call done: $done, version $formatVersion)',
    async ({ growing, done, formatVersion }) => {
      let before = new MemoryStorage();
      const reported = nothing({ formatVersion });
      let commits = 0;
      for (const [number, step] of steps.entries()) {
        for (let calls = 0; ; calls++) {
          const memory = await copyOf(before);
          const dying = new FaultyStorage(growing ? memory : new WholeStorage(memory)).crashAfter(calls, done);
          const now = structuredClone(reported);
          const crashed = await step(dying, states, now).then(
            () => false,
            (error: unknown) => {
              expect((error as Error).name, String((error as Error).stack)).toBe('CrashError');
              return true;
            },
          );
          if (!crashed) {
            expect(calls).toBeGreaterThan(3);
            commits += dying.calls.filter(({ method }) => method === 'commit').length;
            Object.assign(reported, now);
            before = memory;
            break;
          }
          try {
            await expectSurvived(memory, now);
          } catch (error) {
            throw new Error(`step ${number}, after ${calls} calls: ${String((error as Error).stack)}`, {
              cause: error,
            });
          }
        }
      }
      await expectSurvived(before, reported);
      expect(reported.deleted.length).toBe(1);
      expect(commits > 0).toBe(growing);
    },
  );
});

describe('the order on storage', () => {
  it.each([true, false])(
    'packs, then the index that names them, then nothing but the marker (packs grow: %s)',
    async (growing) => {
      const memory = new MemoryStorage();
      const storage = new FaultyStorage(growing ? memory : new WholeStorage(memory));
      const reported = nothing();
      for (const step of steps) await step(storage, states, reported);
      const written = storage.calls.filter(({ method }) => ['put', 'commit', 'delete'].includes(method));
      let openMarkers = 0;
      let unindexedPacks = 0;
      for (const { method, id } of written) {
        if (id.startsWith('kopia.')) continue;
        if (id.startsWith('s')) {
          openMarkers += method === 'delete' ? -1 : 1;
          if (method === 'delete') expect(unindexedPacks).toBe(0);
        } else if (/^[pq]/.test(id)) {
          expect(openMarkers).toBe(1);
          unindexedPacks++;
        } else if (id.startsWith('xn')) unindexedPacks = 0;
        else throw new Error(`unexpected ${method} of ${id}`);
      }
      expect([openMarkers, unindexedPacks]).toEqual([0, 0]);
      const names = written.filter(({ method }) => method !== 'delete').map(({ id }) => id);
      expect(new Set(names).size).toBe(names.length);
    },
  );
});
