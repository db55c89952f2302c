import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { cleanupLogs, defaultLogRetention, expiredLogs, listLogs, readLog } from '../../src/content/logs.ts';
import { deleteUnreferencedPacks } from '../../src/content/pack-gc.ts';
import { chooseContents, rewriteContents, type RewriteChoice } from '../../src/content/rewrite.ts';
import { sealNamedBlob } from '../../src/content/named-blob.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import { TestClock } from '../blob/clock.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { blobIds, openFixture } from '../fixtures/reopen.ts';
import { ports } from '../runtime.ts';

const HOUR = 3_600_000;
const MAX = 20 << 20;

async function world() {
  const clock = new TestClock();
  const storage = new MemoryStorage(clock);
  const runtime = { ...ports(), clock };
  const { format } = await createRepository(storage, 'pw', runtime);
  const open = () => openRepository(storage, { formatKey: format.formatKey }, runtime);
  const write = async (text: string, prefix = '') => {
    const session = (await open()).writeSession();
    const id = await session.contents.write(new TextEncoder().encode(text), prefix, 0x1101);
    await session.close();
    return id;
  };
  const rewrite = async (choice: RewriteChoice, before?: number) => {
    const { contents, ...repository } = await open().then((opened) => ({
      contents: opened.contents,
      session: opened.writeSession(),
    }));
    const chosen = chooseContents(contents.index.entries, choice, MAX);
    const stats = await rewriteContents(contents, repository.session.contents, chosen, { before });
    await repository.session.close();
    return stats;
  };
  return { clock, storage, open, write, rewrite };
}

describe('content rewrite', () => {
  it('joins short packs under the same IDs, keeps deleted ones deleted, with newer times', async () => {
    const { clock, open, write, rewrite } = await world();
    const ids = [await write('one '.repeat(100)), await write('two'), await write('three')];
    const session = (await open()).writeSession();
    await session.contents.delete(ids[2]);
    await session.close();
    const before = (await open()).contents;
    const stats = await rewrite({ shortPacks: true, packPrefix: 'p' });
    expect(stats).toMatchObject({ toRewrite: { count: 3 }, rewritten: { count: 3 }, failed: 0 });
    const { contents } = await open();
    const packs = new Set(ids.map((id) => contents.info(id)!.packBlob));
    expect(packs.size).toBe(1);
    for (const id of ids) {
      const [old, now] = [before.require(id), contents.require(id)];
      expect(now).toMatchObject({
        deleted: old.deleted,
        compression: old.compression,
        originalLength: old.originalLength,
      });
      expect(now.timestamp).toBeGreaterThan(old.timestamp);
      expect(now.packBlob).not.toBe(old.packBlob);
      expect(contents.matches(id, await contents.read(id))).toBe(true);
    }
    // a lone short pack is left
    expect((await rewrite({ shortPacks: true, packPrefix: 'p' })).toRewrite.count).toBe(0);
    clock.advance(1000);
    expect((await rewrite({ ids: [ids[0]] }, contents.require(ids[0]).timestamp - 1)).retained.count).toBe(1);
    expect((await rewrite({ formatVersion: 3, packPrefix: 'p' })).rewritten.count).toBe(3);
    expect((await rewrite({ formatVersion: 2 })).rewritten.count).toBe(0);
    expect((await rewrite({})).toRewrite.count).toBe(0);
  });

  it('never copies damage under a good ID', async () => {
    const storage = await fixtureStorage('damaged-pack-bitflip');
    const { contents, ...rest } = await openFixture(storage, 'damaged-pack-bitflip').then((opened) => ({
      contents: opened.contents,
      session: opened.writeSession(),
    }));
    const errors: string[] = [];
    const chosen = chooseContents(contents.index.entries, { formatVersion: 3 }, MAX);
    const stats = await rewriteContents(contents, rest.session.contents, chosen, {
      onError: ({ id }) => errors.push(id),
    });
    expect(stats.failed).toBe(1);
    expect(errors).toHaveLength(1);
    await rest.session.close();
    const reopened = await openFixture(storage, 'damaged-pack-bitflip');
    expect(reopened.contents.require(errors[0]).packBlob).toBe(contents.require(errors[0]).packBlob);
  });

  it.each(['compressors-v3', 'compressors-v1', 'index-corners', 'algo-10-hmac-sha3-224'])(
    'keeps every content of %s',
    async (name) => {
      const storage = await fixtureStorage(name);
      const opened = await openFixture(storage, name);
      const { contents } = opened;
      const session = opened.writeSession();
      const ids = [...contents.entries()].map(({ id }) => id);
      const stats = await rewriteContents(
        contents,
        session.contents,
        chooseContents(contents.index.entries, { ids }, MAX),
      );
      expect(stats.rewritten.count).toBe(ids.length);
      await session.close();
      const after = (await openFixture(storage, name)).contents;
      let read = 0;
      await after.readMany(ids, (id, data) => {
        if (data instanceof Error) throw data;
        expect(after.matches(id, data)).toBe(true);
        expect(after.require(id).deleted).toBe(contents.require(id).deleted);
        read++;
      });
      expect(read).toBe(ids.length);
    },
  );
});

