import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { listBlobs } from '../../src/content/index/load.ts';
import { changePassword, PENDING } from '../../src/format/change-password.ts';
import { openFormat, readFormatBlobs, sealFormat } from '../../src/format/format.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';

const runtime = fastPorts();
const other = 'another';
const blobs = new Map<string, Uint8Array>();

async function restored(without: readonly string[] = []): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  for (const [id, data] of blobs) if (!without.includes(id)) await storage.put(id, data);
  return storage;
}

const open = (storage: MemoryStorage, secret: string) => openRepository(storage, { password: secret }, runtime);
/** `opens`, or the code of the error. */
const verdict = (opening: Promise<unknown>) =>
  opening.then(
    () => 'opens',
    (error: { code?: string }) => error.code ?? String(error),
  );
const opens = async (storage: MemoryStorage, secret: string) => (await verdict(open(storage, secret))) === 'opens';
/** Without any mending, as Kopia does. */
const opensPlainly = async (storage: MemoryStorage, secret: string) =>
  openFormat(await readFormatBlobs(storage), { password: secret }, runtime.native).then(
    () => true,
    () => false,
  );

async function change(storage: FaultyStorage) {
  const format = await openFormat(await readFormatBlobs(storage), { password }, runtime.native);
  return changePassword(storage, format, other, runtime);
}

beforeAll(async () => {
  const storage = new MemoryStorage();
  await createRepository(storage, password, runtime, { identity });
  for (const { id } of await listBlobs(storage, '')) blobs.set(id, await storage.get(id));
});

describe('changing the password', () => {
  it('leaves two blobs of the new key and nothing else', async () => {
    const storage = await restored();
    const before = (await listBlobs(storage, '')).map(({ id }) => id);
    await change(new FaultyStorage(storage));
    expect((await listBlobs(storage, '')).map(({ id }) => id)).toEqual(before);
    expect(await opensPlainly(storage, other)).toBe(true);
    expect(await verdict(open(storage, password))).toBe('wrong-password');
    expect((await (await open(storage, other)).manifests.find({})).length).toBe(2);
  });

  it('is refused for the same password, an empty one, and old repositories', async () => {
    const storage = await restored();
    const format = await openFormat(await readFormatBlobs(storage), { password }, runtime.native);
    await expect(changePassword(storage, format, password, runtime)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await expect(changePassword(storage, format, '', runtime)).rejects.toMatchObject({ code: 'invalid-argument' });
    const old = { ...format, parameters: { ...format.parameters, enablePasswordChange: false } };
    await expect(changePassword(storage, old, other, runtime)).rejects.toMatchObject({ code: 'unsupported' });
    expect((await listBlobs(storage, '')).length).toBe(blobs.size);
  });

  const cases = [false, true].flatMap((done) => [false, true].map((noConfig) => ({ done, noConfig })));
  it.each(cases)(
    'survives a crash at every call (call done: $done, without kopia.blobcfg: $noConfig)',
    async ({ done, noConfig }) => {
      for (let calls = 0; ; calls++) {
        const crashed = async () => {
          const storage = await restored(noConfig ? ['kopia.blobcfg'] : []);
          const crash = await change(new FaultyStorage(storage).crashAfter(calls, done)).then(
            () => false,
            () => true,
          );
          return { storage, crash };
        };
        const { storage, crash } = await crashed();
        const second = (await crashed()).storage;
        const works = [await opens(storage, password), await opens(second, other)];
        expect(works, `crash after ${calls} calls`).toContain(true);
        // whichever was asked first settled the change: from then on Kopia opens it too, and only that password works
        for (const [at, settled, secret, wrong] of [
          [0, storage, password, other],
          [1, second, other, password],
        ] as const) {
          if (!works[at]) continue;
          expect(await opensPlainly(settled, secret), `${secret} after ${calls} calls`).toBe(true);
          expect(await verdict(open(settled, wrong)), `${wrong} after ${calls} calls`).toBe('wrong-password');
          expect(await opensPlainly(settled, secret)).toBe(true);
          expect((await (await open(settled, secret)).manifests.find({})).length).toBe(2);
        }
        if (!crash) break;
      }
    },
  );

  it('never brings back format blobs that were replaced since', async () => {
    for (let calls = 0; calls < 6; calls++) {
      const storage = await restored();
      await change(new FaultyStorage(storage).crashAfter(calls, true)).catch(() => {});
      for (const secret of [password, other]) {
        if (!(await opensPlainly(storage, secret))) continue;
        // another program changes parameters, and something else is wrong with the repository
        const format = await openFormat(await readFormatBlobs(storage), { password: secret }, runtime.native);
        const changed = {
          ...format,
          parameters: { ...format.parameters, maxPackSize: 12_345_678, requiredFeatures: [7] },
        };
        const sealed = await sealFormat(changed, runtime);
        await storage.put('kopia.blobcfg', sealed.blobcfg);
        await storage.put('kopia.repository', sealed.repository);
        expect(await verdict(open(storage, secret))).toBe('corrupt');
        for (const each of [password, other, 'third']) await open(storage, each).catch(() => {});
        const { parameters } = await openFormat(await readFormatBlobs(storage), { password: secret }, runtime.native);
        expect(parameters.maxPackSize, `crash after ${calls} calls`).toBe(12_345_678);
      }
    }
  });

  it('mends nothing over a read-only connection', async () => {
    const storage = await restored();
    await change(new FaultyStorage(storage).crashAfter(3)).catch(() => {});
    expect(await opensPlainly(storage, password)).toBe(false);
    const readOnly = openRepository(storage, { password }, runtime, { readOnly: true });
    expect(await verdict(readOnly)).not.toBe('opens');
    expect((await listBlobs(storage, PENDING)).length).toBeGreaterThan(0);
    expect(await opens(storage, password)).toBe(true);
  });
});
