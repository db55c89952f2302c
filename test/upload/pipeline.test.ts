import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { BlobStorage } from '../../src/blob/storage.ts';
import { sealBytes } from '../../src/content/crypto.ts';
import { cipherId, contentIdOf } from '../../src/content/id.ts';
import { createRepository } from '../../src/repository/create.ts';
import { BUFFER } from '../../src/upload/batch-output.ts';
import type { SealedBatch, StageRequest, StageResponse } from '../../src/upload/messages.ts';
import { Pipeline } from '../../src/upload/pipeline.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';

/** A pipeline over a storage, with a worker that says what the test says. */
async function withWorker(storage: BlobStorage) {
  const ports = fastPorts();
  const repository = await createRepository(storage, password, ports, { identity });
  const session = repository.writeSession();
  const { crypto } = repository.contents;
  let tell: (message: StageResponse) => void = () => {};
  let returned = 0;
  const pipeline = new Pipeline({
    writer: session.contents,
    core: repository.state.core,
    crypto,
    parameters: repository.format.parameters,
    syncFiles: ports.syncFiles,
    clock: ports.clock,
    workers: 1,
    spawn: () => ({
      post: (message) => void ((message as StageRequest).kind === 'buffer' && returned++),
      onMessage: (handler) => void (tell = handler),
      onError() {},
      close() {},
    }),
  });
  pipeline.read({ path: '', offset: 0, splitter: 'FIXED', compression: 0 }, 8 << 20, () => {});
  tell({ kind: 'ready' });
  /** Contents in a buffer of eight MiB. */
  const batchOf = async (plains: Uint8Array[]): Promise<SealedBatch> => {
    const bytes = new Uint8Array(8 * BUFFER);
    const hashes = new Uint8Array(plains.length * crypto.hasher.size);
    const numbers = new Uint32Array(plains.length * 3);
    let at = 0;
    for (const [i, plain] of plains.entries()) {
      const hash = crypto.hasher.hash(plain);
      const sealed = await sealBytes(crypto, cipherId(hash), plain);
      hashes.set(hash, i * hash.length);
      numbers.set([sealed.length, plain.length, 0], i * 3);
      bytes.set(sealed, at);
      at += sealed.length;
    }
    return { buffer: bytes.buffer, hashes, numbers };
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  return {
    repository,
    session,
    pipeline,
    turn,
    returned: () => returned,
    idOf: (plain: Uint8Array) => contentIdOf('', crypto.hasher.hash(plain)),
    send: async (plains: Uint8Array[]) => {
      const batch = await batchOf(plains);
      tell({ kind: 'sealed', batch });
      await turn();
      return batch;
    },
  };
}

describe('a buffer of a worker, where the storage takes only whole packs,', () => {
  const wholePacks = () => Object.assign(new MemoryStorage(), { begin: undefined }) as BlobStorage;

  it('comes back when its pack is put, and at once when the pack needs little of it', async () => {
    const { repository, session, send, idOf, returned, turn } = await withWorker(wholePacks());
    const known = [noise(3 * BUFFER, 1), noise(2 * BUFFER, 2)];
    const added = noise(BUFFER, 3);
    await send(known);
    expect(returned()).toBe(0);
    await send(known);
    expect(returned()).toBe(1);
    const { buffer } = await send([known[0], added, known[1]]);
    expect(returned()).toBe(2);
    // its next use
    new Uint8Array(buffer).fill(0);
    await session.flush();
    await turn();
    expect(returned()).toBe(3);
    await session.close();
    await repository.refresh();
    for (const plain of [...known, added]) {
      const id = idOf(plain);
      expect(repository.contents.matches(id, await repository.contents.read(id))).toBe(true);
    }
  });

  it('comes back when its contents could not be given to a pack', async () => {
    const { session, pipeline, send, returned, turn } = await withWorker(wholePacks());
    await session.abandon();
    await send([noise(5 * BUFFER, 1)]);
    await send([noise(5 * BUFFER, 2)]);
    await turn();
    expect(returned()).toBe(2);
    pipeline.close();
  });
});
