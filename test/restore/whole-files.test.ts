import { lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Spawn, SyncWriter } from '../../src/ports.ts';
import { LocalTarget, type LocalTargetOptions } from '../../src/restore/local.ts';
import { restoreEntry, type RestoreOptions } from '../../src/restore/restore.ts';
import { writeWholeFile } from '../../src/restore/whole-file.ts';
import { RestoreWorkers } from '../../src/restore/workers.ts';
import { FakeContents, fakeTree, type FakeTree } from '../snapshot/fakes.ts';
import { ports } from '../runtime.ts';
import { localWorkers as workersHere } from './local-workers.ts';
import { contentOf, folder, realFiles, systemError } from './folder.ts';

const writer = ports().syncWriter;

const localWorkers = () => workersHere(() => ({ ...ports(), syncWriter: writer }));

interface Way extends LocalTargetOptions, RestoreOptions {
  syncWriter?: SyncWriter;
  spawn?: Spawn;
}

function restore(
  path: string,
  tree: FakeTree,
  { syncWriter = writer, spawn, ...options }: Way = {},
  files = realFiles,
) {
  const contents = new FakeContents();
  const workers = new RestoreWorkers({ spawn, environment: { cpuCount: 2 } });
  const target = new LocalTarget(files, path, options, { syncWriter, workers });
  return restoreEntry(contents, fakeTree(contents, tree), target, options).finally(() => workers.close());
}

function tree(count: number): FakeTree {
  const inner = (name: string): FakeTree =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `${name}${i}`,
        {
          text: `text ${i % 2000}`,
          mode: i % 3 === 0 ? 0o640 : 0o604,
          mtime: 1_500_000_000_000_000_000n + BigInt(i) * 1_000_000n,
        },
      ]),
    );
  return {
    a: inner('f'),
    b: { ...inner('g'), empty: '', link: { link: 'empty' }, setuid: { text: 's', mode: 0o4711 } },
    c: { large: { text: new Uint8Array(700_000).fill(7) }, limit: { text: new Uint8Array(512 << 10).fill(8) } },
    d: { parts: { text: 'many pieces of a file', chunk: 4 } },
  };
}

const shown = (path: string) =>
  readdirSync(path, { recursive: true })
    .map(String)
    .toSorted()
    .map((name) => {
      const { mode, size, mtimeMs, nlink } = lstatSync(join(path, name));
      return mode & 0o040000 && nlink > 1 ? `${name} ${mode}` : `${name} ${mode} ${size} ${mtimeMs}`;
    });

