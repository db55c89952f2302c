import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { Ports, Spawn } from '../../src/ports.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { UploadLog } from '../../src/upload/log.ts';
import { newProgress } from '../../src/upload/progress.ts';
import { Counts, copyOf, countingSpawn } from '../guard/counting.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';
import { runtimeName, temporaryDirectory } from '../runtime.ts';
import { hookedSyncFiles, localWorkers } from './hooks.ts';
import { snapshotOf, treeOf, type TestSnapshot } from './upload-fixture.ts';

const FOLDERS = 42;
const INNER = 5;
const FILES = 40;
/** Files of a tree from which threads help. */
const MUCH = 8192;

const rules: TestSnapshot = {
  root: { files: { ignore: ['*.tmp', '/d9/e1'], ignoreDotFiles: ['.kopiaignore'], maxFileSize: 100_000 } },
  below: { d12: { files: { ignore: ['f1*'] } }, 'd13/e2': { errorHandling: { ignoreFileErrors: true } } },
};

let tree: string;
/** A repository with a snapshot of the tree as it first was. */
let blobs: MemoryStorage;

beforeAll(async () => {
  tree = join(temporaryDirectory(), 'tree');
  for (let d = 0; d < FOLDERS; d++)
    for (let e = 0; e < INNER; e++) {
      const folder = join(tree, `d${d}`, `e${e}`);
      mkdirSync(folder, { recursive: true });
      for (let f = 0; f < FILES; f++) writeFileSync(join(folder, `f${f}`), `${d} ${e} ${f}`);
    }
  const put = (path: string, data: string | Uint8Array = path) => writeFileSync(join(tree, path), data);
  put('d8/.kopiaignore', '*.skip\n!keep.tmp\n');
  for (const name of ['a.skip', 'keep.tmp', 'e1/b.skip', 'e2/keep.tmp']) put(`d8/${name}`);
  put('d8/e3/.kopiaignore', 'f2*\n');
  put('d10/CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55\n');
  put('d11/e0/CACHEDIR.TAG', 'no signature');
  for (const name of ['x.tmp', 'large', 'ä€𝄞', 'a"\\b\n', '},{"name":"x', 'stale.kopia-entry']) put(`d14/e0/${name}`);
  put('d14/e0/large', noise(100_001, 1));
  // beyond 64 bits of nanoseconds, where the file system can hold it
  utimesSync(join(tree, 'd17/e0/f0'), 2 ** 34 - 1, 2 ** 34 - 1);
  mkdirSync(join(tree, 'empty/empty'), { recursive: true });
  for (const name of ['a', 'b', 'c']) symlinkSync(`to ${name}`, join(tree, 'd15/e0', name));
  if (process.platform !== 'win32') spawnSync('mkfifo', [join(tree, 'd16/e0/pipe'), join(tree, 'd8/e0/pipe.skip')]);
  mkdirSync(join(tree, ...Array.from({ length: 60 }, () => 'deep')), { recursive: true });

  blobs = new MemoryStorage();
  const repository = await createRepository(blobs, password, fastPorts(), { identity });
  const { summary } = (await snapshotOf(repository, tree, rules)).rootEntry!;
  expect(summary!.files).toBeGreaterThanOrEqual(MUCH - 400);
  expect(summary!.files + summary!.dirs).toBeGreaterThanOrEqual(MUCH);
});

/** What a snapshot of the tree is and says. */
async function outcome(
  spawn: Spawn | undefined,
  options: TestSnapshot = rules,
  from = blobs,
  ports: Ports = fastPorts(),
) {
  const repository = await openRepository(
    await copyOf(from, new MemoryStorage()),
    { password },
    { ...ports, spawn },
    { identity },
  );
  const reports: string[] = [];
  const progress = newProgress();
  const snapshot = await snapshotOf(repository, tree, {
    workers: 2,
    progress,
    report: (path, { message }, ignored) => void reports.push(`${path} ${message} ${ignored}`),
    ...options,
  });
  const { specialFiles, alteredNames, ownFiles, changedFiles } = progress;
  const { objectId, summary } = snapshot.rootEntry!;
  return {
    objectId,
    summary,
    stats: snapshot.stats,
    reports: reports.sort(),
    specialFiles,
    alteredNames,
    ownFiles,
    changedFiles,
  };
}

