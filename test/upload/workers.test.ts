import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { CreateOptions } from '../../src/format/create.ts';
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
  const huge = new Uint8Array(53 * MiB + 12_345);
  // above the size from which a file is cut by one thread and hashed by all
  const block = noise(5 * MiB, 21);
  for (let at = 0; at < huge.length; at += block.length) {
    huge.set(block.subarray(0, huge.length - at), at);
    huge.fill(at >> 20, at + 1000, at + 200_000);
  }
  writeFileSync(join(tree, 'huge'), huge);
  mkdirSync(join(tree, 'medium'));
  for (let at = 0; at < 14; at++)
    writeFileSync(
      join(tree, 'medium', `file-${at}`),
      at % 3 === 0 ? 'compressible '.repeat(100_000) + at : noise(1_400_000, at + 50),
    );
  mkdirSync(join(tree, 'twins'));
  for (let at = 0; at < 400; at++) writeFileSync(join(tree, 'twins', `twin-${at}`), noise(3000, 1 + (at % 150)));
});
afterEach(() => vi.unstubAllGlobals());

const repositoryWith = (ports: Ports, format: CreateOptions = {}): Promise<Repository> =>
  createRepository(new MemoryStorage(), password, ports, { identity, ...format });

const policies: [name: string, workers: number[], policy: Partial<Policy>][] = [
  ['plain', [0, 1, 2, 4], {}],
  ['compressed', [0, 2], { compression: { compressorName: 'zstd-fastest' } }],
  ['in parts', [0, 2], { upload: { parallelUploadAboveSize: 2 * MiB } }],
  ['in big parts', [0, 2], { upload: { parallelUploadAboveSize: 50 * MiB } }],
];

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
  it.each(policies)('is the same snapshot with any number of workers: %s', async (_, numbers, root) => {
    const local = localWorkers(() => fastPorts());
    const results = [];
    let contents: number | undefined;
    for (const workers of numbers) {
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
    expect(local.started).toBeGreaterThanOrEqual(numbers.length > 2 ? 1 + 2 + 2 : 1);
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

  const formats: [name: string, format: CreateOptions, compressor: string][] = [
    ['version 1, which compresses objects', { formatVersion: 1 }, 'gzip'],
    ['error correction', { ecc: 'REED-SOLOMON-CRC32', eccOverheadPercent: 5 }, 's2-default'],
    [
      'ChaCha20 and BLAKE3',
      { encryption: 'CHACHA20-POLY1305-HMAC-SHA256', hash: 'BLAKE3-256', splitter: 'DYNAMIC-1M-RABINKARP' },
      'none',
    ],
    ['HMAC-SHA224 and fixed chunks', { hash: 'HMAC-SHA224', splitter: 'FIXED-128K' }, 'zstd'],
  ];

  it.each(formats)('of %s', async (_, format, compressorName) => {
    const local = localWorkers(() => fastPorts());
    const results = [];
    for (const workers of [0, 2]) {
      const repository = await repositoryWith({ ...fastPorts(), random: counting(), spawn: local.spawn }, format);
      const root = { compression: { compressorName } };
      const snapshot = await snapshotOf(repository, join(tree, 'medium'), { workers, root });
      results.push([snapshot.rootEntry!.objectId, snapshot.stats.errorCount]);
      await expectReadable(repository);
    }
    expect(local.started).toBeGreaterThan(0);
    expect(results[1]).toEqual(results[0]);
    expect(results[0][1]).toBe(0);
  });

  it.each([0, 2])('is stored again where contents are marked deleted (%d workers)', async (workers) => {
    const local = localWorkers(() => fastPorts());
    const repository = await repositoryWith({ ...fastPorts(), spawn: local.spawn });
    const path = join(tree, 'medium');
    const first = await snapshotOf(repository, path, { workers });
    const session = repository.writeSession();
    const data = [...repository.contents.entries()].filter(({ id }) => !id.startsWith('m'));
    for (const { id } of data) await session.contents.delete(id);
    await session.close();
    await repository.refresh();
    expect(repository.contents.info(data[0].id)).toMatchObject({ deleted: true });
    const second = await snapshotOf(repository, path, { workers, forceHash: 100 });
    expect(second.rootEntry!.objectId).toBe(first.rootEntry!.objectId);
    for (const { id } of data) expect(repository.contents.info(id)).toMatchObject({ deleted: false });
    await expectReadable(repository);
  });
});

describe('an unchanged directory', () => {
  it('is stored again where its object is marked deleted', async () => {
    const repository = await repositoryWith(fastPorts());
    const path = join(tree, 'twins');
    const first = await snapshotOf(repository, path);
    const id = first.rootEntry!.objectId;
    expect(id).toMatch(/^k/);
    const session = repository.writeSession();
    await session.contents.delete(id);
    await session.close();
    await repository.refresh();
    expect(repository.contents.info(id)).toMatchObject({ deleted: true });
    const second = await snapshotOf(repository, path);
    expect(second.rootEntry!.objectId).toBe(id);
    expect(second.stats).toMatchObject({ cachedFiles: 400, nonCachedFiles: 0 });
    expect(repository.contents.info(id)).toMatchObject({ deleted: false });
  });
});

/** Bytes that are the same in every run. */
function counting(): Ports['random'] {
  let count = 0;
  return (into) => {
    for (let at = 0; at < into.length; at++) into[at] = (count = (Math.imul(count, 1103515245) + 12345) >>> 0) >>> 16;
  };
}
