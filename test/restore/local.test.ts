import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Files } from '../../src/ports.ts';
import { LocalTarget, type LocalTargetOptions } from '../../src/restore/local.ts';
import { restoreEntry, type RestoreOptions } from '../../src/restore/restore.ts';
import { restoreSummary } from '../../src/restore/stats.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { FakeContents, fakeFile, fakeTree, TIME, type FakeTree } from '../snapshot/fakes.ts';
import { ports } from '../runtime.ts';
import { contentOf, folder, realFiles, systemError, watchedFiles } from './folder.ts';

interface Run extends LocalTargetOptions, RestoreOptions {
  files?: Files;
  root?: Partial<DirEntry>;
}

async function restore(path: string, tree: FakeTree, { files = realFiles, root = {}, ...options }: Run = {}) {
  const contents = new FakeContents();
  const entry = fakeTree(contents, tree, 'root', root);
  // the real system is written to at once, a watched one call by call
  const target = new LocalTarget(files, path, options, files === realFiles ? ports() : {});
  return restoreEntry(contents, entry, target, options);
}

/** Owners that nobody but root can set are only noted. */
const noOwners = { chown: async () => {} };
const lines = (calls: readonly string[], ...names: string[]) =>
  calls.filter((call) => names.includes(call.split(' ')[0]));

function fakeInner(owner: { uid: number; gid: number }) {
  const mtime = 1_234_567_890_123_000_000n;
  const tree: FakeTree = {
    s: { text: 'x', mode: 0o6711, mtime, ...owner },
    t: { text: 'x', mode: 0o1600, mtime, ...owner },
    l: { link: 's', mtime, ...owner },
  };
  return { mtime, tree };
}

const deny = async () => {
  throw systemError('EPERM');
};

const attributeTree: FakeTree = {
  setuid: { text: 'x', mode: 0o4755, uid: 11, gid: 22, mtime: 1_600_000_000_123_456_789n },
  plain: { text: 'y', mode: 0o600 },
  link: { link: 'setuid', uid: 5, mtime: 7n },
};

const callsWith = async (options: LocalTargetOptions) => {
  const watched = watchedFiles(noOwners);
  await restore(folder(), attributeTree, { files: watched.files, ...options });
  return lines(watched.calls, 'chown', 'chmod', 'setTimes').map((call) => call.split(' ')[0]);
};

