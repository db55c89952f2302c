import {
  chmodSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { concatBytes, fromUtf8 } from '../../src/bytes/gather.ts';
import { nameFromBytes } from '../../src/bytes/name.ts';
import { openObject } from '../../src/object/open.ts';
import type { Ports, SyncFiles } from '../../src/ports.ts';
import { createRepository } from '../../src/repository/create.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { SnapshotManifest } from '../../src/snapshot/manifest.ts';
import { newProgress } from '../../src/upload/progress.ts';
import { systemError } from '../blob/faulty-files.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';
import { ports, runtimeName, temporaryDirectory } from '../runtime.ts';
import { hookedSyncFiles, localWorkers, type FileHooks } from './hooks.ts';
import { snapshotOf, treeOf, type TestSnapshot } from './upload-fixture.ts';

let tree: string;
beforeEach(() => {
  tree = join(temporaryDirectory(), 'tree');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  writeFileSync(join(tree, 'a'), 'file a');
  writeFileSync(join(tree, 'b'), noise(300_000, 1));
  writeFileSync(join(tree, 'sub/c'), 'file c');
  symlinkSync('a', join(tree, 'link'));
});

/** A repository whose file port is hooked, in this thread and in the workers. */
async function repositoryWith(hooks: FileHooks = {}): Promise<Repository> {
  const base = fastPorts();
  const make = (): Ports => ({ ...base, syncFiles: hookedSyncFiles(base.syncFiles, hooks) });
  const { spawn } = localWorkers(make);
  return createRepository(new MemoryStorage(), password, { ...make(), spawn }, { identity });
}

async function read(repository: Repository, objectId: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await openObject(repository.objects, objectId)).chunks()) chunks.push(chunk);
  return concatBytes(chunks);
}

interface Taken {
  snapshot: SnapshotManifest;
  names: string[];
  reports: string[];
  repository: Repository;
}

async function take(repository: Repository, options: TestSnapshot = {}): Promise<Taken> {
  const reports: string[] = [];
  const snapshot = await snapshotOf(repository, tree, {
    report: (path, { message }, ignored) =>
      void reports.push(`${path.slice(tree.length)}${ignored ? ' (ignored)' : ''}: ${message}`),
    ...options,
  });
  const names = Object.keys(await treeOf(repository, snapshot.rootEntry!)).sort();
  return { snapshot, names, reports, repository };
}

const all = ['a', 'b', 'link', 'sub', 'sub/c'];

