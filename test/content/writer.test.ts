import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { BlobStorage } from '../../src/blob/storage.ts';
import { utf8 } from '../../src/bytes/gather.ts';
import { isCairnError } from '../../src/errors.ts';
import { listBlobs } from '../../src/content/index/load.ts';
import { readLocalIndex } from '../../src/content/recover-pack.ts';
import { sessionOf } from '../../src/content/session.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { RepositoryPorts } from '../../src/repository/open.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';

const runtime = fastPorts();
let memory: MemoryStorage;
let storage: FaultyStorage;

beforeEach(async () => {
  memory = new MemoryStorage();
  await createRepository(memory, password, runtime, { identity });
  storage = new FaultyStorage(memory);
});

const open = (over: BlobStorage = storage, more: RepositoryPorts = runtime) =>
  openRepository(over, { password }, more, { identity });
const writer = async (over: BlobStorage = storage, more: RepositoryPorts = runtime, maxPackSize = 10_000) => {
  const repository = await open(over, more);
  repository.format.parameters.maxPackSize = maxPackSize;
  return repository.writeSession().contents;
};
/** Calls that changed the storage, by the kind of blob: marker, pack, index. */
const changes = () =>
  storage.calls
    .filter(({ method }) => ['put', 'commit', 'delete'].includes(method))
    .map(
      ({ method, id }) =>
        (method === 'delete' ? '-' : '') + (id.startsWith('xn') ? 'index' : id.startsWith('s') ? 'marker' : id[0]),
    );