/** The same without threads, in threads that live here, which must have answered, and in real ones, which were asked. */
async function expectSame(options: TestSnapshot = rules, from = blobs) {
  const alone = await outcome(undefined, options, from);
  const base = fastPorts();
  const local = new Counts();
  expect(await outcome(countingSpawn(localWorkers(() => base).spawn, local), options, from)).toEqual(alone);
  expect(local.of('from.looked')).toBeGreaterThan(3);
  expect(local.of('from.looked')).toBeLessThan((FOLDERS * INNER) / 2);
  const real = new Counts();
  expect(await outcome(countingSpawn(base.spawn, real), options, from)).toEqual(alone);
  expect(real.of('to.look')).toBeGreaterThan(0);
  return alone;
}

describe('a tree looked at ahead', () => {
  it('and unchanged is the same snapshot', async () => {
    const { stats, specialFiles, objectId } = await expectSame();
    expect(stats).toMatchObject({ nonCachedFiles: 0, errorCount: 1 });
    expect(stats.excludedFileCount).toBeGreaterThan(10);
    expect(specialFiles).toBe(process.platform === 'win32' ? 0 : 1);
    expect(objectId).toMatch(/^k/);
  });

  it('and compared with two earlier snapshots, the later of them incomplete', async () => {
    const two = await copyOf(blobs, new MemoryStorage());
    const repository = await openRepository(two, { password }, fastPorts(), { identity });
    await snapshotOf(repository, tree, { ...rules, limitBytes: 10_000, forceHash: 100 });
    const { stats } = await expectSame(rules, two);
    expect(stats.nonCachedFiles).toBe(0);
  });

  it('after its rules have changed', async () => {
    const changed = { root: { files: { ignore: ['/d3*/e1/f*', '!f33', '/d?/e4/'], oneFileSystem: true } } };
    const { stats } = await expectSame(changed);
    expect(stats.excludedDirCount).toBe(10);
    expect(stats.excludedFileCount).toBe(11 * (FILES - 1));
  });

  it('and without the folders of its own repository', async () => {
    const { ownFiles } = await expectSame({ ...rules, own: [join(tree, 'd20'), join(tree, 'd21/e1/f5')] });
    expect(ownFiles).toBe(2);
  });

  it('and changed in every way', async () => {
    const at = (path: string) => join(tree, path);
    writeFileSync(at('d1/e0/f0'), 'longer than it was');
    utimesSync(at('d1/e1/f0'), 1, 1);
    chmodSync(at('d1/e2/f0'), 0o600);
    const { atime, mtime } = lstatSync(at('d1/e3/f0'));
    writeFileSync(at('d1/e3/f0'), 'x x x');
    utimesSync(at('d1/e3/f0'), atime, mtime); // the same size and, to the microsecond, time
    unlinkSync(at('d2/e0/f0'));
    writeFileSync(at('d2/e1/new'), 'new');
    renameSync(at('d2/e2/f0'), at('d2/e2/f0-renamed'));
    mkdirSync(at('d3/new/newer'), { recursive: true });
    writeFileSync(at('d3/new/newer/f'), 'f');
    rmSync(at('d3/e1'), { recursive: true });
    unlinkSync(at('d4/e0/f0'));
    mkdirSync(at('d4/e0/f0'));
    rmSync(at('d4/e1'), { recursive: true });
    writeFileSync(at('d4/e1'), 'a file now');
    unlinkSync(at('d15/e0/a'));
    symlinkSync('elsewhere', at('d15/e0/a'));
    unlinkSync(at('d15/e0/b'));
    writeFileSync(at('d15/e0/b'), 'no link');
    writeFileSync(at('d5/.kopiaignore'), 'f1\n');
    if (process.platform !== 'win32' && runtimeName !== 'deno') {
      const raw = Buffer.concat([Buffer.from(at('d6/e0/raw-')), Buffer.from([0xff])]);
      writeFileSync(raw, 'raw');
    }
    const { stats, objectId } = await expectSame();
    expect(stats.nonCachedFiles).toBeGreaterThanOrEqual(8);
    expect(stats.nonCachedFiles).toBeLessThanOrEqual(14);
    const repository = await openRepository(await copyOf(blobs, new MemoryStorage()), { password }, fastPorts(), {
      identity,
    });
    const fresh = await snapshotOf(repository, tree, { ...rules, forceHash: 100 });
    expect(fresh.rootEntry!.objectId).toBe(objectId);
    const names = Object.keys(await treeOf(repository, fresh.rootEntry!));
    expect(names).toContain('d3/new/newer/f');
    expect(names).not.toContain('d5/e0/f1');
  });

  it('and grown by many entries is taken in one by one there', async () => {
    for (let i = 0; i < 600; i++) writeFileSync(join(tree, 'd22/e0', `new${i}`), '');
    mkdirSync(join(tree, 'd23/fresh/er'), { recursive: true });
    for (let i = 0; i < 300; i++) writeFileSync(join(tree, 'd23/fresh/er', `new${i}`), 'n');
    const { stats } = await expectSame();
    expect(stats.nonCachedFiles).toBeGreaterThanOrEqual(900);
  });

  it('and changed all over is looked at by the walk alone after a while', async () => {
    for (let d = 0; d < FOLDERS; d++)
      for (let e = 0; e < INNER; e++) {
        const path = join(tree, `d${d}/e${e}/f5`);
        if (existsSync(path)) writeFileSync(path, 'changed');
      }
    const alone = await outcome(undefined);
    const counts = new Counts();
    expect(await outcome(countingSpawn(localWorkers(() => fastPorts()).spawn, counts))).toEqual(alone);
    expect(await outcome(fastPorts().spawn)).toEqual(alone);
    // sixteen directories are found to be changed in less than as many messages
    expect(counts.of('from.looked')).toBeLessThan(16);
  });

  const judged: [string, TestSnapshot][] = [
    ['--force-hash', { forceHash: 0.001 }],
    ['a log', { log: new UploadLog({ clock: fastPorts().clock, write() {} }) }],
  ];

  it.each(judged)('is not where %s has every entry be judged by itself', async (_, options) => {
    const counts = new Counts();
    const spawn = countingSpawn(localWorkers(() => fastPorts()).spawn, counts);
    await outcome(spawn, { ...rules, ...options });
    expect(counts.of('to.look')).toBe(0);
  });

  it('is left when the run is stopped, with what there is', async () => {
    const abort = new AbortController();
    const base = fastPorts();
    const syncFiles = hookedSyncFiles(base.syncFiles, {
      before: (call, path) => void (call === 'names' && path.endsWith('/d7/e3') && abort.abort()),
    });
    const { spawn } = localWorkers(() => ({ ...base, syncFiles }));
    const ports = { ...base, syncFiles, spawn };
    const repository = await openRepository(await copyOf(blobs, new MemoryStorage()), { password }, ports, {
      identity,
    });
    const { incomplete } = await snapshotOf(repository, tree, { ...rules, workers: 2, signal: abort.signal });
    expect(incomplete).toBe('canceled');
  });
});