describe('attributes', () => {
  it('are set before a file gets its name, links and folders included, exact to the nanosecond', async () => {
    const { files, calls } = watchedFiles(noOwners);
    await restore(folder(), { d: attributeTree }, { files, root: { mode: 0o1777, mtime: -5n } });
    const own = calls.findIndex((call) => call.endsWith(' setuid') && call.startsWith('rename'));
    const temporary = calls[own].split(' ')[1];
    expect(calls.filter((call) => call.includes(temporary))).toEqual([
      `chown ${temporary} 11 22`,
      `chmod ${temporary} ${0o4755}`,
      `setTimes ${temporary} 1600000000123456789 true`,
      `rename ${temporary} setuid`,
    ]);
    expect(calls).toContain('setTimes link 7 false');
    expect(calls).toContain('chown link 5 0');
    const folders = lines(calls, 'chmod', 'setTimes').slice(-2);
    expect(folders[0]).toMatch(new RegExp(`^chmod cairn-restore-\\S+ ${0o1777}$`));
    expect(folders[1]).toMatch(/^setTimes cairn-restore-\S+ -5 true$/);
    expect(calls.indexOf(`setTimes d ${TIME} true`)).toBeGreaterThan(own);
  });

  it('are really there afterwards, also in a folder that may not be written', async () => {
    const path = folder();
    const { getuid = () => 0, getgid = () => 0 } = process;
    const owner = { uid: getuid(), gid: getgid() };
    const inner = fakeInner(owner);
    await restore(path, inner.tree, { root: { ...owner, mode: 0o500, mtime: inner.mtime } });
    for (const [name, mode] of [
      ['', 0o500],
      ['s', 0o6711],
      ['t', 0o1600],
    ] as const) {
      const stat = await realFiles.lstat(join(path, name));
      expect([stat.mode, stat.mtime / 1_000_000n]).toEqual([mode, inner.mtime / 1_000_000n]);
    }
    expect((await realFiles.lstat(join(path, 'l'))).mtime / 1_000_000n).toBe(inner.mtime / 1_000_000n);
    // and once more over what is there
    const again = await restore(path, inner.tree, { root: { ...owner, mode: 0o500, mtime: inner.mtime } });
    expect(again).toMatchObject({ files: 2, symlinks: 1, directories: 1 });
  });

  it('that the system does not permit are counted, or end the run', async () => {
    const { files, calls } = watchedFiles({ chown: deny, setTimes: deny });
    const path = folder();
    const stats = await restore(path, attributeTree, { files });
    expect(stats).toMatchObject({ files: 2, symlinks: 1, errorCount: 0 });
    expect(stats.permissionErrors).toBe(lines(calls, 'chown', 'setTimes').length);
    expect(stats.permissionErrors).toBeGreaterThanOrEqual(2 + 4);
    // the owner is not the stored one: nobody may run the file as somebody else
    expect(calls.some((call) => call.startsWith('chmod') && call.endsWith(` ${0o755}`))).toBe(true);
    expect((await realFiles.lstat(join(path, 'setuid'))).mode).toBe(0o755);
    const strict = restore(folder(), attributeTree, { files, ignorePermissionErrors: false });
    await expect(strict).rejects.toMatchObject({ code: 'permission' });
  });

  it('are left out one by one when asked', async () => {
    expect(await callsWith({ skipOwners: true })).not.toContain('chown');
    expect(await callsWith({ skipPermissions: true })).not.toContain('chmod');
    expect(await callsWith({ skipTimes: true })).not.toContain('setTimes');
    expect(new Set(await callsWith({}))).toEqual(new Set(['chown', 'chmod', 'setTimes']));
  });

  it('of a file that is replaced stay where they are not restored', async () => {
    const path = folder();
    writeFileSync(join(path, 'plain'), 'old', { mode: 0o640 });
    await restore(path, attributeTree, { skipPermissions: true });
    expect((await realFiles.lstat(join(path, 'plain'))).mode).toBe(0o640);
    expect(readFileSync(join(path, 'plain'), 'utf8')).toBe('y');
  });

  it('of a root that are not known are not set', async () => {
    const path = folder();
    const before = (await realFiles.lstat(path)).mode;
    const { files, calls } = watchedFiles(noOwners);
    await restore(
      path,
      { a: { text: 'x', mode: 0o640 } },
      { files, rootAttributes: false, root: { mode: 0o555, mtime: 0n } },
    );
    expect((await realFiles.lstat(path)).mode).toBe(before);
    expect(calls.filter((call) => call.startsWith('setTimes'))).toHaveLength(1);
  });
});