describe('files that change under the walk', () => {
  it('and vanish after they were listed are no failure, after they were looked at they are', async () => {
    const listed = await take(
      await repositoryWith({
        before: (call, path) => call === 'lstat' && path.endsWith('/a') && rmSync(path, { force: true }),
      }),
    );
    expect(listed).toMatchObject({ names: ['b', 'link', 'sub', 'sub/c'], reports: [] });
    const opened = await take(
      await repositoryWith({
        before: (call, path) => call === 'openRead' && path.endsWith('/b') && rmSync(path, { force: true }),
      }),
    );
    expect(opened.names).toEqual(['link', 'sub', 'sub/c']);
    expect(opened.reports).toEqual([expect.stringMatching(/^\/b: cannot read .*no such file/)]);
    expect(opened.snapshot).toMatchObject({
      incomplete: '',
      stats: { errorCount: 1 },
      rootEntry: { summary: { numFailed: 1, errors: [{ path: 'b' }] } },
    });
  });

  it('and directories that vanish are failures of their own', async () => {
    const gone = await take(
      await repositoryWith({
        before: (call, path) =>
          call === 'names' && path.endsWith('/sub') && rmSync(path, { recursive: true, force: true }),
      }),
    );
    expect(gone.names).toEqual(['a', 'b', 'link']);
    expect(gone.reports).toEqual([expect.stringMatching(/^\/sub: cannot list/)]);
  });

  it('and symlinks that become something else are failures of their own', async () => {
    const changed = await take(
      await repositoryWith({ before: (call, path) => call === 'readLink' && rmSync(path, { force: true }) }),
    );
    expect(changed.names).toEqual(['a', 'b', 'sub', 'sub/c']);
    expect(changed.snapshot.stats.errorCount).toBe(1);
  });

  it.each([0, 2])(
    'and shrink or grow are stored with the bytes really read, and counted (%d workers)',
    async (workers) => {
      for (const length of [0, 1000, 299_999, 300_001, 700_000]) {
        writeFileSync(join(tree, 'b'), noise(300_000, 1));
        const before = (call: keyof SyncFiles, path: string) => {
          if (call !== 'openRead' || !path.endsWith('/b')) return;
          if (length < 300_000) truncateSync(path, length);
          else appendFileSync(path, new Uint8Array(length - 300_000));
        };
        const progress = newProgress();
        const { snapshot, repository } = await take(await repositoryWith({ before }), { progress, workers });
        const { b } = await treeOf(repository, snapshot.rootEntry!);
        const data = await read(repository, b.objectId);
        expect(data.length).toBe(b.size);
        expect([300_000, length]).toContain(b.size);
        expect(data).toEqual(concatBytes([noise(300_000, 1), new Uint8Array(400_000)]).subarray(0, b.size));
        if (length < 300_000) expect([b.size, progress.changedFiles]).toEqual([length, 1]);
        expect(snapshot.rootEntry!.summary!.size).toBe(12 + b.size);
      }
    },
  );

  it('and cannot be read half-way cost only themselves', async () => {
    let reads = 0;
    const before = (call: keyof SyncFiles, path: string) => {
      if (call === 'read' && path.endsWith('/b') && ++reads === 2) throw systemError('EIO');
    };
    const { names, reports, snapshot } = await take(await repositoryWith({ before }));
    expect(names).toEqual(['a', 'link', 'sub', 'sub/c']);
    expect(reports).toEqual([expect.stringContaining('/b: cannot read')]);
    expect(snapshot.stats).toMatchObject({ errorCount: 1, fileCount: 2 });
  });

  it.each([
    ['openRead', 'EACCES', '/b'],
    ['lstat', 'EACCES', '/a'],
    ['names', 'EACCES', '/sub'],
    ['readLink', 'EACCES', '/link'],
    ['lstat', 'EIO', '/sub/c'],
  ] as const)(
    '%s that fails with %s for %s costs that entry, or is ignored where the policy says so',
    async (call, code, path) => {
      const before = (each: keyof SyncFiles, at: string) => {
        if (each === call && at === tree + path) throw systemError(code);
      };
      const lost = call === 'lstat' && code === 'EIO' ? 'sub' : path.slice(1);
      const left = all.filter((name) => name !== lost && !name.startsWith(lost + '/'));
      const failed = await take(await repositoryWith({ before }));
      expect(failed).toMatchObject({
        names: left,
        snapshot: { incomplete: '', stats: { errorCount: 1, ignoredErrorCount: 0 } },
      });
      expect(failed.snapshot.rootEntry!.summary).toMatchObject({ numFailed: 1, errors: [{ path: lost }] });
      const ignored = await take(await repositoryWith({ before }), {
        root: { errorHandling: { ignoreFileErrors: true, ignoreDirectoryErrors: true } },
      });
      expect(ignored).toMatchObject({ names: left, snapshot: { stats: { errorCount: 0, ignoredErrorCount: 1 } } });
      expect(ignored.snapshot.rootEntry!.summary).toMatchObject({ numFailed: 0, numIgnoredErrors: 1 });
      expect(ignored.reports).toEqual([expect.stringContaining(' (ignored): ')]);
    },
  );

  it('at the root end the snapshot', async () => {
    const before = (call: keyof SyncFiles, at: string) => {
      if (call === 'names' && at === tree) throw systemError('EACCES');
    };
    await expect(take(await repositoryWith({ before }))).rejects.toMatchObject({
      code: 'permission',
      message: expect.stringContaining(tree),
    });
    tree = join(tree, 'nowhere');
    await expect(take(await repositoryWith())).rejects.toMatchObject({
      code: 'file-not-found',
      hint: expect.any(String),
    });
  });

  it('end the run at the first failure with failFast', async () => {
    const before = (call: keyof SyncFiles, path: string) => {
      if (call === 'lstat' && path.endsWith('/a')) throw systemError('EACCES');
    };
    const { snapshot } = await take(await repositoryWith({ before }), { failFast: true });
    expect(snapshot).toMatchObject({ incomplete: 'canceled', stats: { errorCount: 1 } });
    const ignored = await take(await repositoryWith({ before }), {
      failFast: true,
      root: { errorHandling: { ignoreFileErrors: true } },
    });
    expect(ignored.snapshot.incomplete).toBe('');
  });

  it('of 50 MiB that vanish while a worker starts are failures of their own', async () => {
    const huge = join(tree, 'huge');
    writeFileSync(huge, '');
    truncateSync(huge, 50 << 20);
    const before = (call: keyof SyncFiles, path: string) =>
      call === 'openRead' && path === huge && rmSync(huge, { force: true });
    const { names, reports } = await take(await repositoryWith({ before }), { workers: 2 });
    expect(names).toEqual(all);
    expect(reports).toEqual([expect.stringMatching(/^\/huge: cannot read .*no such file/)]);
  });
});

