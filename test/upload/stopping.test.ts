import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { SyncFiles } from '../../src/ports.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { newProgress } from '../../src/upload/progress.ts';
import { noise } from '../compat/tree.ts';
import { expectWhole } from '../crash/scenario.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { hookedSyncFiles, localWorkers, type LocalWorkers } from './hooks.ts';
import { snapshotOf, treeOf } from './upload-fixture.ts';

let tree: string;
const FOLDERS = 12;
const FILES = 30;

beforeAll(() => {
  tree = join(temporaryDirectory(), 'tree');
  for (let folder = 0; folder < FOLDERS; folder++) {
    mkdirSync(join(tree, `folder-${folder}`), { recursive: true });
    // every file has a twin in another folder
    for (let at = 0; at < FILES; at++)
      writeFileSync(
        join(tree, `folder-${folder}/file-${at}`),
        noise(100_000, 1 + ((folder * FILES + at) % ((FOLDERS * FILES) / 2))),
      );
  }
});

interface Setting {
  storage: MemoryStorage;
  repository: Repository;
  workers: LocalWorkers;
}

async function setUp(
  hook?: (call: keyof SyncFiles, path: string) => void,
  delay?: Parameters<typeof localWorkers>[1],
  here?: (call: keyof SyncFiles) => void,
): Promise<Setting> {
  const base = fastPorts();
  const syncFiles = hookedSyncFiles(base.syncFiles, { before: hook });
  const workers = localWorkers(() => ({ ...base, syncFiles }), delay);
  const storage = new MemoryStorage();
  const repository = await createRepository(
    storage,
    password,
    { ...base, syncFiles: hookedSyncFiles(syncFiles, { before: here }), spawn: workers.spawn },
    { identity },
  );
  return { storage, repository, workers };
}

const snapshots = async (repository: Repository) => (await listSnapshots(repository.manifests)).snapshots;
/** Makes this thread slow at opening files, so that it does not do all the work before the workers are there. */
function slowly(call: keyof SyncFiles): void {
  if (call !== 'openRead') return;
  const until = performance.now() + 4;
  while (performance.now() < until);
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

describe('an upload that is stopped', () => {
  it.each([0, 2])(
    'by a signal keeps what it has, and the next one goes on from there (%d workers)',
    async (workers) => {
      const abort = new AbortController();
      let opened = 0;
      const { storage, repository } = await setUp((call) => {
        if (call === 'openRead' && ++opened === 130) abort.abort();
      });
      const stopped = await snapshotOf(repository, tree, { signal: abort.signal, workers });
      expect(stopped.incomplete).toBe('canceled');
      expect(stopped.rootEntry!.summary!.incomplete).toBe('canceled');
      const { files } = stopped.rootEntry!.summary!;
      expect(files).toBeGreaterThan(0);
      expect(files).toBeLessThan(FOLDERS * FILES);
      await expectWhole(storage);
      const next = await snapshotOf(repository, tree, { workers });
      expect(next).toMatchObject({ incomplete: '', stats: { cachedFiles: files, fileCount: FOLDERS * FILES - files } });
      // from then on the incomplete one is not compared with
      expect((await snapshotOf(repository, tree)).stats.cachedFiles).toBe(FOLDERS * FILES);
      await expectWhole(storage);
    },
  );

  it('at any moment refers to nothing that was not stored, however late workers answer', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const abort = new AbortController();
      let x = seed;
      const slow = seed % 2;
      const { storage, repository, workers } = await setUp(undefined, (worker, { kind }) => {
        x = (Math.imul(x, 1103515245) + 12345) >>> 0;
        return worker === slow && (kind === 'sealed' || kind === 'files') ? sleep(x % 30) : undefined;
      });
      const progress = newProgress();
      const watch = setInterval(() => progress.hashedFiles > 20 * seed && abort.abort(), 1);
      const { incomplete } = await snapshotOf(repository, tree, { signal: abort.signal, workers: 2, progress });
      clearInterval(watch);
      await expectWhole(storage).catch((error: unknown) => {
        throw new Error(`seed ${seed}, ${incomplete}, ${workers.started} workers: ${String(error)}`, { cause: error });
      });
    }
  });

  it('before it began stores an empty, incomplete snapshot', async () => {
    const { repository, storage } = await setUp();
    const stopped = await snapshotOf(repository, tree, { signal: AbortSignal.abort() });
    expect(stopped).toMatchObject({ incomplete: 'canceled', rootEntry: { summary: { files: 0 } } });
    await expectWhole(storage);
  });

  it('by its limit says so', async () => {
    const { repository, storage } = await setUp();
    const limited = await snapshotOf(repository, tree, { limitBytes: 2_500_000 });
    expect(limited.incomplete).toBe('limit reached');
    const { size, files } = limited.rootEntry!.summary!;
    expect(size).toBeGreaterThanOrEqual(2_500_000);
    expect(size).toBeLessThan(20_000_000);
    await expectWhole(storage);
    const rest = await snapshotOf(repository, tree);
    expect(rest.stats).toMatchObject({ cachedFiles: files, fileCount: FOLDERS * FILES - files });
    expect((await snapshotOf(repository, tree, { limitBytes: 1 })).incomplete).toBe('');
  });

  it('while a file of 60 MiB is read in parts', async () => {
    const path = join(temporaryDirectory(), 'huge');
    mkdirSync(path);
    writeFileSync(join(path, 'one'), noise(60 << 20, 3));
    writeFileSync(join(path, 'two'), noise(60 << 20, 3));
    for (const at of [40, 150, 300]) {
      const abort = new AbortController();
      let reads = 0;
      const { repository, storage } = await setUp((call) => {
        if (call === 'read' && ++reads === at) abort.abort();
      });
      expect((await snapshotOf(repository, path, { signal: abort.signal, workers: 2 })).incomplete).toBe('canceled');
      await expectWhole(storage);
    }
  });
});