describe('what is there already', () => {
  it('is kept beside, replaced by name, and nothing else', async () => {
    const path = folder();
    mkdirSync(join(path, 'd'));
    writeFileSync(join(path, 'd', 'keep'), 'kept');
    writeFileSync(join(path, 'd', 'f'), 'something longer than the new text');
    symlinkSync('elsewhere', join(path, 'd', 'l'));
    await restore(path, { d: { f: 'new', l: { link: 'here' } } });
    expect(await contentOf(path)).toEqual({ d: '/', 'd/f': 'new', 'd/keep': 'kept', 'd/l': '-> here' });
  });

  it('is refused by the flags', async () => {
    const path = folder();
    writeFileSync(join(path, 'f'), 'old');
    symlinkSync('old', join(path, 'l'));
    mkdirSync(join(path, 'd'));
    const tree: FakeTree = { f: 'new', l: { link: 'new' }, d: {} };
    const codes = async (options: Run) => (await restore(path, tree, { ...options, ignoreErrors: true })).errors;
    expect(await codes({ overwriteFiles: false })).toMatchObject([{ path: 'f', code: 'file-exists' }]);
    expect(await codes({ overwriteSymlinks: false })).toMatchObject([{ path: 'l', code: 'file-exists' }]);
    expect(await codes({ overwriteDirectories: false })).toMatchObject([{ path: '', code: 'file-exists' }]);
    const empty = await restore(folder(), tree, { overwriteDirectories: false });
    expect(empty.directories).toBe(2);
  });

  it('of another kind is in the way, with a hint', async () => {
    const path = folder();
    mkdirSync(join(path, 'f', 'x'), { recursive: true });
    mkdirSync(join(path, 'l'));
    writeFileSync(join(path, 'd'), 'a file');
    writeFileSync(join(path, 'l2'), 'a file');
    const tree: FakeTree = { f: 'new', l: { link: 'new' }, l2: { link: 'new' }, d: { g: 'x' } };
    const { errors } = await restore(path, tree, { ignoreErrors: true });
    expect(errors.map(({ path: at, code }) => `${at} ${code}`).toSorted()).toEqual([
      'd not-a-directory',
      'f is-a-directory',
      'l is-a-directory',
      'l2 file-exists',
    ]);
    await expect(restore(join(path, 'd'), {})).rejects.toMatchObject({
      code: 'not-a-directory',
      hint: expect.any(String),
    });
    await expect(restore(join(path, 'd', 'below'), {})).rejects.toMatchObject({ code: 'not-a-directory' });
  });

  it('is skipped when it has the same size and about the same time', async () => {
    const path = folder();
    const seconds = Number(TIME / 1_000_000_000n);
    for (const [name, text, time] of [
      ['same', 'old', seconds + 1.5],
      ['older', 'old', seconds - 3],
      ['longer', 'older', seconds],
    ] as const) {
      writeFileSync(join(path, name), text);
      utimesSync(join(path, name), time, time);
    }
    symlinkSync('old', join(path, 'link'));
    const stats = await restore(
      path,
      { same: 'new', older: 'new', longer: 'new', link: { link: 'new' } },
      { skipExisting: true },
    );
    expect(await contentOf(path)).toEqual({ same: 'old', older: 'new', longer: 'new', link: '-> old' });
    expect(stats).toMatchObject({ files: 2, skipped: 2, skippedBytes: 3 });
    expect(restoreSummary(stats)).toMatch(/, skipped 2 \(3 B\)\.$/);
  });

  it('is deleted where the snapshot does not hold it, links never followed', async () => {
    const outside = folder();
    writeFileSync(join(outside, 'precious'), 'precious');
    const path = folder();
    mkdirSync(join(path, 'extra', 'deep'), { recursive: true });
    writeFileSync(join(path, 'extra', 'deep', 'f'), 'x');
    symlinkSync(outside, join(path, 'extra', 'out'));
    symlinkSync(outside, join(path, 'stray'));
    mkdirSync(join(path, 'file', 'x'), { recursive: true });
    writeFileSync(join(path, 'dir'), 'a file');
    writeFileSync(join(path, 'kept'), 'old');
    const stats = await restore(path, { file: 'f', dir: { g: 'g' }, kept: 'new' }, { deleteExtra: true });
    expect(await contentOf(path)).toEqual({ file: 'f', dir: '/', 'dir/g': 'g', kept: 'new' });
    expect(stats).toMatchObject({ deletedFiles: 2, deletedDirectories: 4, deletedSymlinks: 2 });
    expect(await contentOf(outside)).toEqual({ precious: 'precious' });
    expect(restoreSummary(stats)).toContain(', deleted directories 4, deleted files 2, deleted symbolic links 2.');
  });

  it('is not deleted in a folder whose list is damaged', async () => {
    const contents = new FakeContents();
    const root = fakeTree(contents, { d: { a: 'x' } });
    contents.damage(fakeTree(contents, { a: 'x' }).objectId);
    const path = folder();
    mkdirSync(join(path, 'd'));
    writeFileSync(join(path, 'd', 'mine'), 'mine');
    const target = new LocalTarget(realFiles, path, { deleteExtra: true });
    const stats = await restoreEntry(contents, root, target, { ignoreErrors: true });
    expect(stats).toMatchObject({ errorCount: 1, deletedFiles: 0 });
    expect(await contentOf(path)).toEqual({ d: '/', 'd/mine': 'mine' });
  });
});

