import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStorage } from '../../src/blob/storage.ts';
import { CairnError } from '../../src/errors.ts';
import { codeOf, listed, pattern } from '../conformance/helpers.ts';
import { storageConformance } from '../conformance/storage.ts';
import { TestClock } from './clock.ts';
import { hookedFiles, systemError, type FileCall, type FileEvent } from './faulty-files.ts';
import { nodeFiles } from '../../runtimes/node/files.ts';
import { openFolder, plant, temporaryDirectory, tree } from './temporary.ts';

const pack = `p947aa759c3c37dab576d9c715bd73c7d-s4359f9705540402f147`;
const packPath = 'p/947/aa759c3c37dab576d9c715bd73c7d-s4359f9705540402f147.f';

for (const [name, config] of [
  ['default layout', {}],
  ['flat', { dirShards: [] }],
  ['[3,3], one directory at a time', { dirShards: [3, 3], listParallelism: 1 }],
] as const)
  storageConformance(`filesystem, ${name}`, async () => {
    const { path, remove } = temporaryDirectory();
    return {
      store: await openFolder(path, { create: true, config }),
      reopen: () => openFolder(path, { config }),
      cleanup: remove,
    };
  });

let root: string;
let remove: () => Promise<void>;
beforeEach(() => ({ path: root, remove } = temporaryDirectory()));
afterEach(() => remove());

async function caught(promise: Promise<unknown>): Promise<CairnError> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(CairnError);
    return error as CairnError;
  }
  throw new Error('nothing was thrown');
}

describe('opening', () => {
  it('a path that is not there is an error when connecting, and made with its parents when creating', async () => {
    const path = join(root, 'a', 'b');
    const error = await caught(openFolder(path));
    expect([error.code, error.message]).toEqual([
      'file-not-found',
      `cannot access storage path ${path}: no such file or directory`,
    ]);
    expect(error.hint).toMatch(/mounted/);
    expect(existsSync(join(root, 'a'))).toBe(false);
    await openFolder(path, { create: true });
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(tree(root)).toEqual([]);
    await openFolder(path, { create: true });
  });

  it('a path that is a file is refused either way', async () => {
    plant(root, 'file');
    for (const create of [true, false]) {
      expect((await caught(openFolder(join(root, 'file'), { create }))).code).toBe('not-a-directory');
      const below = await caught(openFolder(join(root, 'file', 'x'), { create }));
      expect(below.code).toBe('not-a-directory');
    }
  });

  it.each([
    [{}, 'path is missing'],
    [{ path: 'relative/dir' }, 'path must be absolute, not "relative/dir"'],
    [{ path: '/x', fileMode: 'rwx' }, 'fileMode is not a whole number from 0 to 4095'],
    [{ path: '/x', dirMode: -1 }, 'dirMode is not'],
    [{ path: '/x', dirShards: [1, 'x'] }, 'dirShards is not a list of lengths'],
    [{ path: '/x', listParallelism: 1.5 }, 'listParallelism is not'],
  ])('the configuration %o is refused', async (config, message) => {
    const error = await caught(openFolder('', { config: { path: undefined, ...config } }));
    expect(error.code).toBe('invalid-argument');
    expect(error.message).toContain(message);
  });

  it('a runtime without files says so', async () => {
    expect((await caught(openFolder(root, { ports: { files: undefined } }))).message).toMatch(/needs a file system/);
  });

  it('gives the configuration back as it was, unknown members too', async () => {
    const config = { path: root, fileMode: 416, uid: 3, gid: 4, maxUploadSpeedBytesPerSecond: 9, novel: { x: [1] } };
    const store = await openFolder(root, { config });
    expect(store.connectionInfo()).toEqual({ type: 'filesystem', config: { ...config, dirShards: null } });
    expect(Object.keys(store.connectionInfo().config)[0]).toBe('path');
    const flat = await openFolder(root, { config: { dirShards: [] } });
    expect(flat.connectionInfo().config).toEqual({ path: root, dirShards: [] });
    expect(store.displayName).toBe(`Filesystem: ${root}`);
  });
});

