import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { sealBytes } from '../../src/content/crypto.ts';
import { OpenPack } from '../../src/content/open-pack.ts';
import { cipherId, contentIdFromKey } from '../../src/content/id.ts';
import { createRepository, openStorage } from '../../src/repository/index.ts';
import { ports as makePorts } from '../runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'cairn-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('WriteManager.stored', () => {
  it('resolves only when no pack needs the bytes any more, also when a batch lies in two packs', async () => {
    const ports = makePorts();
    const storage = await openStorage({ type: 'filesystem', config: { path: join(folder, 'repository') } }, ports, {
      create: true,
    });
    // the first pack is slow, so that the next ones overtake it
    const begin = storage.begin!.bind(storage);
    let slow = true;
    storage.begin = async (id) => {
      const appender = await begin(id);
      const append = appender.append.bind(appender);
      const wait = slow ? 30 : 0;
      slow = false;
      appender.append = async (data) => {
        await new Promise((resolve) => setTimeout(resolve, wait));
        await append(data);
      };
      return appender;
    };
    const repository = await createRepository(storage, 'pw', ports);
    const { contents } = repository.writeSession();
    const { crypto } = repository.contents;
    const plains = new Map<string, Uint8Array>();
    const reused: Promise<void>[] = [];
    for (let batch = 0; batch < 40; batch++) {
      const buffer = new Uint8Array(3 << 20);
      let at = 0;
      for (let n = 0; n < 4; n++) {
        const plain = new Uint8Array(700_000);
        new DataView(plain.buffer).setUint32(0, batch * 4 + n);
        const hash = crypto.hasher.hash(plain);
        const key = new Uint8Array(1 + hash.length);
        key.set(hash, 1);
        plains.set(contentIdFromKey(key), plain);
        const sealed = await sealBytes(crypto, cipherId(hash), plain);
        buffer.set(sealed, at);
        void contents.add(key, buffer.subarray(at, at + sealed.length), plain.length, 0);
        at += sealed.length;
      }
      // what a worker does with a buffer that came back
      reused.push(contents.stored().then(() => void buffer.fill(0)));
    }
    await contents.flush();
    await Promise.all(reused);
    await repository.refresh();
    let wrong = 0;
    await repository.contents.readMany(plains.keys(), (id, data) => {
      if (data instanceof Error || data.length !== 700_000 || !repository.contents.matches(id, data)) wrong++;
    });
    expect(wrong).toBe(0);
    await repository.close();
  });

  it('asked for while a pack is being finished neither starts it again nor gives its bytes away', async () => {
    const ports = makePorts();
    const repository = await createRepository(new MemoryStorage(), 'pw', ports);
    const { contents } = repository.writeSession();
    const { crypto } = repository.contents;
    const ids: string[] = [];
    for (let round = 0; round < 120; round++) {
      const plain = new Uint8Array(20_000).fill(round);
      const hash = crypto.hasher.hash(plain);
      const key = new Uint8Array(1 + hash.length);
      key.set(hash, 1);
      ids.push(contentIdFromKey(key));
      const sealed = await sealBytes(crypto, cipherId(hash), plain);
      void contents.add(key, sealed, plain.length, 0);
      const flushed = contents.flush();
      // every moment of the flush is tried
      for (let turn = 0; turn < round; turn++) await Promise.resolve();
      await contents.stored();
      sealed.fill(0);
      await flushed;
    }
    await repository.refresh();
    let wrong = 0;
    await repository.contents.readMany(ids, (id, data) => {
      if (data instanceof Error || !repository.contents.matches(id, data)) wrong++;
    });
    expect(wrong).toBe(0);
    await repository.close();
  });
});

describe('a pack that is thrown away', () => {
  it('begins no file any more, and gives its bytes back', async () => {
    const storage = new MemoryStorage();
    const { random } = makePorts();
    let begun = 0;
    const begin = storage.begin.bind(storage);
    storage.begin = (id) => (begun++, begin(id));
    const pack = new OpenPack(storage, random, 'p', 'session', undefined);
    pack.append(new Uint8Array(1000));
    const thrown = pack.abort();
    await pack.stored();
    await thrown;
    expect(begun).toBe(0);
  });
});