describe('links in the target', () => {
  it('lead nowhere: not as folders, not as files, not as links', async () => {
    const outside = folder();
    writeFileSync(join(outside, 'f'), 'precious');
    const path = folder();
    symlinkSync(outside, join(path, 'd'));
    symlinkSync(join(outside, 'f'), join(path, 'f'));
    symlinkSync(join(outside, 'f'), join(path, 'l'));
    const tree: FakeTree = { d: { f: 'evil', deep: { g: 'evil' } }, f: 'new', l: { link: 'new' } };
    const { errors } = await restore(path, tree, { ignoreErrors: true });
    expect(errors).toMatchObject([
      { path: 'd', code: 'not-a-directory', message: expect.stringContaining('symbolic link') },
    ]);
    expect(await contentOf(outside)).toEqual({ f: 'precious' });
    expect(await contentOf(path)).toEqual({ d: `-> ${outside}`, f: 'new', l: '-> new' });
    expect((await realFiles.lstat(join(outside, 'f'))).mode).not.toBe(0);
  });

  it('that a snapshot brings itself do not redirect its own files', async () => {
    const outside = folder();
    const contents = new FakeContents();
    // a repository made by somebody else may name a link and a folder alike
    const root = fakeTree(contents, { x: { link: outside }, 'x ': { evil: 'x' } });
    const stored = contents.stored.get(root.objectId)!;
    const text = new TextDecoder().decode(stored.data).replace('"x "', '"x"');
    contents.putAs(root.objectId, new TextEncoder().encode(text));
    const path = folder();
    await restoreEntry(contents, root, new LocalTarget(realFiles, path));
    expect(await contentOf(outside)).toEqual({});
    expect(await contentOf(path)).toEqual({ x: '/', 'x/evil': 'x', 'x (2)': `-> ${outside}` });
  });

  it('may be the target itself', async () => {
    const real = folder();
    const link = join(folder(), 'link');
    symlinkSync(real, link);
    await restore(link + '/', { a: 'x' });
    expect(await contentOf(real)).toEqual({ a: 'x' });
    expect((await realFiles.lstat(link)).kind).toBe('symlink');
  });
});

/** `Files` that notes what is written to handles. */
function watchedWrites(fail?: (total: number, length: number) => void) {
  const writes: [number, number][] = [];
  const log: string[] = [];
  let total = 0;
  const watched = watchedFiles({
    ...noOwners,
    open: async (path, mode, permissions) => {
      const handle = await realFiles.open(path, mode, permissions);
      log.push(`open ${mode} ${permissions?.toString(8)}`);
      return {
        ...handle,
        write: async (data, position) => {
          writes.push([position, data.length]);
          total += data.length;
          fail?.(total, data.length);
          await handle.write(data, position);
        },
        sync: async () => {
          log.push('sync');
          await handle.sync();
        },
        truncate: (length) => handle.truncate(length),
        stat: () => handle.stat(),
        close: async () => {
          log.push('close');
          await handle.close();
        },
      };
    },
    rename: async (from, to) => {
      log.push('rename');
      await realFiles.rename(from, to);
    },
  });
  return { ...watched, writes, log };
}

