import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { NativeAead } from '../../src/ports.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import { takeSnapshot } from '../../src/repository/snapshot.ts';
import { newProgress } from '../../src/upload/progress.ts';
import { FaultyStorage } from '../blob/faulty.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';
import { temporaryDirectory } from '../runtime.ts';
import { snapshotOf } from './upload-fixture.ts';

const MiB = 1 << 20;
const runtime = fastPorts();
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** A cipher that takes a turn of the event loop, as WebCrypto does. */
const lazy: NativeAead = {
  ...runtime.native.aesGcm!,
  seal: async (...data) => {
    await turn();
    await runtime.native.aesGcm!.seal(...data);
  },
};

async function expectMatching(storage: MemoryStorage): Promise<void> {
  const { contents } = await openRepository(storage, { password }, runtime, { identity });
  await contents.readMany(
    [...contents.entries()].map(({ id }) => id),
    (id, data) => {
      if (data instanceof Error) throw data;
      expect(contents.matches(id, data), id).toBe(true);
    },
  );
}

describe('without workers', () => {
  const trees: string[] = [];
  let huge: string;
  beforeAll(() => {
    const root = temporaryDirectory();
    for (const at of [0, 1, 2]) {
      trees.push(join(root, `tree-${at}`));
      mkdirSync(trees[at]);
      for (let file = 0; file < 20; file++)
        writeFileSync(join(trees[at], `file-${file}`), noise(20_000 + 17 * file, 1 + at * 100 + file));
      writeFileSync(join(trees[at], 'large'), noise(9 * MiB, 1000 + at));
    }
    huge = join(root, 'huge');
    mkdirSync(huge);
    const data = new Uint8Array(120 * MiB);
    for (let at = 0; at < 120; at += 8) data.set(noise(8 * MiB, at + 1), at * MiB);
    writeFileSync(join(huge, 'file'), data);
  });

  it.each(['at once', 'after a turn'])(
    'several snapshots side by side in one repository do not mix their bytes (the cipher answers %s)',
    async (when) => {
      const storage = new MemoryStorage();
      const native = when === 'at once' ? runtime.native : { ...runtime.native, aesGcm: lazy };
      const repository = await createRepository(storage, password, { ...runtime, native }, { identity });
      const taken = await Promise.all(
        trees.map((path) =>
          takeSnapshot(repository.writeSession(), {
            source: { host: 'alpha', userName: 'ann', path },
            path,
            workers: 0,
          }),
        ),
      );
      expect(taken.map(({ stats }) => [stats.errorCount, stats.fileCount])).toEqual(trees.map(() => [0, 21]));
      await expectMatching(storage);
    },
  );

  it('a file of 120 MiB waits for a slow storage, and lets the event loop turn', async () => {
    const memory = new MemoryStorage();
    await createRepository(memory, password, runtime, { identity });
    const storage = new FaultyStorage(memory);
    const slow = { run: () => new Promise<void>((resolve) => setTimeout(resolve, 5)), repeat: 10_000 };
    storage.on('put', slow).on('append', slow);
    const repository = await openRepository(storage, { password }, runtime, { identity });
    const session = repository.writeSession();
    let most = 0;
    let turns = 0;
    const watch = setInterval(() => {
      turns++;
      const sent = storage.calls.reduce((sum, call) => sum + call.sent, 0);
      most = Math.max(most, session.contents.written.packedBytes - sent);
    }, 1);
    await takeSnapshot(session, { source: { host: 'alpha', userName: 'ann', path: huge }, path: huge, workers: 0 });
    clearInterval(watch);
    expect(turns).toBeGreaterThan(10);
    expect(most).toBeLessThan(64 * MiB);
    await expectMatching(memory);
  });

  it('a signal is heard in the middle of a file', async () => {
    const repository = await createRepository(new MemoryStorage(), password, runtime, { identity });
    const abort = new AbortController();
    const progress = newProgress();
    setTimeout(() => abort.abort(), 30);
    const { incomplete } = await snapshotOf(repository, huge, { signal: abort.signal, progress });
    expect([incomplete, progress.hashedFiles]).toEqual(['canceled', 0]);
  });
});