describe('a thread that looks', () => {
  const retake = async (repository: Repository) => (await snapshotOf(repository, tree, rules)).rootEntry!.objectId;

  it('and dies ends the run with one error, and the repository is whole', async () => {
    const { objectId } = await outcome(undefined);
    const local = localWorkers(
      () => fastPorts(),
      (_, { kind }) => {
        if (kind === 'looked') local.kill(new Error('out of memory'));
        return undefined;
      },
    );
    const storage = await copyOf(blobs, new MemoryStorage());
    const repository = await openRepository(
      storage,
      { password },
      { ...fastPorts(), spawn: local.spawn },
      { identity },
    );
    await expect(snapshotOf(repository, tree, { ...rules, workers: 2 })).rejects.toMatchObject({
      code: 'internal',
      message: 'a worker that looks at directories died: out of memory',
    });
    const again = await openRepository(storage, { password }, fastPorts(), { identity });
    expect(await retake(again)).toBe(objectId);
  });

  it('and fails by a fault of its own says so', async () => {
    const base = fastPorts();
    const broken = hookedSyncFiles(base.syncFiles, {
      lstat: () => {
        throw new TypeError('a fault');
      },
    });
    const local = localWorkers(() => ({ ...base, syncFiles: broken }));
    await expect(outcome(local.spawn)).rejects.toThrow('a worker that looks at directories died: ');
  });

  it('leaves to the walk what it cannot read', async () => {
    const denied = (path: string) => path.endsWith('/d30/e1/f7') || path.endsWith('/d31/e2');
    const base = fastPorts();
    const fail = (call: string, path: string) => {
      const list = call === 'names' && path.endsWith('/d31/e2');
      if (list || (call === 'lstat' && path.endsWith('/d30/e1/f7')))
        throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    const ports = { ...base, syncFiles: hookedSyncFiles(base.syncFiles, { before: fail }) };
    const alone = await outcome(undefined, rules, blobs, ports);
    expect(alone.reports.filter((report) => denied(report.split(' ')[0]))).toHaveLength(2);
    expect(await outcome(localWorkers(() => ports).spawn, rules, blobs, ports)).toEqual(alone);
  });
});