describe('writing', () => {
  it('leaves out blocks of zeros in sparse files, and only there', async () => {
    const data = new Uint8Array(100_000);
    data[5000] = 1;
    data.fill(2, 20_000, 30_000);
    const tree: FakeTree = { holes: { text: data, chunk: 7000 }, tail: { text: new Uint8Array(9000) }, short: 'abc' };
    const path = folder();
    const { files, writes } = watchedWrites();
    await restore(path, tree, { files, writeSparseFiles: true });
    expect([...new Uint8Array(readFileSync(join(path, 'holes')))]).toEqual([...data]);
    expect([...new Uint8Array(readFileSync(join(path, 'tail')))]).toEqual([...new Uint8Array(9000)]);
    const bytes = writes.reduce((sum, [, length]) => sum + length, 0);
    expect(bytes).toBeLessThan(10_000 + 4 * 4096);
    const full = watchedWrites();
    await restore(folder(), tree, { files: full.files });
    expect(full.writes.reduce((sum, [, length]) => sum + length, 0)).toBe(109_003);
  });

  it('happens under another name, private, and is synced before the name when asked', async () => {
    const plain = watchedWrites();
    await restore(folder(), { f: 'x' }, { files: plain.files });
    expect(plain.log).toEqual(['open create 600', 'close', 'rename']);
    const flushed = watchedWrites();
    await restore(folder(), { f: 'x' }, { files: flushed.files, flushFiles: true });
    expect(flushed.log).toEqual(['open create 600', 'sync', 'close', 'rename']);
    expect(lines(flushed.calls, 'syncDirectory')).toEqual([]);
    const atomic = watchedWrites();
    await restore(folder(), { f: 'x', d: {} }, { files: atomic.files, writeFilesAtomically: true });
    expect(atomic.log).toEqual(['open create 600', 'sync', 'close', 'rename']);
    expect(lines(atomic.calls, 'syncDirectory')).toHaveLength(2);
  });

  it('passes over the leftovers of a run that was killed', async () => {
    const path = folder();
    writeFileSync(join(path, '.cairn-restore-0'), 'left');
    symlinkSync('left', join(path, '.cairn-restore-1'));
    await restore(path, { f: 'x', g: 'y' });
    expect(await contentOf(path)).toEqual({
      '.cairn-restore-0': 'left',
      '.cairn-restore-1': '-> left',
      f: 'x',
      g: 'y',
    });
  });

  it('ends on a full disk, errors ignored or not, without leftovers', async () => {
    const tree: FakeTree = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(100)]));
    for (const ignoreErrors of [false, true]) {
      const path = folder();
      const { files } = watchedWrites((total) => {
        if (total > 2000) throw systemError('ENOSPC');
      });
      const run = restore(path, tree, { files, ignoreErrors });
      await expect(run).rejects.toMatchObject({ code: 'no-space', hint: expect.any(String) });
      const left = readdirSync(path);
      expect(left.filter((name) => name.startsWith('.cairn'))).toEqual([]);
      for (const name of left) expect(readFileSync(join(path, name)).length).toBe(100);
    }
  });

  it('reports a failing write by path and removes the piece', async () => {
    const path = folder();
    const { files } = watchedWrites((total, length) => {
      if (length === 100 && total > 1500) throw systemError('EIO');
    });
    const stats = await restore(
      path,
      { bad: { text: new Uint8Array(2000), chunk: 100 }, z: 'ok' },
      { files, ignoreErrors: true },
    );
    expect(stats.errors).toMatchObject([
      { path: 'bad', code: 'io', message: expect.stringMatching(/cannot write .*bad/) },
    ]);
    expect(await contentOf(path)).toEqual({ z: 'ok' });
  });

  it('replaces a file only when the new one is whole', async () => {
    const path = folder();
    writeFileSync(join(path, 'f'), 'old and good');
    const contents = new FakeContents();
    const root = fakeTree(contents, { f: { text: 'new', chunk: 1 } });
    contents.damage(contents.put(new TextEncoder().encode('w')));
    await expect(restoreEntry(contents, root, new LocalTarget(realFiles, path))).rejects.toMatchObject({
      code: 'corrupt',
    });
    expect(await contentOf(path)).toEqual({ f: 'old and good' });
  });

  it('of a file to the name of a folder is refused', async () => {
    const contents = new FakeContents();
    const path = folder();
    const run = restoreEntry(contents, fakeFile(contents, 'f', { text: 'x' }), new LocalTarget(realFiles, path + '/'));
    await expect(run).rejects.toMatchObject({ code: 'is-a-directory' });
    expect(readdirSync(path)).toEqual([]);
  });
});
