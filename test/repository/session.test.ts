import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { ReadOnlyStorage } from '../../src/blob/readonly.ts';
import { listBlobs } from '../../src/content/index/load.ts';
import { changePassword } from '../../src/format/change-password.ts';
import { formatTime } from '../../src/bytes/time.ts';
import { openFormat, readFormatBlobs, sealFormat } from '../../src/format/format.ts';
import type { RepositoryParameters } from '../../src/format/parameters.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { fastPorts, identity, password } from './fast.ts';

const base = fastPorts();
const MINUTE = 60_000;
let elapsed: number;
let storage: MemoryStorage;
let repository: Repository;
const runtime = { ...base, clock: { ...base.clock, monotonic: () => elapsed } };

beforeEach(async () => {
  elapsed = 0;
  storage = new MemoryStorage();
  repository = await createRepository(storage, password, runtime, { identity });
});

const noteIds = async () =>
  (await (await openRepository(storage, { password }, runtime)).manifests.find({ type: 'note' })).map(({ id }) => id);

/** What another program does to the format meanwhile. */
async function change(parameters: Partial<RepositoryParameters>): Promise<void> {
  const format = await openFormat(await readFormatBlobs(storage), { password }, base.native);
  const blobs = await sealFormat({ ...format, parameters: { ...format.parameters, ...parameters } }, base);
  await storage.put('kopia.blobcfg', blobs.blobcfg);
  await storage.put('kopia.repository', blobs.repository);
}

describe('a long session', () => {
  it('asks for the format again after 15 minutes, and not before', async () => {
    const counting = new FaultyStorage(storage);
    const session = (await openRepository(counting, { password }, runtime)).writeSession();
    const asked = () => counting.calls.filter(({ method, id }) => method === 'get' && id === 'kopia.repository').length;
    const before = asked();
    for (const minutes of [1, 14, 16, 20, 32]) {
      elapsed = minutes * MINUTE;
      await session.manifests.put({ type: 'note' }, minutes);
      await session.flush();
    }
    expect(asked() - before).toBe(2);
    expect((await noteIds()).length).toBe(5);
  });

  it('stops for an upgrade lock, however often it is asked', async () => {
    const session = repository.writeSession();
    const id = await session.manifests.put({ type: 'note' }, 'before');
    await session.flush();
    await change({ upgradeLock: { ownerID: 'bob', creationTime: formatTime(base.clock.now()), message: 'tonight' } });
    await session.manifests.put({ type: 'note' }, 'after');
    elapsed = 16 * MINUTE;
    for (let round = 0; round < 3; round++)
      await expect(session.flush()).rejects.toMatchObject({ code: 'upgrade-in-progress' });
    await change({ upgradeLock: undefined });
    expect(await noteIds()).toEqual([id]);
    // the lock is gone: what waits is written
    await session.flush();
    expect((await noteIds()).length).toBe(2);
  });

  it('stops when the password was changed', async () => {
    const session = repository.writeSession();
    await session.manifests.put({ type: 'note' }, {});
    await changePassword(storage, repository.format, 'another', base);
    elapsed = 16 * MINUTE;
    for (let round = 0; round < 2; round++)
      await expect(session.flush()).rejects.toMatchObject({ code: 'wrong-password', hint: expect.any(String) });
  });

  it('stops when its indexes would not be seen any more, and goes on when only other things changed', async () => {
    const session = repository.writeSession();
    await change({ maxPackSize: 30 << 20, unknown: { future: 1 } });
    await session.manifests.put({ type: 'note' }, 1);
    elapsed = 16 * MINUTE;
    await session.flush();
    const { epochParameters } = repository.format.parameters;
    for (const parameters of [
      { epochParameters: { ...epochParameters, enabled: false } },
      { indexVersion: 1 },
      { version: 2 },
    ]) {
      await change({ epochParameters, indexVersion: 2, version: 3, ...parameters });
      await session.manifests.put({ type: 'note' }, 2);
      elapsed += 16 * MINUTE;
      for (let round = 0; round < 2; round++)
        await expect(session.flush()).rejects.toMatchObject({ code: 'upgrade-in-progress', hint: expect.any(String) });
    }
    await change({ epochParameters, indexVersion: 2, version: 3 });
    expect((await noteIds()).length).toBe(1);
  });

  it('cannot begin over a read-only connection', async () => {
    for (const opened of [
      await openRepository(storage, { password }, runtime, { readOnly: true }),
      await openRepository(new ReadOnlyStorage(storage), { password }, runtime),
    ])
      expect(() => opened.writeSession()).toThrow(
        expect.objectContaining({ code: 'read-only', hint: expect.any(String) }),
      );
  });
});