describe('special things', () => {
  it.skipIf(process.platform === 'win32')(
    'are left out and counted, or failures where the policy says so',
    async () => {
      spawnSync('mkfifo', [join(tree, 'pipe')]);
      const progress = newProgress();
      const { names, reports } = await take(await repositoryWith(), { progress });
      expect([names, reports, progress.specialFiles]).toEqual([all, [], 1]);
      const strict = await take(await repositoryWith(), { root: { errorHandling: { ignoreUnknownTypes: false } } });
      expect(strict).toMatchObject({
        names: all,
        reports: [expect.stringContaining('not a file, directory or symlink')],
        snapshot: { stats: { errorCount: 1 } },
      });
    },
  );

  it.skipIf(process.platform !== 'linux' || runtimeName === 'deno')(
    'names that are not UTF-8 are read; the stored name is the one Kopia writes',
    async () => {
      const raw = nameFromBytes(Uint8Array.of(0x78, 0xff, 0x79));
      spawnSync(
        'sh',
        [
          '-c',
          `printf content > "$(printf 'x\\377y')"; mkdir "$(printf 'd\\376')"; printf inner > "$(printf 'd\\376')/in"`,
        ],
        { cwd: tree },
      );
      expect(ports().syncFiles.names(tree)).toContain(raw);
      const progress = newProgress();
      const { names, snapshot, repository } = await take(await repositoryWith(), { progress });
      expect(names.filter((name) => !all.includes(name))).toEqual(['d\ufffd', 'd\ufffd/in', 'x\ufffdy']);
      expect(progress.alteredNames).toBe(2);
      const stored = await treeOf(repository, snapshot.rootEntry!);
      expect(fromUtf8(await read(repository, stored['x\ufffdy'].objectId))).toBe('content');
    },
  );

  it('a source that is one file', async () => {
    const repository = await repositoryWith();
    const path = join(tree, 'b');
    const first = await snapshotOf(repository, path);
    expect(first.rootEntry).toMatchObject({
      name: 'b',
      type: 'f',
      size: 300_000,
      summary: { files: 1, dirs: 0, size: 300_000, numFailed: 0 },
    });
    expect(await read(repository, first.rootEntry!.objectId)).toEqual(noise(300_000, 1));
    const again = await snapshotOf(repository, path);
    expect(again.stats).toMatchObject({ cachedFiles: 1, fileCount: 0 });
    expect(again.rootEntry!.objectId).toBe(first.rootEntry!.objectId);
  });

  it('a source that is a symlink is read through; its own path stays the source', async () => {
    const link = tree + '-link';
    symlinkSync(tree, link);
    const repository = await repositoryWith();
    const { source, rootEntry } = await snapshotOf(repository, link);
    expect([source.path, rootEntry!.name]).toEqual([link, 'tree']);
    expect(Object.keys(await treeOf(repository, rootEntry!)).sort()).toEqual(all);
    rmSync(link);
    symlinkSync(join(tree, 'a'), link);
    expect((await snapshotOf(repository, link)).rootEntry).toMatchObject({ name: 'a', type: 'f' });
    rmSync(link);
    symlinkSync('/nowhere', link);
    await expect(snapshotOf(repository, link)).rejects.toMatchObject({ code: 'file-not-found' });
  });

  it('the repository and its cache inside the source are passed over and counted', async () => {
    mkdirSync(join(tree, 'sub/repository/p'), { recursive: true });
    writeFileSync(join(tree, 'sub/repository/p/x.f'), 'pack');
    const progress = newProgress();
    const { names } = await take(await repositoryWith(), {
      own: [join(tree, 'sub/repository'), join(tree, 'a')],
      progress,
    });
    expect(names).toEqual(['b', 'link', 'sub', 'sub/c']);
    expect(progress.ownFiles).toBe(2);
  });
});