describe('files on the disk', () => {
  it("have Kopia's places and the configured modes", async () => {
    const store = await openFolder(root, { create: true, config: { fileMode: 0o600, dirMode: 0o700 } });
    expect(tree(root)).toEqual([]);
    await store.put(pack, pattern(5));
    await store.put('kopia.repository', pattern(6));
    expect(tree(root)).toEqual(['.shards', 'kopia.repository.f', packPath]);
    expect(readFileSync(join(root, '.shards'), 'utf8')).toBe('{"default":[1,3],"maxNonShardedLength":20}\n');
    for (const path of ['.shards', 'kopia.repository.f', packPath])
      expect(statSync(join(root, path)).mode & 0o777).toBe(0o600);
    for (const path of ['p', 'p/947']) expect(statSync(join(root, path)).mode & 0o777).toBe(0o700);
  });

  it('are written, synced, closed, renamed and their directory synced, in this order', async () => {
    const events: FileEvent[] = [];
    const files = hookedFiles(nodeFiles, (event) => void events.push(event));
    const store = await openFolder(root, { create: true, files });
    await store.put('kopia.repository', pattern(1));
    events.length = 0;
    await store.put(pack, pattern(9), { modifiedTime: 1_700_000_000_000_000_000n });
    const calls = events.map(({ call, path }) => `${call} ${path.slice(root.length)}`.replace(/[0-9a-f]{16}$/, 'HEX'));
    const temporary = `/${packPath}.tmp.HEX`;
    expect(calls).toEqual([
      `open ${temporary}`,
      'makeDirectory /p',
      'syncDirectory ',
      'makeDirectory /p/947',
      'syncDirectory /p',
      `open ${temporary}`,
      `write ${temporary}`,
      `setTimes ${temporary}`,
      `sync ${temporary}`,
      `close ${temporary}`,
      `stat ${temporary}`,
      `rename ${temporary}`,
      'syncDirectory /p/947',
    ]);
  });

  it('that are no blobs are ignored: temporary files, foreign ones, odd kinds', async () => {
    const store = await openFolder(root, { create: true });
    await store.put(pack, pattern(5));
    plant(root, `${packPath}.tmp.0123456789abcdef`, 'readme.txt', 'p/947/other', 'p/.f', '.hidden');
    mkdirSync(join(root, 'folder.f'));
    await nodeFiles.symlink('/nowhere', join(root, 'dangling.f'));
    expect(await listed(store)).toEqual([pack]);
  });

  it('lists only enter folders that can hold the prefix', async () => {
    const entered: string[] = [];
    const files = hookedFiles(nodeFiles, ({ call, path }) => {
      if (call === 'list') entered.push(path.slice(root.length + 1));
    });
    plant(root, packPath, 'p/123/x.f', 'q/947/x.f', 'x/n0_/y.f', 'x/n1_/y.f', 'xe1.f');
    plant(root, '.shards');
    writeFileSync(join(root, '.shards'), '{"default":[1,3],"maxNonShardedLength":20}');
    const store = await openFolder(root, { files });
    for (const [prefix, expected] of [
      ['p947', ['', 'p', 'p/947']],
      ['p9', ['', 'p', 'p/947']],
      ['xn1_', ['', 'x', 'x/n1_']],
      ['xn', ['', 'x', 'x/n0_', 'x/n1_']],
      ['xe', ['', 'x']],
      ['z', ['']],
    ] as const) {
      entered.length = 0;
      await listed(store, prefix);
      expect([prefix, entered.map((path) => path.replace(/\/$/, '')).toSorted()]).toEqual([
        prefix,
        [...expected].toSorted(),
      ]);
    }
  });

  it('reading with a missing or vanished root is an error, not an empty repository; nothing is made', async () => {
    const path = join(root, 'disk');
    const store = await openFolder(path, { create: true });
    await store.put(pack, pattern(5));
    renameSync(path, join(root, 'unplugged'));
    for (const attempt of [
      () => store.get('kopia.repository'),
      () => store.stat(pack),
      () => listed(store),
      () => store.put(pack, pattern(5)),
      () => store.put('kopia.repository', pattern(5)),
      () => store.begin!(pack),
    ]) {
      const error = await caught(attempt());
      expect([error.code, error.hint]).toEqual(['io', 'check that the disk it lies on is mounted']);
    }
    expect(existsSync(path)).toBe(false);
  });

  it('folders of the system that cannot be read are passed over, others are an error', async () => {
    const store = await openFolder(root, { create: true });
    await store.put(pack, pattern(5));
    const files = hookedFiles(nodeFiles, ({ call, path }) => {
      if (call === 'list' && /(lost\+found|Volume Information|\.Trashes|\$RECYCLE\.BIN|zzz)\/?$/.test(path))
        throw systemError('EACCES');
    });
    for (const name of ['lost+found', 'System Volume Information', '.Trashes', '$RECYCLE.BIN'])
      mkdirSync(join(root, name));
    expect(await listed(await openFolder(root, { files }))).toEqual([pack]);
    mkdirSync(join(root, 'zzz'));
    expect(await codeOf(listed(await openFolder(root, { files })))).toBe('permission');
  });

  it('a directory that vanishes while it is listed is an error', async () => {
    plant(root, packPath);
    const files = hookedFiles(nodeFiles, ({ call, path }) => {
      if (call === 'list' && path.endsWith('947')) rmSync(join(root, 'p'), { recursive: true });
    });
    const store = await openFolder(root, { files, config: { dirShards: [1, 3] } });
    plant(root, '.shards');
    writeFileSync(join(root, '.shards'), '{"default":[1,3],"maxNonShardedLength":20}');
    expect((await caught(listed(store))).message).toMatch(/cannot list .*947.*folder is gone/);
  });

  it('a file that vanishes while it is listed is left out', async () => {
    const store = await openFolder(root, { create: true });
    await store.put(pack, pattern(5));
    await store.put('kept', pattern(5));
    const files = hookedFiles(nodeFiles, ({ call, path }) => {
      if (call === 'stat' && path.endsWith('.f') && path.includes('947')) rmSync(join(root, packPath), { force: true });
    });
    expect(await listed(await openFolder(root, { files }))).toEqual(['kept']);
  });

  it('a file that shrinks while it is read is invalid-range', async () => {
    const store = await openFolder(root, { create: true });
    await store.put('a', pattern(1000));
    const files = hookedFiles(nodeFiles, ({ call }) => {
      if (call === 'read') writeFileSync(join(root, 'a.f'), pattern(10));
    });
    const other = await openFolder(root, { files });
    expect(await codeOf(other.get('a', { offset: 0, length: 500 }))).toBe('invalid-range');
  });

  it('a new owner is given as root, and only told when that fails', async () => {
    const owners: string[] = [];
    const warnings: string[] = [];
    const files = {
      ...nodeFiles,
      chown: async (_: string, uid: number, gid: number) => {
        owners.push(`${uid}:${gid}`);
        if (owners.length > 2) throw systemError('EPERM');
      },
    };
    const environment = { userId: () => 0 } as never;
    const options = { create: true, files, warn: (message: string) => void warnings.push(message) };
    const store = await openFolder(root, { ...options, config: { uid: 7, gid: 8 }, ports: { environment } });
    await store.put('a', pattern(1));
    expect([owners, warnings]).toEqual([['7:8', '7:8'], []]);
    await store.put('b', pattern(1));
    expect(warnings).toEqual([expect.stringMatching(/cannot change the owner of .*b\.f/)]);
    const plain = await openFolder(root, { ...options, config: { uid: 7, gid: 8 } });
    await plain.put('c', pattern(1));
    expect(owners.length).toBe(3);
  });
});

