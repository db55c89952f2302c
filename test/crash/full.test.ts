import { readdirSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { StorageMethod } from '../../src/blob/wrapper.ts';
import { fileError, isCairnError, type CairnError } from '../../src/errors.ts';
import { createRepository } from '../../src/repository/create.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { openStorage } from '../../src/blob/registry.ts';
import { takeSnapshot } from '../../src/repository/snapshot.ts';
import { hookedFiles, systemError } from '../blob/faulty-files.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { identity, password } from '../repository/fast.ts';
import { temporaryDirectory } from '../runtime.ts';
import { copyOf, expectSame, expectWhole, makeStates, openSmall, runtime, snapshot, WholeStorage } from './scenario.ts';

let states: readonly [string, string];
let before: MemoryStorage;
let first: string;

beforeAll(async () => {
  states = makeStates(temporaryDirectory());
  before = new MemoryStorage();
  await createRepository(before, password, runtime, { identity });
  first = (await snapshot(before, states[0])).id;
});

let memory: MemoryStorage;
beforeEach(async () => (memory = await copyOf(before)));

/** What is there afterwards: the earlier snapshot and no other, everything whole, and the next run finishes. */
async function expectUntouched(): Promise<void> {
  const repository = await expectWhole(memory);
  expect((await listSnapshots(repository.manifests)).snapshots.map(({ id }) => id)).toEqual([first]);
  await expectSame(repository, first, states[0]);
  const { id } = await snapshot(memory, states[1]);
  await expectSame(await expectWhole(memory), id, states[1]);
}

/** The error of a snapshot that must fail, and what it reported about files and directories. */
async function failing(storage: FaultyStorage | WholeStorage): Promise<{ error: CairnError; reports: string[] }> {
  const reports: string[] = [];
  const report = (path: string, { message }: CairnError) => void reports.push(`${path}: ${message}`);
  const error = await snapshot(storage, states[1], { report }).then(
    ({ rootEntry }) =>
      new Error(
        `saved: ${JSON.stringify(rootEntry!.summary, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
      ),
    (thrown: unknown) => thrown,
  );
  expect(isCairnError(error), String((error as Error).stack)).toBe(true);
  return { error: error as CairnError, reports };
}

describe('a storage that is full', () => {
  it.each([true, false])('ends the run with one clear error, whenever it happens (packs grow: %s)', async (growing) => {
    for (const room of [0, 100, 5_000, 20_000, 200_000, 1_000_000, 1_320_000]) {
      memory = await copyOf(before);
      const full = new FaultyStorage(growing ? memory : new WholeStorage(memory)).fullAfter(room);
      const { error, reports } = await failing(full);
      expect(error.code, error.message).toBe('no-space');
      expect(reports).toEqual([]);
      await expectUntouched();
    }
  });

  it('fails creation in the same way, and leaves nothing that looks like a repository', async () => {
    for (const room of [0, 50, 500, 1500, 3000]) {
      const empty = new MemoryStorage();
      const creating = createRepository(new FaultyStorage(empty).fullAfter(room), password, runtime, { identity });
      await expect(creating.then(() => 'created')).rejects.toMatchObject({ code: 'no-space' });
      const made = await empty.stat('kopia.repository').then(
        () => true,
        () => false,
      );
      if (made) await expectWhole(empty);
    }
  });
});

describe('a disk that is full', () => {
  it('holds nothing half-written afterwards', async () => {
    for (const room of [0, 30_000, 1_200_000]) {
      const path = temporaryDirectory();
      const info = { type: 'filesystem', config: { path, dirShards: null } };
      await createRepository(await openStorage(info, runtime), password, runtime, { identity });
      const names = () => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
      const before = names();
      let left = room;
      // each write takes about a MiB at most, so that counting calls is near enough
      const files = hookedFiles(runtime.files, ({ call, path: at }) => {
        if (call === 'write' && at.startsWith(path) && (left -= 600_000) < 0) throw systemError('ENOSPC');
      });
      const storage = await openStorage(info, { ...runtime, files });
      const session = (await openSmall(storage)).writeSession();
      const source = { host: 'alpha', userName: 'ann', path: states[1] };
      await expect(
        takeSnapshot(session, { source, path: states[1], workers: 0 }).then(() => 'saved'),
      ).rejects.toMatchObject({ code: 'no-space', hint: expect.any(String) });
      const added = names().filter((name) => !before.includes(name));
      expect(added.filter((name) => name.includes('.tmp'))).toEqual([]);
      const { id } = await snapshot(await openStorage(info, runtime), states[1]);
      expect(id).toMatch(/^[0-9a-f]{32}$/);
    }
  });
});

describe('an error of the storage', () => {
  const calls: [StorageMethod, number][] = [
    ['put', 0],
    ['put', 1],
    ['put', 2],
    ['put', 3],
    ['put', 4],
    ['begin', 0],
    ['append', 0],
    ['append', 1],
    ['commit', 0],
  ];

  it.each(calls)('that looks like one of a file is still the storage’s: %s after %d', async (method, after) => {
    for (const system of ['ENOSPC', 'EIO', 'EACCES']) {
      memory = await copyOf(before);
      const error = fileError(systemError(system), 'cannot write', '/storage/p/123');
      memory = await copyOf(before);
      const broken = new FaultyStorage(method === 'put' ? new WholeStorage(memory) : memory);
      broken.on(method, ...Array.from({ length: after }, () => ({})), { error, repeat: 1000 });
      const failed = await failing(broken);
      // of a growing pack any call may tell it first
      expect([error.code, 'io']).toContain(failed.error.code);
      expect(failed.error.message).toContain('/storage/p/123');
      expect(failed.reports).toEqual([]);
      await expectUntouched();
    }
  });

  it('while reading what is there before ends the run too', async () => {
    const broken = new FaultyStorage(memory);
    broken.on(
      'get',
      {},
      {},
      {},
      {},
      { error: fileError(systemError('EIO'), 'cannot read', '/storage/q/1'), repeat: 1000 },
    );
    const { error } = await failing(broken);
    expect(error.message).toContain('/storage/q/1');
    await expectUntouched();
  });

  it('that comes once, late, and is never repeated', async () => {
    for (let at = 0; at < 4; at++) {
      memory = await copyOf(before);
      const broken = new FaultyStorage(new WholeStorage(memory));
      broken.on('put', ...Array.from({ length: at }, () => ({})), {
        error: fileError(systemError('EIO'), 'cannot write', '/storage/p/123'),
      });
      const { error, reports } = await failing(broken);
      expect([error.code, reports]).toEqual(['io', []]);
      await expectUntouched();
    }
  });
});