describe('creating a repository', () => {
  const refuse = async (options: Parameters<typeof createRepository>[3], secret = password) => {
    const empty = new MemoryStorage();
    const failed = createRepository(empty, secret, runtime, options).then(
      () => 'created',
      (error: { code?: string }) => error.code ?? String(error),
    );
    const code = await failed;
    expect(await listBlobs(empty, '')).toEqual([]);
    return code;
  };

  it('writes nothing unless every choice is valid', async () => {
    expect(await refuse({ hash: 'MD5' })).toBe('unknown-algorithm');
    expect(await refuse({ encryption: 'NONE' })).toBe('unknown-algorithm');
    expect(await refuse({ splitter: 'FIXED-3M' })).toBe('unknown-algorithm');
    expect(await refuse({ keyAlgorithm: 'md5' })).toBe('unknown-algorithm');
    expect(await refuse({ ecc: 'PARITY', eccOverheadPercent: 2 })).toBe('unknown-algorithm');
    expect(await refuse({ formatVersion: 9 })).toBe('unsupported-version');
    for (const eccOverheadPercent of [-1, 101, 1.5, NaN])
      expect(await refuse({ eccOverheadPercent })).toBe('invalid-argument');
    expect(await refuse({ retention: { mode: 'FOREVER', period: 86_400_000_000_000n } })).toBe('invalid-argument');
    expect(await refuse({}, '')).toBe('invalid-argument');
  });

  it('refuses a storage that holds anything, and leaves it alone', async () => {
    for (const [id, hint] of [
      ['kopia.repository', /connect/],
      ['kopia.blobcfg', /delete/],
      ['p0123', /empty/],
      ['_log_1', /empty/],
    ] as const) {
      const used = new MemoryStorage();
      await used.put(id, new Uint8Array(1));
      await expect(createRepository(used, password, runtime).then(() => 'created')).rejects.toMatchObject({
        code: 'already-initialized',
        hint: expect.stringMatching(hint),
      });
      expect((await listBlobs(used, '')).map((blob) => [blob.id, blob.length])).toEqual([[id, 1]]);
    }
    await expect(createRepository(storage, password, runtime).then(() => 'created')).rejects.toMatchObject({
      code: 'already-initialized',
    });
  });

  it.each([1, 2, 3])(
    'of version %d has the format that goes with it, the global policy and an owner',
    async (formatVersion) => {
      const made = new MemoryStorage();
      const created = await createRepository(made, password, runtime, { formatVersion, identity });
      const { parameters } = created.format;
      expect([
        parameters.version,
        parameters.indexVersion,
        parameters.epochParameters.enabled,
        parameters.enablePasswordChange,
      ]).toEqual([formatVersion, formatVersion === 1 ? 1 : 2, formatVersion !== 1, formatVersion !== 1]);
      const items = await created.manifests.find({});
      expect(items.map(({ labels }) => labels)).toEqual(
        expect.arrayContaining([{ type: 'policy', policyType: 'global' }, { type: 'maintenance' }]),
      );
      const { data } = await created.manifests.get(items.find(({ labels }) => labels.type === 'maintenance')!.id);
      expect(data).toMatchObject({ owner: 'ann@alpha' });
      expect((await openRepository(made, { formatKey: created.format.formatKey }, runtime)).contents.index.count).toBe(
        created.contents.index.count,
      );
    },
  );
});