describe('the content writer', () => {
  it('writes marker, packs, index, and takes the marker away', async () => {
    const contents = await writer();
    for (let at = 0; at < 5; at++) await contents.write(noise(6000, at + 1), '', 0);
    await contents.write(utf8('directory'), 'k', 0);
    await contents.flush();
    const order = changes();
    expect(order[0]).toBe('marker');
    expect(order.slice(1, -2).sort()).toEqual(['p', 'p', 'p', 'q']);
    expect(order.slice(-2)).toEqual(['index', '-marker']);
    const sessions = new Set(
      storage.calls.filter(({ method }) => method === 'put' || method === 'commit').map(({ id }) => sessionOf(id)),
    );
    expect(sessions.size).toBe(1);
    expect(await listBlobs(memory, 's')).toEqual([]);
    await contents.flush();
    expect(changes()).toEqual(order);
  });

  it('reads at any moment what it was given, and knows it afterwards', async () => {
    const contents = await writer();
    const ids: string[] = [];
    for (let at = 0; at < 12; at++) {
      ids.push(await contents.write(noise(3000, at + 1), at % 3 === 0 ? 'k' : '', 0));
      if (at % 4 === 1) expect(await contents.read(ids[at - 1])).toEqual(noise(3000, at));
    }
    const seen = new Map<string, Uint8Array | Error>();
    await contents.readMany([...ids, '00'.repeat(16)], (id, data) => void seen.set(id, data));
    for (const [at, id] of ids.entries()) expect(seen.get(id)).toEqual(noise(3000, at + 1));
    expect(isCairnError(seen.get('00'.repeat(16)), 'content-not-found')).toBe(true);
    await contents.flush();
    const { calls } = storage;
    const puts = () => calls.filter(({ method }) => method === 'put' || method === 'commit').length;
    const before = puts();
    expect(await contents.write(noise(3000, 2), '', 0)).toBe(ids[1]);
    await contents.flush();
    const other = await writer();
    expect(await other.write(noise(3000, 2), '', 0)).toBe(ids[1]);
    await other.flush();
    expect(puts()).toBe(before);
    expect(await other.read(ids[0])).toEqual(noise(3000, 1));
  });

  it('stores one content once, however many write it at the same time', async () => {
    const contents = await writer();
    const ids = await Promise.all(Array.from({ length: 10 }, () => contents.write(noise(5000, 1), '', 0)));
    expect(new Set(ids).size).toBe(1);
    await contents.flush();
    expect(contents.written).toMatchObject({ contents: 1, originalBytes: 5000 });
  });

  it('deletes and writes again, each newer than before even when the clock stands or goes back', async () => {
    const at = (seconds: bigint) => ({ ...runtime, clock: { ...runtime.clock, now: () => seconds * 1_000_000_000n } });
    const data = utf8('again and again');
    let id = '';
    for (const step of [2_000_000_000n, 2_000_000_000n, 1_000_000_000n, 1_900_000_000n]) {
      const writing = await writer(storage, at(step));
      id = await writing.write(data, '', 0);
      await writing.flush();
      expect((await open()).contents.info(id)?.deleted).toBe(false);
      const deleting = await writer(storage, at(step));
      await deleting.delete(id);
      expect(deleting.info(id)?.deleted).toBe(true);
      await deleting.flush();
      expect((await open()).contents.info(id)?.deleted).toBe(true);
      // still readable until maintenance drops it
      expect(await (await open()).contents.read(id)).toEqual(data);
    }
    expect((await open()).contents.info(id)!.timestamp).toBeGreaterThanOrEqual(2_000_000_007);
  });

  it('may delete and write again within one session', async () => {
    const contents = await writer();
    const id = await contents.write(utf8('x'), '', 0);
    await contents.delete(id);
    await contents.delete(id);
    expect(await contents.write(utf8('x'), '', 0)).toBe(id);
    await contents.flush();
    expect((await open()).contents.info(id)).toMatchObject({ deleted: false });
    expect(await (await open()).contents.read(id)).toEqual(utf8('x'));
    await contents.delete(id);
    await contents.flush();
    expect((await open()).contents.info(id)).toMatchObject({ deleted: true });
    await contents.delete('00'.repeat(16));
  });

  it('writes no pack for deletions alone', async () => {
    const contents = await writer();
    const id = await contents.write(utf8('x'), '', 0);
    await contents.flush();
    const other = await writer();
    const before = changes().length;
    await other.delete(id);
    await other.flush();
    expect(changes().slice(before)).toEqual(['index']);
  });

  it('puts a local index at the end of each pack that names all of it', async () => {
    const contents = await writer();
    const ids: string[] = [];
    for (let at = 0; at < 7; at++) ids.push(await contents.write(noise(4000, at + 1), at % 2 === 0 ? '' : 'k', 0));
    await contents.flush();
    const { contents: store } = await open();
    const found = new Map<string, string>();
    for (const prefix of ['p', 'q'])
      for (const pack of await listBlobs(memory, prefix))
        for (const info of await readLocalIndex(memory, store.crypto, pack)) {
          expect(info.packBlob).toBe(pack.id);
          found.set(info.id, JSON.stringify(info));
        }
    for (const id of ids) expect(found.get(id)).toBe(JSON.stringify(store.info(id)));
    for (const { id, length } of await listBlobs(memory, 'p')) {
      const last = Math.max(
        ...[...store.entries()]
          .filter(({ packBlob }) => packBlob === id)
          .map((info) => info.packOffset + info.packedLength),
      );
      const bytes = await memory.get(id);
      expect(bytes.length).toBe(length);
      expect(length).toBeGreaterThan(Math.ceil((last + 1) / 4096) * 4096);
    }
  });

  it.each([
    ['marker', 's'],
    ['pack', 'p'],
    ['index', 'xn'],
  ])('ends with the first error of a put: %s', async (_, prefix) => {
    const broken = new FaultyStorage(memory);
    const failure = new Error('the cable was pulled');
    const put = broken.put.bind(broken);
    broken.put = (id, ...rest) => (id.startsWith(prefix) ? Promise.reject(failure) : put(id, ...rest));
    const contents = await writer(broken);
    const id = await contents.write(noise(3000, 1), '', 0);
    for (let round = 0; round < 2; round++) await expect(contents.flush()).rejects.toBe(failure);
    await expect(contents.write(utf8('more'), '', 0)).rejects.toBe(failure);
    await expect(contents.delete(id)).rejects.toBe(failure);
    await contents.abandon();
    const after = await open();
    expect(after.contents.info(id)).toBeUndefined();
    expect(after.problems).toEqual([]);
  });

  it('leaves the marker of a session that goes on', async () => {
    // while a flush waits for its packs, the next session opens a pack, fills it and stores it
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = new FaultyStorage(memory);
    const put = slow.put.bind(slow);
    let first = true;
    slow.put = async (id, ...rest) => {
      if (id.startsWith('p') && first) {
        first = false;
        await gate;
      }
      return put(id, ...rest);
    };
    const contents = await writer(slow);
    const one = await contents.write(noise(3000, 1), '', 0);
    const flushing = contents.flush();
    const two = await contents.write(noise(12_000, 2), '', 0);
    const three = await contents.write(noise(3000, 3), '', 0);
    while ((await listBlobs(memory, 'p')).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    release();
    await flushing;
    const open2 = await open(memory);
    expect(open2.contents.info(one)).toBeDefined();
    // the open pack of the second session is still protected by its marker
    expect((await listBlobs(memory, 's')).length).toBe(1);
    await contents.flush();
    expect(await listBlobs(memory, 's')).toEqual([]);
    const after = await open(memory);
    for (const [id, length, seed] of [
      [one, 3000, 1],
      [two, 12_000, 2],
      [three, 3000, 3],
    ] as const)
      expect(await after.contents.read(id)).toEqual(noise(length, seed));
  });

  it('never names a pack that is not there, also when a content is written again during a flush', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = new FaultyStorage(memory);
    const put = slow.put.bind(slow);
    slow.put = async (id, ...rest) => {
      if (id.startsWith('q')) await gate;
      return put(id, ...rest);
    };
    const contents = await writer(slow);
    const id = await contents.write(utf8('x'), '', 0);
    await contents.delete(id);
    await contents.write(utf8('d'), 'k', 0);
    const flushing = contents.flush();
    await contents.write(utf8('x'), '', 0);
    release();
    await flushing;
    const packs = new Set((await listBlobs(memory, 'p')).map((blob) => blob.id));
    for (const info of (await open(memory)).contents.entries())
      if (info.packBlob.startsWith('p')) expect(packs).toContain(info.packBlob);
    await contents.flush();
    expect(await (await open(memory)).contents.read(id)).toEqual(utf8('x'));
  });

  it('writes the index again when the epoch went on twice meanwhile, and gives up when that never ends', async () => {
    const racing = new FaultyStorage(memory);
    const put = racing.put.bind(racing);
    let epoch = 0;
    let advances = 2;
    racing.put = async (id, ...rest) => {
      const done = await put(id, ...rest);
      if (id.startsWith('xn')) for (; advances > 0; advances--) await put(`xe${++epoch}`, utf8('epoch-marker'));
      return done;
    };
    const contents = await writer(racing);
    const id = await contents.write(utf8('x'), '', 0);
    await contents.flush();
    expect((await listBlobs(memory, 'xn2')).length).toBe(1);
    expect((await open()).contents.info(id)).toBeDefined();
    racing.put = async (name, ...rest) => {
      const done = await put(name, ...rest);
      if (name.startsWith('xn')) for (let more = 0; more < 2; more++) await put(`xe${++epoch}`, utf8('epoch-marker'));
      return done;
    };
    const hopeless = await writer(racing);
    await hopeless.write(utf8('y'), '', 0);
    await expect(hopeless.flush()).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('slow index write'),
    });
    expect((await open()).contents.info(id)).toBeDefined();
  });

  it('throws away what was begun when it is abandoned', async () => {
    const contents = await writer();
    for (let at = 0; at < 5; at++) await contents.write(noise(4000, at + 1), '', 0);
    await contents.abandon();
    await expect(contents.flush()).rejects.toMatchObject({ code: 'canceled' });
    expect((await listBlobs(memory, 'xn')).length).toBe(1);
  });

  it('throws away the other open pack too when a put fails', async () => {
    const growing = new FaultyStorage(memory);
    const contents = await writer(growing, runtime, 4 << 20);
    await contents.write(noise(1_500_000, 1), '', 0);
    await contents.write(noise(900_000, 2), '', 0);
    growing.on('put', { error: new Error('no'), repeat: 100 });
    await contents.write(noise(900_000, 3), 'k', 0);
    await expect(contents.read(await contents.write(noise(10, 4), 'k', 0))).rejects.toThrow('no');
    expect(growing.calls.filter(({ method }) => method === 'begin').length).toBe(1);
    expect(growing.calls.filter(({ method }) => method === 'abort').length).toBe(1);
    await contents.abandon();
  });

  it('compresses where that helps and says so in the index', async () => {
    const contents = await writer();
    const text = utf8('the quick brown fox '.repeat(500));
    const packed = await contents.write(text, '', 0x1100);
    const plain = await contents.write(noise(5000, 9), '', 0x1100);
    const tiny = await contents.write(utf8('abc'), '', 0x1100);
    await contents.flush();
    const after = await open();
    expect(after.contents.info(packed)).toMatchObject({ compression: 0x1100, originalLength: text.length });
    expect(after.contents.info(packed)!.packedLength).toBeLessThan(300);
    expect(after.contents.info(plain)).toMatchObject({ compression: 0, packedLength: 5028 });
    expect(after.contents.info(tiny)).toMatchObject({ compression: 0, packedLength: 31 });
    expect(await after.contents.read(packed)).toEqual(text);
  });
});
