import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inferLayout } from '../../src/blob/layout.ts';
import { blobPath, encodeShards, shardLayout } from '../../src/blob/sharded.ts';
import { isCairnError, type CairnError } from '../../src/errors.ts';
import { codeOf, listed, pattern } from '../conformance/helpers.ts';
import { hookedFiles } from './faulty-files.ts';
import { nodeFiles } from '../../runtimes/node/files.ts';
import { openFolder, plant, temporaryDirectory, tree } from './temporary.ts';

let root: string;
let remove: () => Promise<void>;
beforeEach(() => ({ path: root, remove } = temporaryDirectory()));
afterEach(() => remove());

const hex = (n: number) => (n * 2654435761).toString(16).padStart(16, '0').repeat(2).slice(0, 32);
const packs = Array.from({ length: 12 }, (_, i) => `${'pq'[i % 2]}${hex(i + 1)}-s4359f9705540402f147`);
const small = ['kopia.repository', 'kopia.blobcfg', 'xe1'];
const paths = (shards: number[], ids = [...packs, ...small]) => ids.map((id) => blobPath(shardLayout(shards), id));
const shardsFile = () => join(root, '.shards');
const written = () => readFileSync(shardsFile(), 'utf8');

async function caught(promise: Promise<unknown>): Promise<CairnError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isCairnError(error)) throw new Error(`not a CairnError: ${String(error)}`);
  return error;
}

describe('a new, empty folder', () => {
  it.each([
    ['create', { create: true }, [1, 3]],
    ['create, flat', { create: true, config: { dirShards: [] } }, []],
    ['create, format version 1', { create: true, config: { dirShards: [3, 3] } }, [3, 3]],
    ['connect', {}, [3, 3]],
    ['connect, flat', { config: { dirShards: [] } }, []],
  ])('%s: the first put settles the layout and writes .shards before the blob', async (_, options, shards) => {
    const order: string[] = [];
    const files = hookedFiles(nodeFiles, ({ call, path }) => {
      if (call === 'rename') order.push(path.slice(root.length + 1).replace(/\.tmp.*/, ''));
    });
    const store = await openFolder(root, { files, ...options });
    expect(await listed(store)).toEqual([]);
    expect(await codeOf(store.get(packs[0]))).toBe('blob-not-found');
    await store.delete(packs[0]);
    expect(tree(root)).toEqual([]);
    await store.put(packs[0], pattern(3));
    const path = blobPath(shardLayout(shards), packs[0]);
    expect(order).toEqual(['.shards', path]);
    expect(tree(root)).toEqual(['.shards', path].toSorted());
    expect(written()).toBe(encodeShards(shardLayout(shards)));
  });

  it('begin settles it as well', async () => {
    const store = await openFolder(root, { create: true });
    await (await store.begin!(packs[0])).abort();
    expect(written()).toBe('{"default":[1,3],"maxNonShardedLength":20}\n');
  });

  it('a layout that another process chose meanwhile is taken up', async () => {
    const reader = await openFolder(root);
    expect(await codeOf(reader.get(packs[0]))).toBe('blob-not-found');
    const creator = await openFolder(root, { create: true });
    await creator.put(packs[0], pattern(9));
    expect(await reader.get(packs[0])).toEqual(pattern(9));
  });

  it('a put whose .shards cannot be written fails and leaves nothing', async () => {
    const files = hookedFiles(nodeFiles, ({ call, path }) => {
      if (call === 'write' && path.includes('.shards')) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    });
    const store = await openFolder(root, { create: true, files });
    expect(await codeOf(store.put(packs[0], pattern(1)))).toBe('no-space');
    expect(tree(root)).toEqual([]);
  });
});

