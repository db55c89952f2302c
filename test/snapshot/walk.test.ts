import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ObjectSet } from '../../src/snapshot/object-set.ts';
import { walkTree, type WalkOptions } from '../../src/snapshot/walk.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { FakeContents, fakeTree, type FakeTree } from './fakes.ts';

async function paths(contents: FakeContents, root: DirEntry, options?: WalkOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of walkTree(contents, root, options)) found.push(path);
  return found;
}

describe('walkTree', () => {
  const tree: FakeTree = { a: { x: '1', inner: { y: '2' } }, b: { x: '1' }, f: '3' };

  it('visits a directory before its entries, everything once a path', async () => {
    const contents = new FakeContents();
    expect(await paths(contents, fakeTree(contents, tree))).toEqual([
      '',
      'a',
      'b',
      'f',
      'a/inner',
      'a/x',
      'b/x',
      'a/inner/y',
    ]);
  });

  it('visits each distinct object once when asked, also over several trees', async () => {
    const contents = new FakeContents();
    const visited = new ObjectSet();
    expect(await paths(contents, fakeTree(contents, tree), { visited })).not.toContain('b/x');
    expect(
      await paths(contents, fakeTree(contents, { a: { x: '1', inner: { y: '2' } }, g: '9' }), { visited }),
    ).toEqual(['', 'g']);
  });

  it('reads neighbouring directories together', async () => {
    const contents = new FakeContents();
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`d${i}`, { f: String(i) }]));
    expect(await paths(contents, fakeTree(contents, many))).toHaveLength(401);
    expect(contents.batches).toBeLessThan(6);
    expect(contents.reads).toHaveLength(201);
  });

  it('tells the path of damage, or goes on', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, tree);
    const inner = fakeTree(contents, { y: '2' });
    contents.damage(inner.objectId);
    await expect(paths(contents, root)).rejects.toThrow(/cannot read directory a\/inner: .*damaged/);
    const damaged: string[] = [];
    const seen = await paths(contents, root, {
      onDamaged: ({ path }, error) => damaged.push(`${path} ${error.message}`),
    });
    expect(damaged).toEqual([`a/inner content ${inner.objectId} is damaged`]);
    expect(seen).toContain('a/inner');
    expect(seen).toContain('b/x');
  });

  it('passes over a file, and refuses a directory whose object is none', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, {});
    expect(await paths(contents, { ...root, type: 'f' })).toEqual(['']);
    for (const objectId of ['', 'garbage!', contents.put(new Uint8Array(3))])
      await expect(paths(contents, { ...root, objectId })).rejects.toThrow(/cannot read directory/);
  });

  it('stops when canceled', async () => {
    const contents = new FakeContents();
    await expect(paths(contents, fakeTree(contents, tree), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'canceled',
    });
  });
});

describe('ObjectSet', () => {
  it('holds what a set of strings holds', () => {
    const ids = ['', 'x', 'k00', '0'.repeat(32), 'zz not an id'];
    for (let i = 0; i < 5000; i++) {
      const hash = createHash('sha256').update(String(i)).digest('hex');
      ids.push(
        ...[hash, hash.slice(0, 32), 'k' + hash.slice(0, 32), 'Ik' + hash, 'Ix' + hash, 'Z' + hash].slice(i % 3),
      );
    }
    // an ID of 128 bits stands for the longer ones that begin with it: hashes of one repository have one length
    const distinct = new Set(ids.map((id) => id.replace(/^([A-Zg-z]*[0-9a-f]{32}).*$/, '$1')));
    const set = new ObjectSet();
    let added = 0;
    for (const id of ids) if (set.add(id)) added++;
    expect([added, set.size]).toEqual([distinct.size, distinct.size]);
    expect(ids.every((id) => set.has(id) && !set.add(id))).toBe(true);
    expect(set.has('k' + 'ab'.repeat(16))).toBe(false);
  });
});