/** Opens with a hook that starts to count once the folder is set up. */
async function prepared(hook: (event: FileEvent, nth: number) => void, clock = new TestClock(), signal?: AbortSignal) {
  const first = await openFolder(root, { create: true });
  await first.put(pack, pattern(2000, 1));
  let nth = -1;
  const files = hookedFiles(nodeFiles, (event) => {
    if (nth >= 0) hook(event, nth++);
  });
  const store = await openFolder(root, { files, ports: { clock }, signal });
  await store.put('warm', pattern(1));
  nth = 0;
  return { store, clock };
}

const failing =
  (call: FileCall, times: number, code = 'EIO') =>
  (event: FileEvent) => {
    if (event.call === call && times-- > 0) throw systemError(code);
  };

describe('faults', () => {
  it('passing errors are tried again, up to ten times', async () => {
    for (const [call, run] of [
      ['readFile', (store: BlobStorage) => store.get(pack)],
      ['read', (store: BlobStorage) => store.get(pack, { offset: 1, length: 5 })],
      ['stat', (store: BlobStorage) => store.stat(pack)],
      ['list', (store: BlobStorage) => listed(store)],
      ['open', (store: BlobStorage) => store.put(pack, pattern(7))],
      ['write', (store: BlobStorage) => store.put(pack, pattern(7))],
      ['sync', (store: BlobStorage) => store.put(pack, pattern(7))],
      ['close', (store: BlobStorage) => store.put(pack, pattern(7))],
      ['rename', (store: BlobStorage) => store.put(pack, pattern(7))],
      ['syncDirectory', (store: BlobStorage) => store.put(pack, pattern(7))],
      ['removeFile', (store: BlobStorage) => store.delete(pack)],
      ['capacity', (store: BlobStorage) => store.capacity()],
    ] as const) {
      const { store, clock } = await prepared(failing(call, 3));
      await run(store);
      expect([call, clock.slept]).toEqual([call, [100, 150, 225]]);
      const worse = await prepared(failing(call, 100));
      expect([call, await codeOf(run(worse.store))]).toEqual([call, 'io']);
      expect([call, worse.clock.slept.length >= 9]).toEqual([call, true]);
    }
    expect(tree(root).filter((path) => path.includes('.tmp.'))).toEqual([]);
  });

  it.each([
    ['ENOSPC', 'no-space', /no space left on the device/],
    ['EDQUOT', 'no-space', /quota/],
    ['EROFS', 'read-only', /read-only/],
    ['EACCES', 'permission', /permission denied/],
    ['ESTALE', 'io', /ESTALE/],
  ])('%s is final: %s, told once, the temporary file removed, the old blob kept', async (system, code, text) => {
    for (const call of ['open', 'write', 'sync', 'close', 'rename'] as const) {
      const { store, clock } = await prepared((event) => {
        if (event.call === call) throw systemError(system);
      });
      const before = tree(root);
      const error = await caught(store.put(pack, pattern(3000, 2)));
      expect([call, error.code]).toEqual([call, code]);
      expect(error.message).toMatch(text);
      if (code === 'no-space') expect(error.hint).toMatch(/free some space/);
      expect(clock.slept).toEqual([]);
      expect(tree(root)).toEqual(before);
      const untouched = await openFolder(root);
      expect(await untouched.get(pack)).toEqual(pattern(2000, 1));
    }
  });

  it('a write that stores too little is found out', async () => {
    const files = {
      ...nodeFiles,
      open: async (...args: Parameters<typeof nodeFiles.open>) => {
        const handle = await nodeFiles.open(...args);
        return {
          ...handle,
          write: (data: Uint8Array, at: number) => handle.write(data.subarray(0, data.length / 2), at),
        };
      },
    };
    const store = await openFolder(root, { create: true, files });
    const error = await caught(store.put('a', pattern(10)));
    expect(error.message).toMatch(/only \d+ of \d+ bytes were stored/);
    expect(tree(root)).toEqual([]);
  });

  it('an appended blob survives passing errors of writing; a failed fsync is final', async () => {
    let failures = 2;
    const flaky = await prepared(({ call }) => {
      if (call === 'write' && failures-- > 0) throw systemError('EIO');
    });
    const appender = await flaky.store.begin!(pack);
    await appender.append(pattern(500, 1));
    await appender.append(pattern(600, 2));
    await appender.commit();
    expect(await flaky.store.get(pack)).toEqual(new Uint8Array([...pattern(500, 1), ...pattern(600, 2)]));
    const broken = await prepared(({ call }) => {
      if (call === 'sync') throw systemError('EIO');
    });
    const second = await broken.store.begin!(pack);
    await second.append(pattern(10));
    expect(await codeOf(second.commit())).toBe('io');
    expect(broken.clock.slept).toEqual([]);
    expect(tree(root)).toEqual(['.shards', packPath, 'warm.f'].toSorted());
  });

  it('after a failed append there is no commit', async () => {
    const { store } = await prepared(failing('write', 1, 'ENOSPC'));
    const appender = await store.begin!(pack);
    expect(await codeOf(appender.append(pattern(10)))).toBe('no-space');
    await appender.append(pattern(10)); // would leave a hole before it
    expect(await codeOf(appender.commit())).toBe('io');
    expect(await store.get(pack)).toEqual(pattern(2000, 1));
    expect(tree(root).filter((path) => path.includes('.tmp.'))).toEqual([]);
  });

  it('a crash after any file call leaves the old blob or the new one, and no list is disturbed', async () => {
    const outcomes = new Set<number>();
    for (let last = 0; ; last++) {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      let crashed = false;
      const { store } = await prepared((_, nth) => {
        if (nth < last) return;
        crashed = true;
        throw new Error('the power is gone');
      });
      await store.put(pack, pattern(3000, 2)).catch(() => {});
      const after = await openFolder(root);
      expect(await listed(after)).toEqual([pack, 'warm']);
      const bytes = await after.get(pack);
      outcomes.add(bytes.length);
      expect(bytes).toEqual(bytes.length === 2000 ? pattern(2000, 1) : pattern(3000, 2));
      if (!crashed) break;
    }
    expect(outcomes).toEqual(new Set([2000, 3000]));
  });

  it('an abort ends waiting, with its reason', async () => {
    const stop = new AbortController();
    const reason = new CairnError('canceled', 'stopped');
    const { store, clock } = await prepared(
      ({ call }) => {
        if (call !== 'readFile') return;
        if (clock.slept.length === 2) stop.abort(reason);
        throw systemError('EIO');
      },
      undefined,
      stop.signal,
    );
    await expect(store.get(pack)).rejects.toBe(reason);
  });

  it("Windows' refusal to replace an open file passes", async () => {
    const store = await openFolder(root, { create: true });
    await store.put('a', pattern(1));
    const clock = new TestClock();
    let refusals = 3;
    const windows = (path: string) => path.replaceAll('\\', '/').replace('C:', root);
    const files = hookedFiles(
      {
        ...nodeFiles,
        separator: '\\',
        stat: (path) => nodeFiles.stat(windows(path)),
        readFile: (path) => nodeFiles.readFile(windows(path)),
        open: (path, ...rest) => nodeFiles.open(windows(path), ...rest),
        list: (path) => nodeFiles.list(windows(path)),
        rename: (from, to) => nodeFiles.rename(windows(from), windows(to)),
        makeDirectory: (path, mode) => nodeFiles.makeDirectory(windows(path), mode),
        syncDirectory: async () => {},
      },
      ({ call }) => {
        if (call === 'rename' && refusals-- > 0) throw systemError('EPERM');
      },
    );
    const on = await openFolder('C:\\', { files, ports: { clock }, config: { path: 'C:\\' } });
    await on.put('a', pattern(2));
    await on.put(pack, pattern(3));
    expect(clock.slept).toEqual([100, 150, 225]);
    expect(await store.get('a')).toEqual(pattern(2));
    expect(await store.get(pack)).toEqual(pattern(3));
  });

  it('an unreadable file is permission, with a hint', async () => {
    const { store } = await prepared(({ call }) => {
      if (call === 'readFile') throw systemError('EACCES');
    });
    const error = await caught(store.get(pack));
    expect([error.code, error.hint]).toEqual(['permission', expect.stringMatching(/who owns it/)]);
  });
});
