import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { createRepository } from '../../src/repository/create.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { Ports } from '../../src/ports.ts';
import { makeTree, noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';
import { temporaryDirectory } from '../runtime.ts';
import { localWorkers } from './hooks.ts';
import { snapshotOf } from './upload-fixture.ts';

const MiB = 1 << 20;
let tree: string;

beforeAll(() => {
  tree = join(temporaryDirectory(), 'tree');
  makeTree(tree);
  // above the size from which a file is cut by one thread and hashed by all
  const block = noise(5 * MiB, 21);
  writeFileSync(
    join(tree, 'huge'),
    new Uint8Array(53 * MiB + 12_345).map((_, at) => block[at % block.length] ^ (at >> 22)),
  );
  mkdirSync(join(tree, 'twins'));
  for (let at = 0; at < 700; at++) writeFileSync(join(tree, 'twins', `twin-${at}`), noise(3000, 1 + (at % 300)));
});
afterEach(() => vi.unstubAllGlobals());

const repositoryWith = (ports: Ports, format = {}): Promise<Repository> =>
  createRepository(new MemoryStorage(), password, ports, { identity, ...format });

const policies: Record<string, Partial<Policy>> = {
  plain: {},
  compressed: { compression: { compressorName: 'zstd-fastest' } },
  'in parts': { upload: { parallelUploadAboveSize: 2 * MiB } },
  'in big parts': { upload: { parallelUploadAboveSize: 50 * MiB } },
};

/** What the snapshot is made of; the secret of the hash is the repository's, so all run in one. */
async function outcome(repository: Repository, workers: number, root: Partial<Policy>) {
  const snapshot = await snapshotOf(repository, tree, { workers, root, forceHash: 100 });
  const { fileCount, totalSize, errorCount } = snapshot.stats;
  return { object: snapshot.rootEntry!.objectId, fileCount, totalSize, errorCount };
}

async function expectReadable(repository: Repository): Promise<void> {
  const ids = [...repository.contents.entries()].map(({ id }) => id);
  await repository.contents.readMany(ids, (id, data) => {
    if (data instanceof Error) throw data;
    expect(repository.contents.matches(id, data), id).toBe(true);
  });
}

describe('the same tree', () => {
  it.each(Object.entries(policies))('is the same snapshot with any number of workers: %s', async (_, root) => {
    const local = localWorkers(() => fastPorts());
    const results = [];
    let contents: number | undefined;
    for (const workers of [0, 1, 2, 4]) {
      // a repository of its own each time, with the same keys, so that every content is stored by this run
      const repository = await repositoryWith({ ...fastPorts(), random: counting(), spawn: local.spawn });
      results.push(await outcome(repository, workers, root));
      await expectReadable(repository);
      const count = [...repository.contents.entries()].filter(({ id }) => !id.startsWith('m')).length;
      expect(count).toBe(contents ?? count);
      contents = count;
    }
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]).toMatchObject({ errorCount: 0 });
    expect(local.started).toBeGreaterThanOrEqual(1 + 2 + 2);
  });

  it('is the same with real workers, and without shared memory', async () => {
    const make = () => repositoryWith({ ...fastPorts(), random: counting() });
    const inline = await outcome(await make(), 0, {});
    const repository = await make();
    expect(await outcome(repository, 2, {})).toEqual(inline);
    await expectReadable(repository);
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(await outcome(await make(), 2, {})).toEqual(inline);
  });

  it('of version 1, which compresses objects', async () => {
    const local = localWorkers(() => fastPorts());
    const results = [];
    for (const workers of [0, 2]) {
      const repository = await repositoryWith(
        { ...fastPorts(), random: counting(), spawn: local.spawn },
        { formatVersion: 1 },
      );
      results.push(await outcome(repository, workers, { compression: { compressorName: 'gzip' } }));
      await expectReadable(repository);
    }
    expect(results[1]).toEqual(results[0]);
  });
});

/** Bytes that are the same in every run. */
function counting(): Ports['random'] {
  let count = 0;
  return (into) => {
    for (let at = 0; at < into.length; at++) into[at] = (count = (Math.imul(count, 1103515245) + 12345) >>> 0) >>> 16;
  };
}