describe('a file of 60 MiB of which a part cannot be read', () => {
  it('costs only itself, and the end waits for what other threads still seal', async () => {
    const path = join(temporaryDirectory(), 'huge');
    mkdirSync(path);
    writeFileSync(join(path, 'huge'), noise(60 << 20, 3));
    let opened = 0;
    const { repository, storage, workers } = await setUp(
      (call) => {
        if (call === 'openRead' && ++opened === 9) throw Object.assign(new Error('bad sector'), { code: 'EIO' });
      },
      (worker, { kind }) => (worker === 0 && kind === 'sealed' ? sleep(150) : undefined),
    );
    const { stats } = await snapshotOf(repository, path, { workers: 2 });
    expect(stats).toMatchObject({ errorCount: 1, fileCount: 0 });
    await sleep(100);
    expect([workers.started > 0, workers.dropped]).toEqual([true, 0]);
    await expectWhole(storage);
  });
});

describe('checkpoints', () => {
  /** A clock of which every look takes a second, so that many checkpoints fall into a short run. */
  function hasty() {
    const base = fastPorts();
    let now = 0;
    return { ...base, clock: { ...base.clock, monotonic: () => (now += 1000) } };
  }

  it('are left by a killed run, found by the next, and gone when one is complete', async () => {
    const storage = new MemoryStorage();
    const runtime = hasty();
    let listed = 0;
    const syncFiles = hookedSyncFiles(runtime.syncFiles, {
      before: (call) => {
        if (call === 'names' && ++listed === 9) throw new Error('killed');
      },
    });
    const repository = await createRepository(storage, password, { ...runtime, syncFiles }, { identity });
    await expect(snapshotOf(repository, tree, { checkpointInterval: 30_000 })).rejects.toThrow('killed');
    await expectWhole(storage);
    const after = await openRepository(storage, { password }, runtime, { identity });
    const [left, ...more] = await snapshots(after);
    expect(more).toEqual([]);
    expect(left.incomplete).toBe('checkpoint');
    expect(left.rootEntry!.summary!.incomplete).toBe('checkpoint');
    const { files } = left.rootEntry!.summary!;
    expect(files).toBeGreaterThan(FILES);
    expect(Object.keys(await treeOf(after, left.rootEntry!)).length).toBeGreaterThan(files);
    const next = await snapshotOf(after, tree, { checkpointInterval: 30_000 });
    expect(next).toMatchObject({ incomplete: '', stats: { cachedFiles: files, fileCount: FOLDERS * FILES - files } });
    expect((await snapshots(after)).map(({ id }) => id).sort()).toEqual([left.id, next.id].sort());
    await expectWhole(storage);
  });

  it('change nothing of the result, with any workers', async () => {
    const results = [];
    for (const [workers, interval] of [
      [0, undefined],
      [0, 5000],
      [2, 5000],
    ] as const) {
      let count = 7;
      const random = (into: Uint8Array) =>
        into.forEach((_, at) => (into[at] = (count = (Math.imul(count, 1103515245) + 12345) >>> 0) >>> 16));
      const runtime = { ...hasty(), random, spawn: localWorkers(() => fastPorts()).spawn };
      const storage = new MemoryStorage();
      const repository = await createRepository(storage, password, runtime, { identity });
      let saved = 0;
      const snapshot = await snapshotOf(repository, tree, {
        workers,
        checkpointInterval: interval,
        afterSave: async () => void saved++,
      });
      results.push(snapshot.rootEntry!.objectId);
      expect((await snapshots(repository)).map(({ id }) => id)).toEqual([snapshot.id]);
      if (interval !== undefined) expect(saved).toBeGreaterThan(3);
      await expectWhole(storage);
    }
    expect(new Set(results).size).toBe(1);
  });
});