describe('the hash-cache', () => {
  const time = (name: string, nanoseconds: bigint) => {
    const seconds = nanoseconds / 1_000_000_000n;
    spawnSync('touch', [
      '-h',
      '-d',
      `@${seconds}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`,
      join(tree, name),
    ]);
  };

  it('reuses what is unchanged in time, mode, owner and size, and nothing else', async () => {
    const repository = await repositoryWith();
    const first = await take(repository);
    expect(first.snapshot.stats).toMatchObject({ fileCount: 3, cachedFiles: 0 });
    const second = await take(repository);
    expect(second.snapshot.stats).toMatchObject({ fileCount: 0, cachedFiles: 4 });
    expect(second.snapshot.rootEntry!.objectId).toBe(first.snapshot.rootEntry!.objectId);
    const changes: [name: string, change: (path: string) => void][] = [
      ['time', (path) => utimesSync(path, 1_600_000_000, 1_600_000_000)],
      ['mode', (path) => chmodSync(path, 0o600)],
      ['size', (path) => writeFileSync(path, 'another')],
    ];
    for (const [name, change] of changes) {
      change(join(tree, 'a'));
      const { snapshot } = await take(repository);
      expect(snapshot.stats, name).toMatchObject({ fileCount: 1, cachedFiles: 3 });
    }
    // the same size and time: what Kopia does not notice either, unless it is told to look
    const { mtimeMs } = lstatSync(join(tree, 'a'));
    writeFileSync(join(tree, 'a'), 'anOther');
    utimesSync(join(tree, 'a'), mtimeMs / 1000, mtimeMs / 1000);
    const forced = await take(repository, { forceHash: 100 });
    expect(forced.snapshot.stats).toMatchObject({ fileCount: 3, cachedFiles: 0 });
    const stored = await treeOf(repository, forced.snapshot.rootEntry!);
    expect(fromUtf8(await read(repository, stored.a.objectId))).toBe('anOther');
  });

  it.skipIf(process.platform !== 'linux')(
    'compares as many digits as the runtime sees, and keeps the stored ones on a hit',
    async () => {
      const exact = 1_700_000_000_123_456_789n;
      time('a', exact);
      const base = fastPorts();
      // what a runtime without nanoseconds sees: whole milliseconds
      const coarse = (nanoseconds: bigint) => (nanoseconds / 1_000_000n) * 1_000_000n;
      const lstat: FileHooks['lstat'] = (_, stat) => ({ ...stat, mtime: coarse(stat.mtime) });
      const storage = new MemoryStorage();
      const exactHooks = hookedSyncFiles(base.syncFiles, {
        lstat: (path, stat) => (path === join(tree, 'a') ? { ...stat, mtime: exact } : stat),
      });
      const repository = await createRepository(
        storage,
        password,
        { ...base, syncFiles: exactHooks, fidelity: { ...base.fidelity, readTimeResolution: 1 } },
        { identity },
      );
      const first = await take(repository);
      const { openRepository } = await import('../../src/repository/open.ts');
      const coarsePorts = {
        ...base,
        syncFiles: hookedSyncFiles(exactHooks, { lstat }),
        fidelity: { ...base.fidelity, readTimeResolution: 1_000_000 },
      };
      const other = await openRepository(storage, { password }, coarsePorts, { identity });
      const second = await take(other);
      expect(second.snapshot.stats).toMatchObject({ fileCount: 0, cachedFiles: 4 });
      const stored = await treeOf(other, second.snapshot.rootEntry!);
      expect(stored.a.mtime).toBe(exact);
      expect(stored.a).toEqual((await treeOf(other, first.snapshot.rootEntry!)).a);
      // a millisecond apart is another time
      const later = hookedSyncFiles(exactHooks, {
        lstat: (path, stat) => ({ ...stat, mtime: coarse(stat.mtime) + (path.endsWith('/a') ? 1_000_000n : 0n) }),
      });
      const third = await take(
        await openRepository(storage, { password }, { ...coarsePorts, syncFiles: later }, { identity }),
      );
      expect(third.snapshot.stats).toMatchObject({ fileCount: 1, cachedFiles: 3 });
    },
  );

  it('is of the same source only', async () => {
    const repository = await repositoryWith();
    await take(repository);
    const other = await take(repository, { source: { host: 'beta', userName: 'ann', path: tree } });
    expect(other.snapshot.stats).toMatchObject({ fileCount: 3, cachedFiles: 0 });
  });

  it('costs only time when the earlier tree is damaged', async () => {
    const storage = new MemoryStorage();
    const base = fastPorts();
    const repository = await createRepository(storage, password, base, { identity });
    const first = await take(repository);
    const root = repository.contents.info(first.snapshot.rootEntry!.objectId)!;
    const pack = await storage.get(root.packBlob);
    pack[root.packOffset + 20] ^= 1;
    await storage.put(root.packBlob, pack);
    const second = await snapshotOf(repository, tree);
    expect(second.stats).toMatchObject({ fileCount: 3, cachedFiles: 0, errorCount: 0 });
  });
});