describe('an existing .shards', () => {
  it('is followed, whatever the configuration says', async () => {
    const layout = { shards: [2], maxNonShardedLength: 3, overrides: [{ prefix: 'q', shards: [1, 1] }] };
    writeFileSync(shardsFile(), encodeShards(layout));
    const store = await openFolder(root, { config: { dirShards: [] } });
    for (const id of [...packs, ...small]) await store.put(id, pattern(3));
    expect(tree(root)).toEqual(['.shards', ...[...packs, ...small].map((id) => blobPath(layout, id))].toSorted());
    expect(written()).toBe(encodeShards(layout));
    expect(await listed(store)).toEqual([...packs, ...small].toSorted());
  });

  it('that is malformed stops everything but listing, with the likely content as a hint', async () => {
    plant(root, ...paths([1, 3]));
    writeFileSync(shardsFile(), '{');
    const store = await openFolder(root);
    for (const attempt of [
      () => store.get(packs[0]),
      () => store.stat('kopia.repository'),
      () => store.put('a', pattern(1)),
      () => store.delete('a'),
    ]) {
      const error = await caught(attempt());
      expect(error.code).toBe('corrupt');
      expect(error.message).toMatch(/\.shards is malformed/);
      expect(error.hint).toContain('{"default":[1,3],"maxNonShardedLength":20}');
    }
    expect(written()).toBe('{');
  });

  it.each([
    ['[1,3] for a tree of [3,3]', [1, 3], [3, 3]],
    ['[3,3] for a tree of [1,3]', [3, 3], [1, 3]],
    ['[3,3] for a flat tree', [3, 3], []],
    ['flat for a tree of [1,3]', [], [1, 3]],
  ])('that contradicts the tree is found at the first miss and before the first put: %s', async (_, wrong, right) => {
    plant(root, ...paths(right));
    writeFileSync(shardsFile(), encodeShards(shardLayout(wrong)));
    const before = tree(root);
    const reader = await openFolder(root);
    expect(await codeOf(reader.get('kopia.maintenance'))).toBe('blob-not-found');
    const error = await caught(reader.get(packs[0]));
    expect([error.code, error.hint]).toEqual([
      'corrupt',
      expect.stringContaining(encodeShards(shardLayout(right)).trim()),
    ]);
    expect(await codeOf((await openFolder(root)).put('anything', pattern(1)))).toBe('corrupt');
    expect(tree(root)).toEqual(before);
  });

  it('costs readers of a healthy tree no listing, and a miss only once', async () => {
    plant(root, ...paths([1, 3]));
    writeFileSync(shardsFile(), encodeShards(shardLayout([1, 3])));
    let lists = 0;
    const files = hookedFiles(nodeFiles, ({ call }) => {
      if (call === 'list') lists++;
    });
    const store = await openFolder(root, { files });
    await store.get(packs[0]);
    await codeOf(store.get('kopia.maintenance'));
    expect(lists).toBe(0);
    expect(await codeOf(store.get(`${packs[0]}x`))).toBe('blob-not-found');
    const once = lists;
    expect(once > 0 && once <= 48).toBe(true);
    expect(await codeOf(store.get(`${packs[1]}x`))).toBe('blob-not-found');
    await store.put('a', pattern(1));
    expect(lists).toBe(once);
  });

  it('stray files and folders do not make it wrong', async () => {
    plant(root, ...paths([1, 3]), 'zunknown.f', 'deep/er/folder/a-foreign-file-with-a-long-name.f', 'p/readme');
    writeFileSync(shardsFile(), encodeShards(shardLayout([1, 3])));
    const store = await openFolder(root);
    expect(await codeOf(store.get(`${packs[0]}x`))).toBe('blob-not-found');
    await store.put(packs[0], pattern(1));
  });
});

describe('a missing .shards', () => {
  it.each([[[1, 3]], [[3, 3]], [[]], [[2, 2]], [[1, 1, 1]]])(
    'the shape %j of the folder is read from its files',
    async (shards) => {
      plant(root, ...paths(shards));
      for (const options of [{}, { create: true }, { readOnly: true }]) {
        const store = await openFolder(root, options);
        for (const id of [...packs, ...small])
          expect(new TextDecoder().decode(await store.get(id))).toBe(blobPath(shardLayout(shards), id));
        expect(await codeOf(store.get(`${packs[0]}x`))).toBe('blob-not-found');
        expect(existsSync(shardsFile())).toBe(false);
      }
      const store = await openFolder(root, { readOnly: true });
      expect(await codeOf(store.put('a', pattern(1)))).toBe('read-only');
      expect(existsSync(shardsFile())).toBe(false);
      await (await openFolder(root)).put(`${packs[0]}new`, pattern(1));
      expect(written()).toBe(encodeShards(shardLayout(shards)));
      expect(existsSync(join(root, blobPath(shardLayout(shards), `${packs[0]}new`)))).toBe(true);
    },
  );

  it('folders emptied by maintenance do not hide the shape', async () => {
    plant(
      root,
      ...Array.from({ length: 150 }, (_, i) => `p/${i.toString(16).padStart(3, '0')}/x`),
      ...paths([1, 3], [packs[1]]),
    );
    for (const path of tree(root)) if (path.endsWith('/x')) rmSync(join(root, path));
    const store = await openFolder(root);
    expect(await codeOf(store.get(packs[1]))).toBe('no error');
  });

  it('a tree in two layouts is refused, and stays as it is', async () => {
    plant(root, ...paths([1, 3], packs.slice(0, 4)), ...paths([3, 3], packs.slice(4, 8)), ...paths([], packs.slice(8)));
    const before = tree(root);
    const store = await openFolder(root);
    for (const attempt of [() => store.get(packs[0]), () => store.put('a', pattern(1))]) {
      const error = await caught(attempt());
      expect([error.code, error.message]).toEqual([
        'corrupt',
        expect.stringMatching(/is missing, .*more than one way/),
      ]);
    }
    expect(tree(root)).toEqual(before);
    expect((await listed(store)).length).toBe(12);
  });

  it('only short names: any layout fits them', async () => {
    plant(root, ...paths([1, 3], small));
    const store = await openFolder(root);
    expect(await codeOf(store.get('kopia.repository'))).toBe('no error');
    await store.put(packs[0], pattern(1));
    expect(written()).toBe('{"default":[3,3],"maxNonShardedLength":20}\n');
  });
});

describe('inferring', () => {
  it('needs long names and a majority', () => {
    expect(inferLayout([])).toBeUndefined();
    expect(inferLayout(paths([1, 3], small))).toBeUndefined();
    expect(inferLayout([...paths([1, 3], packs.slice(0, 3)), ...paths([3, 3], packs.slice(3, 5))])).toEqual(
      shardLayout([1, 3]),
    );
    expect(inferLayout([...paths([1, 3], packs.slice(0, 3)), ...paths([3, 3], packs.slice(3, 6))])).toBeUndefined();
  });
});