describe('files written at once', () => {
  it('are the same as those written call by call, in this thread and in workers', async () => {
    const paths = [folder(), folder(), folder()];
    const slow = new LocalTarget(realFiles, paths[0]);
    const contents = new FakeContents();
    const stats = await restoreEntry(contents, fakeTree(contents, tree(800)), slow);
    expect(await restore(paths[1], tree(800))).toEqual(stats);
    const workers = localWorkers();
    expect(await restore(paths[2], tree(800), workers)).toEqual(stats);
    expect(workers).toMatchObject({ started: 2, closed: 2 });
    const expected = shown(paths[0]);
    expect(expected).toHaveLength(1600 + 6 + 4);
    const text = await contentOf(paths[0]);
    for (const path of paths.slice(1)) {
      expect(shown(path)).toEqual(expected);
      expect(await contentOf(path)).toEqual(text);
    }
  });

  it('go to workers in few messages, and few files start none', async () => {
    const workers = localWorkers();
    await restore(folder(), tree(2000), workers);
    expect(workers.posts).toBeGreaterThan(10);
    expect(workers.posts).toBeLessThan(50);
    const none = localWorkers();
    await restore(folder(), tree(100), none);
    expect(none.started).toBe(0);
  });

  it('that could not be written are tried step by step, which tells why', async () => {
    const path = folder();
    const deny = () => {
      throw systemError('EIO');
    };
    for (const call of ['create', 'write', 'stat', 'close', 'rename'] as const) {
      const removed: string[] = [];
      const removeFile = (name: string) => void (removed.push(name), writer.removeFile(name));
      const failing = call === 'close' ? (handle: number) => (writer.close(handle), deny()) : deny;
      const stats = await restore(
        path,
        { [call]: 'x', e: '' },
        { syncWriter: { ...writer, removeFile, [call]: failing } },
      );
      expect(stats).toMatchObject({ files: 2, errorCount: 0 });
      expect(removed).toHaveLength(call === 'create' ? 0 : 2);
    }
    expect(await contentOf(path)).toEqual({ close: 'x', create: 'x', e: '', rename: 'x', stat: 'x', write: 'x' });
  });

  it('end the run on a full disk, without leftovers', async () => {
    for (const ignoreErrors of [false, true]) {
      const path = folder();
      let room = 3000;
      const take = (length: number) => {
        if ((room -= length) < 0) throw systemError('ENOSPC');
      };
      const syncWriter: SyncWriter = {
        ...writer,
        write: (handle, data) => (take(data.length), writer.write(handle, data)),
      };
      const files = {
        ...realFiles,
        open: async (...args: Parameters<typeof realFiles.open>) => {
          const handle = await realFiles.open(...args);
          const write = async (data: Uint8Array, position: number) => (take(data.length), handle.write(data, position));
          return { ...handle, write };
        },
      };
      const full = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(100)]));
      const run = restore(path, full, { syncWriter, ignoreErrors }, files);
      await expect(run).rejects.toMatchObject({ code: 'no-space' });
      const left = await contentOf(path);
      expect(Object.keys(left).length).toBeGreaterThan(10);
      for (const [name, text] of Object.entries(left)) expect([name, text.length]).toEqual([name, 100]);
    }
  });

  it('have what the system does not permit counted, or end the run', async () => {
    const deny = () => {
      throw systemError('EPERM');
    };
    const denied = { ...realFiles, chown: async () => deny() };
    const owned: FakeTree = { f: { text: 'x', uid: 12345, gid: 12345, mode: 0o6755 } };
    const path = folder();
    const syncWriter = { ...writer, chown: deny };
    const stats = await restore(path, owned, { syncWriter });
    expect(stats).toMatchObject({ files: 1, permissionErrors: 1 });
    expect(lstatSync(join(path, 'f')).mode & 0o7777).toBe(0o755);
    const strict = restore(folder(), owned, { syncWriter, ignorePermissionErrors: false }, denied);
    await expect(strict).rejects.toMatchObject({ message: expect.stringMatching(/cannot set the owner/) });
  });

  it('end with one error when a worker dies, errors ignored or not', async () => {
    for (const ignoreErrors of [false, true]) {
      const workers = localWorkers();
      const onProgress = () => {
        if (workers.posts > 2) workers.kill(new Error('killed'));
      };
      const path = folder();
      const run = restore(path, tree(2000), { ...workers, ignoreErrors, onProgress });
      await expect(run).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/worker died: killed/),
      });
      expect(workers.closed).toBe(workers.started);
    }
  });

  it('never go through a link under the temporary name, nor replace what a link leads to', () => {
    const path = folder();
    writeFileSync(join(path, 'outside'), 'keep');
    mkdirSync(join(path, 'd'));
    symlinkSync('../outside', join(path, 'd', 'temporary'));
    symlinkSync('../outside', join(path, 'd', 'f'));
    const file = { start: 0, length: 1, attributes: { mode: 0o600 }, modeOwner: { uid: 0, gid: 0 } };
    const at = (name: string) => join(path, 'd', name);
    const write = (temporary: string) =>
      writeWholeFile(writer, { ...file, temporary: at(temporary), path: at('f') }, new Uint8Array([120]), true);
    expect(() => write('temporary')).toThrow(/EEXIST|exists/);
    expect(lstatSync(at('temporary')).isSymbolicLink()).toBe(true);
    write('free');
    expect(lstatSync(at('f')).isFile()).toBe(true);
    expect(readdirSync(path).toSorted()).toEqual(['d', 'outside']);
    expect(lstatSync(join(path, 'outside')).size).toBe(4);
  });
});
