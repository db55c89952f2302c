import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { createRepository } from '../../src/repository/create.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { identity, snapshotOf } from './upload-fixture.ts';

describe('a storage that takes no more', () => {
  it('ends the run instead of counting as a failed file, whatever the policy ignores', async () => {
    const path = join(temporaryDirectory(), 'tree');
    mkdirSync(path);
    for (const name of ['a', 'b', 'c']) writeFileSync(join(path, name), name.repeat(1000));
    const storage = new FaultyStorage(new MemoryStorage());
    const repository = await createRepository(storage, 'secret', ports(), { identity });
    storage.fullAfter(0);
    const root = { errorHandling: { ignoreFileErrors: true, ignoreDirectoryErrors: true } };
    await expect(snapshotOf(repository, path, { root })).rejects.toMatchObject({ code: 'no-space' });
    await repository.refresh();
    expect((await listSnapshots(repository.manifests)).snapshots).toEqual([]);
  });
});