describe('a worker that dies', () => {
  it('ends the run with one clear error and leaves the repository whole', async () => {
    let workers: LocalWorkers | undefined;
    let sealed = 0;
    const dying: Parameters<typeof localWorkers>[1] = (_, { kind }) => {
      if (kind === 'sealed' && ++sealed === 3) workers!.kill(new Error('out of memory'));
      return undefined;
    };
    const setting = await setUp(undefined, dying, slowly);
    workers = setting.workers;
    const reports: string[] = [];
    const failed = snapshotOf(setting.repository, tree, { workers: 2, report: (path) => void reports.push(path) });
    await expect(failed).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/worker died: out of memory/),
    });
    expect(reports).toEqual([]);
    const after = await expectWhole(setting.storage);
    expect(await snapshots(after)).toEqual([]);
    const next = await snapshotOf(
      await openRepository(setting.storage, { password }, fastPorts(), { identity }),
      tree,
      { workers: 0 },
    );
    expect(next.stats.errorCount).toBe(0);
  });

  it('before it was ready, or because its program cannot start', async () => {
    for (const early of ['at once', 'no kernel'] as const) {
      const base = fastPorts();
      const syncFiles = hookedSyncFiles(base.syncFiles, { before: slowly });
      const broken = { ...base, wasm: () => Promise.reject(new Error('no such module')) };
      const workers = localWorkers(() => (early === 'no kernel' ? broken : base));
      const spawn = () => {
        const channel = workers.spawn('upload');
        if (early === 'at once') setTimeout(() => workers.kill(new Error('exit 1')), 0);
        return channel;
      };
      const storage = new MemoryStorage();
      const repository = await createRepository(storage, password, { ...base, syncFiles, spawn }, { identity });
      await expect(snapshotOf(repository, tree, { workers: 1 })).rejects.toMatchObject({ name: 'CairnError' });
      await expectWhole(storage);
    }
  });

  it('for real', async () => {
    const base = fastPorts();
    const { spawn } = ports();
    const storage = new MemoryStorage();
    const repository = await createRepository(
      storage,
      password,
      {
        ...base,
        syncFiles: hookedSyncFiles(base.syncFiles, { before: slowly }),
        spawn: (program) => {
          const channel = spawn(program);
          // a message that no worker can handle
          channel.post({ kind: 'files', job: 1, tasks: null });
          return channel;
        },
      },
      { identity },
    );
    const taking = snapshotOf(repository, tree, { workers: 1 }).then(() => 'done');
    await expect(taking).rejects.toMatchObject({ name: 'CairnError', code: 'internal' });
    await expectWhole(storage);
  });
});

describe('room for files in flight', () => {
  it('is given back by files read in parts and by failures, so that the run never stands still', async () => {
    const path = join(temporaryDirectory(), 'many');
    mkdirSync(path);
    for (let at = 0; at < 12; at++) writeFileSync(join(path, `file-${at}`), noise(20 << 20, 1));
    let opened = 0;
    const { repository } = await setUp((call) => {
      if (call === 'openRead' && ++opened % 9 === 0) throw Object.assign(new Error('denied'), { code: 'EACCES' });
    });
    const { stats } = await snapshotOf(repository, path, { root: { upload: { parallelUploadAboveSize: 3 << 20 } } });
    expect(stats.errorCount + stats.fileCount).toBe(12);
    expect(stats.errorCount).toBeGreaterThan(3);
  }, 20_000);
});
