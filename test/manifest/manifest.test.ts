import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import { parseTime } from '../../src/bytes/time.ts';
import { encodeManifestContent, parseManifestContent, type ManifestEntry } from '../../src/manifest/content.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Native } from '../../src/ports.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';

const modified = parseTime('2026-08-21T12:00:00.123456789Z')!;
const id = '00112233445566778899aabbccddeeff';

describe('manifest contents', () => {
  it('have the bytes of Kopia', () => {
    const entries: ManifestEntry[] = [
      { id, labels: { type: 'x', a: '<&>' }, modified, deleted: false, data: { text: 'a&b', big: 2n ** 60n } },
      { id: id.replace('00', 'ff'), labels: { type: 'x' }, modified, deleted: true, data: 'gone' },
    ];
    const text =
      '{"entries":[{"id":"00112233445566778899aabbccddeeff","labels":{"a":"\\u003c\\u0026\\u003e","type":"x"},' +
      '"modified":"2026-08-21T12:00:00.123456789Z","data":{"text":"a\\u0026b","big":1152921504606846976}},' +
      '{"id":"ff112233445566778899aabbccddeeff","labels":null,"modified":"2026-08-21T12:00:00.123456789Z","deleted":true,"data":null}]}\n';
    expect(fromUtf8(encodeManifestContent(entries))).toBe(text);
    expect(parseManifestContent(utf8(text))).toEqual([
      { ...entries[0], data: { text: 'a&b', big: 2n ** 60n } },
      { ...entries[1], labels: {}, data: null },
    ]);
  });

  it('are read with keys in any case and any offset', () => {
    const [entry] = parseManifestContent(
      utf8('{"Entries":[{"ID":"a","MODIFIED":"2026-08-21T14:00:00.123456789+02:00"}]}'),
    );
    expect(entry).toEqual({ id: 'a', labels: {}, modified, deleted: false, data: null });
  });

  it.each([
    '',
    '{}',
    '[]',
    '{"entries":{}}',
    '{"entries":[1]}',
    '{"entries":[{"id":1,"modified":"2026-08-21T12:00:00Z"}]}',
    '{"entries":[{"id":"a"}]}',
    '{"entries":[{"id":"a","modified":"soon"}]}',
    '{"entries":[{"id":"a","modified":"2026-08-21T12:00:00Z","labels":[]}]}',
  ])('%s is corrupt', (text) => {
    expect(() => parseManifestContent(utf8(text))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});

describe('manifests of a repository', () => {
  const runtime = fastPorts();
  let storage: MemoryStorage;
  let repository: Repository;
  const reopened = () => openRepository(storage, { password }, runtime, { identity });
  const contentsOf = ({ contents }: Repository) =>
    [...contents.entries()].filter((info) => info.id.startsWith('m') && !info.deleted).length;

  beforeEach(async () => {
    storage = new MemoryStorage();
    repository = await createRepository(storage, password, runtime, { identity });
  });

  it('are seen by their session at once, by others after the flush', async () => {
    const session = repository.writeSession();
    const first = await session.manifests.put({ type: 'note', name: 'a' }, { n: 1 });
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect((await session.manifests.get(first)).data).toEqual({ n: 1 });
    expect((await session.manifests.find({ type: 'note' })).map((each) => each.id)).toEqual([first]);
    await expect((await reopened()).manifests.get(first)).rejects.toMatchObject({ code: 'manifest-not-found' });
    await session.flush();
    const reader = await reopened();
    expect((await reader.manifests.get(first)).metadata).toMatchObject({
      id: first,
      labels: { type: 'note', name: 'a' },
      length: 7,
    });
    expect(await reader.manifests.find({ type: 'note', name: 'b' })).toEqual([]);
    await expect(session.manifests.put({ name: 'x' }, {})).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('stay deleted, also when the clock goes back', async () => {
    const session = repository.writeSession();
    const note = await session.manifests.put({ type: 'note' }, {});
    await session.flush();
    const past = { ...runtime, clock: { ...runtime.clock, now: () => 1_500_000_000_000_000_000n } };
    const other = await openRepository(storage, { password }, past, { identity });
    const deleting = other.writeSession();
    await deleting.manifests.delete(note);
    await expect(deleting.manifests.get(note)).rejects.toMatchObject({ code: 'manifest-not-found' });
    await deleting.manifests.delete(note);
    await deleting.close();
    await expect((await reopened()).manifests.get(note)).rejects.toMatchObject({ code: 'manifest-not-found' });
  });

  it('are not lost when they are put while a flush is under way', async () => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    const slow = new FaultyStorage(storage).on('put', { run: async () => void (await pause()), repeat: 10 });
    const aesGcm = runtime.native.aesGcm!;
    const lazy: Native = {
      ...runtime.native,
      aesGcm: { ...aesGcm, seal: (...data) => pause().then(() => aesGcm.seal(...data)) },
    };
    const session = (
      await openRepository(slow, { password }, { ...runtime, native: lazy }, { identity })
    ).writeSession();
    const before = await session.manifests.put({ type: 'note' }, 'before');
    const flushing = session.flush();
    const during: string[] = [];
    for (let at = 0; at < 5; at++) {
      during.push(await session.manifests.put({ type: 'note' }, `during ${at}`));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await flushing;
    for (const each of [before, ...during]) await session.manifests.get(each);
    await session.flush();
    const { manifests } = await reopened();
    for (const each of [before, ...during]) await manifests.get(each);
  });

  it('are compacted when there are many contents, with nothing lost', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 21; at++) {
      const session = (await reopened()).writeSession();
      ids.push(await session.manifests.put({ type: 'note', at: String(at) }, { at }));
      if (at % 3 === 2) await session.manifests.delete(ids[at - 1]);
      await session.close();
    }
    const reader = await reopened();
    expect(contentsOf(reader)).toBeLessThan(17);
    const left = (await reader.manifests.find({ type: 'note' })).map((each) => each.labels.at);
    expect(left).toEqual(ids.map((_, at) => String(at)).filter((_, at) => at % 3 !== 1));
    expect((await reader.manifests.find({})).length).toBe(left.length + 2);
  });

  it('are all there after two writers compacted at the same time', async () => {
    for (let at = 0; at < 15; at++) {
      const session = (await reopened()).writeSession();
      await session.manifests.put({ type: 'note' }, at);
      await session.close();
    }
    const [one, two] = [(await reopened()).writeSession(), (await reopened()).writeSession()];
    await one.manifests.put({ type: 'note' }, 'one');
    await two.manifests.put({ type: 'note' }, 'two');
    await Promise.all([one.close(), two.close()]);
    expect((await (await reopened()).manifests.find({ type: 'note' })).length).toBe(17);
  });

  it('do not come back when a long session compacts after another one deleted and compacted', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 15; at++) {
      const session = (await reopened()).writeSession();
      ids.push(await session.manifests.put({ type: 'note' }, at));
      await session.close();
    }
    const long = (await reopened()).writeSession();
    await long.manifests.find({ type: 'note' });
    const other = (await reopened()).writeSession();
    await other.manifests.delete(ids[3]);
    await other.close();
    await long.manifests.put({ type: 'note' }, 'long');
    await long.close();
    const left = (await (await reopened()).manifests.find({ type: 'note' })).map((each) => each.id);
    expect(left).not.toContain(ids[3]);
    expect(left.length).toBe(15);
  });

  it('of a long session are written once each', async () => {
    const session = repository.writeSession();
    for (let at = 0; at < 5; at++) {
      await session.manifests.put({ type: 'note' }, at);
      await session.flush();
    }
    await session.flush();
    const reader = await reopened();
    expect((await reader.manifests.find({ type: 'note' })).length).toBe(5);
    expect(contentsOf(reader)).toBe(6);
  });
});