describe('rules of what to take', () => {
  it('come from the policies of each node and from ignore files', async () => {
    for (const at of ['logs', 'sub/deep/logs', 'cache']) mkdirSync(join(tree, at), { recursive: true });
    for (const name of [
      'x.log',
      'sub/x.log',
      'sub/deep/x.log',
      'sub/deep/keep.log',
      'logs/y',
      'sub/deep/logs/z',
      'cache/data',
    ])
      writeFileSync(join(tree, name), name);
    writeFileSync(join(tree, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55');
    writeFileSync(join(tree, 'sub/.kopiaignore'), '# rules\n*.log\n!keep.log\n');
    const repository = await repositoryWith();
    const progress = newProgress();
    const { names } = await take(repository, {
      root: { files: { ignore: ['logs/'], ignoreDotFiles: ['.kopiaignore'], maxFileSize: 200_000 } },
      progress,
    });
    expect(names).toEqual(
      ['a', 'cache', 'link', 'sub', 'sub/.kopiaignore', 'sub/c', 'sub/deep', 'sub/deep/keep.log', 'x.log'].sort(),
    );
    expect(progress).toMatchObject({ excludedFiles: 3, excludedDirectories: 2 });
    // a policy below, even an empty one, stands alone: no ignore files there
    const alone = await take(repository, { below: { sub: {} } });
    expect(alone.names).toContain('sub/deep/x.log');
    const own = await take(repository, { below: { 'sub/deep': { files: { ignore: ['z'] } } } });
    expect(own.names).not.toContain('sub/deep/logs/z');
    expect(own.names).toContain('logs/y');
  });

  it('that are wrong cost their directory, at the root the snapshot', async () => {
    writeFileSync(join(tree, 'sub/.kopiaignore'), '[bad\n');
    const { names, reports } = await take(await repositoryWith());
    expect(names).toEqual(['a', 'b', 'link']);
    expect(reports.length).toBe(1);
    rmSync(join(tree, 'sub/.kopiaignore'));
    for (const target of ['.', '.kopiaignore']) {
      symlinkSync(target, join(tree, 'sub/.kopiaignore'));
      const looped = await take(await repositoryWith());
      expect([looped.names, looped.reports.length]).toEqual([['a', 'b', 'link'], 1]);
      rmSync(join(tree, 'sub/.kopiaignore'));
    }
    writeFileSync(join(tree, '.kopiaignore'), '[bad\n');
    await expect(take(await repositoryWith())).rejects.toMatchObject({ name: 'CairnError' });
  });
});
