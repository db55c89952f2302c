import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { utf8 } from '../../src/bytes/gather.ts';
import { createRepository } from '../../src/repository/create.ts';
import { takeSnapshot } from '../../src/repository/snapshot.ts';
import { deleteSnapshot, listSnapshots } from '../../src/snapshot/store.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { identity, password } from '../repository/fast.ts';
import { temporaryDirectory } from '../runtime.ts';
import { expectSame, expectWhole, makeStates, openSmall, runtime, snapshot } from './scenario.ts';

let states: readonly [string, string];
beforeAll(() => (states = makeStates(temporaryDirectory())));

async function created(): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await createRepository(storage, password, runtime, { identity });
  return storage;
}

/** Every call takes another random while, so that two writers interleave differently every time. */
function jittery(storage: MemoryStorage, seed: number): FaultyStorage {
  let x = seed;
  const run = () => {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    return new Promise<void>((resolve) => setTimeout(resolve, x % 4));
  };
  const slow = new FaultyStorage(storage);
  for (const method of ['put', 'append', 'commit', 'delete', 'get', 'list'] as const)
    slow.on(method, { run, repeat: 10_000 });
  return slow;
}

describe('two writers at once', () => {
  it.each([1, 2, 3, 4])('both finish, and both snapshots are whole (%d)', async (seed) => {
    const storage = await created();
    const made = await Promise.all(states.map((path, at) => snapshot(jittery(storage, seed * 10 + at), path)));
    const repository = await expectWhole(storage);
    for (const [at, { id }] of made.entries()) await expectSame(repository, id, states[at]);
    expect((await listSnapshots(repository.manifests)).snapshots.length).toBe(2);
  });

  it('in one process, over one open repository', async () => {
    const storage = await created();
    const repository = await openSmall(storage);
    const source = (path: string) => ({ host: 'alpha', userName: 'ann', path });
    const made = await Promise.all(
      states.map((path) => takeSnapshot(repository.writeSession(), { source: source(path), path, workers: 0 })),
    );
    const after = await expectWhole(storage);
    for (const [at, { id }] of made.entries()) await expectSame(after, id, states[at]);
  });

  it('one of which deletes what the other compares with', async () => {
    const storage = await created();
    const old = await snapshot(storage, states[0]);
    const slow = jittery(storage, 99);
    const taking = snapshot(slow, states[1]);
    const session = (await openSmall(storage)).writeSession();
    await deleteSnapshot(session.manifests, old.id);
    await session.close();
    const { id } = await taking;
    const repository = await expectWhole(storage);
    expect((await listSnapshots(repository.manifests)).snapshots.map((each) => each.id)).toEqual([id]);
    await expectSame(repository, id, states[1]);
  });

  it('one of which moves to the next epoch', async () => {
    const storage = await created();
    const slow = jittery(storage, 7);
    const taking = snapshot(slow, states[0]);
    await storage.put('xe1', utf8('epoch-marker'));
    const { id } = await taking;
    const other = await snapshot(storage, states[1]);
    const repository = await expectWhole(storage);
    await expectSame(repository, id, states[0]);
    await expectSame(repository, other.id, states[1]);
  });
});