describe('pack garbage collection', () => {
  it('takes only what no entry names, is old and belongs to no live session', async () => {
    const { clock, storage, open, write, rewrite } = await world();
    const id = await write('content');
    await write('other');
    await rewrite({ shortPacks: true });
    const orphans = (await blobIds(storage, /^[pq]/)).length;
    const { contents } = await open();
    const used = new Set([...contents.entries()].map(({ packBlob }) => packBlob));
    expect(orphans).toBeGreaterThan(used.size);
    // an upload that never ended: its marker stays
    const session = (await open()).writeSession();
    await session.contents.write(Uint8Array.of(7, 7), '', 0);
    await session.contents.abandon();
    const young = await deleteUnreferencedPacks(contents);
    expect(young.deleted.count).toBe(0);
    expect(young.unreferenced).toEqual(young.retained);
    clock.advance(25 * HOUR);
    expect((await deleteUnreferencedPacks(contents, { dryRun: true })).deleted.count).toBeGreaterThan(0);
    const stats = await deleteUnreferencedPacks(contents);
    expect(new Set(await blobIds(storage, /^[pq]/))).toEqual(used);
    expect(stats.retained.count).toBe(1);
    expect(await blobIds(storage, /^s/)).toHaveLength(1);
    clock.advance(80 * HOUR);
    expect((await deleteUnreferencedPacks(contents)).deleted.count).toBe(1);
    expect(await (await open()).contents.read(id)).toEqual(new TextEncoder().encode('content'));
  });

  it('sees what was indexed after it listed, and stops where the index is damaged', async () => {
    const { storage, open, write } = await world();
    const { contents } = await open();
    const id = await write('written meanwhile');
    await deleteUnreferencedPacks(contents, { safety: 'none' });
    expect(await (await open()).contents.read(id)).toEqual(new TextEncoder().encode('written meanwhile'));
    const [index] = await blobIds(storage, /^xn/);
    await storage.put(index, new Uint8Array(40));
    const before = await blobIds(storage);
    await expect(deleteUnreferencedPacks(contents, { safety: 'none' })).rejects.toThrow(/cannot be read/);
    expect(await blobIds(storage)).toEqual(before);
  });
});

describe('logs in the repository', () => {
  it('of Kopia are listed and read', async () => {
    const repository = await openFixture(await fixtureStorage('default-v3'), 'default-v3');
    const logs = await listLogs(repository.contents);
    const all = await blobIds(repository.storage, /^_log_/);
    expect(logs.flatMap(({ segments }) => segments.map(({ id }) => id)).toSorted()).toEqual(all);
    for (const { segments } of logs)
      for (const { id } of segments)
        expect(new TextDecoder().decode(await readLog(repository.contents, id))).toMatch(/^\{"/);
  });

  it('are kept by count, size and age', async () => {
    const { clock, storage, open } = await world();
    const { contents } = await open();
    const gzip = await contents.crypto.compressors.byId(0x1000);
    for (let i = 0; i < 5; i++) {
      const line = gzip.compress(new TextEncoder().encode(`{"n":${i}}\n`));
      const { id, data } = await sealNamedBlob(
        contents.crypto,
        `_log_2026010100000${i}_abcd_${1000 + i}_${1001 + i}_1_`,
        '',
        line,
      );
      await storage.put(id, data);
      clock.advance(HOUR);
    }
    const blobs = (await listLogs(contents)).flatMap(({ segments }) => segments);
    expect(new TextDecoder().decode(await readLog(contents, blobs[3].id))).toBe('{"n":3}\n');
    const now = clock.now();
    const left = (change: object) => 5 - expiredLogs(blobs, { ...defaultLogRetention, ...change }, now).length;
    expect([
      left({}),
      left({ maxCount: 2 }),
      left({ maxTotalSize: blobs[0].length * 3 }),
      left({ maxAge: 2n * 3_600_000_000_000n }),
    ]).toEqual([5, 2, 3, 2]);
    expect((await cleanupLogs(contents, { ...defaultLogRetention, maxCount: 2 }, now, true)).deleted).toHaveLength(3);
    expect(await blobIds(storage, /^_log_/)).toHaveLength(5);
    await cleanupLogs(contents, { ...defaultLogRetention, maxCount: 2 }, now);
    expect((await listLogs(contents)).map(({ startTime }) => startTime)).toEqual([1003, 1004]);
  });
});
