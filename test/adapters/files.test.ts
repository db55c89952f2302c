import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileError, systemCode } from '../../src/errors.ts';
import type { FileListItem } from '../../src/ports.ts';
import { ports, temporaryDirectory } from '../runtime.ts';

const { files, fidelity, syncFiles, environment } = ports();
const posix = environment.platform !== 'windows';
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
/** Bun's path.join alters lone surrogates. */
const join = (...names: string[]) => names.join(files.separator);
const bytes = (value: string) => new TextEncoder().encode(value);

const sorted = (items: FileListItem[]) => items.map(({ name, kind }) => `${name} ${kind}`).toSorted();

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
  } catch (error) {
    return systemCode(error);
  }
  return 'no error';
}

describe('files', () => {
  let root = '';
  const at = (name: string) => join(root, name);
  beforeAll(() => {
    root = temporaryDirectory();
    writeFileSync(at('plain'), 'hello');
    mkdirSync(at('folder'));
    symlinkSync('plain', at('link'));
  });

  it('lists names with their kinds, the same asynchronously and synchronously', async () => {
    const expected = { plain: 'file', folder: 'directory', link: 'symlink' };
    const items = await files.list(root);
    expect(Object.fromEntries(items.map(({ name, kind }) => [name, kind]))).toEqual(expected);
    expect(syncFiles.names(root).sort()).toEqual(Object.keys(expected).sort());
  });

  it('stats the link itself or what it leads to', async () => {
    expect(await files.lstat(at('link'))).toMatchObject({ kind: 'symlink', size: 5 });
    expect(await files.stat(at('link'))).toMatchObject({ kind: 'file', size: 5 });
    expect(syncFiles.lstat(at('link')).kind).toBe('symlink');
    expect(await files.readLink(at('link'))).toBe('plain');
    expect(syncFiles.readLink(at('link'))).toBe('plain');
    expect(await files.realPath(at('link'))).toBe(await files.realPath(at('plain')));
    expect(syncFiles.lstat(at('plain'))).toEqual(await files.lstat(at('plain')));
  });

  it('reads whole, by range, into a view, and at the own position', async () => {
    expect(text(await files.readFile(at('plain')))).toBe('hello');
    const handle = await files.open(at('plain'), 'read');
    const into = new Uint8Array(10);
    expect(await handle.read(into.subarray(2, 5), 1)).toBe(3);
    expect(text(into.subarray(2, 5))).toBe('ell');
    expect(await handle.read(into, 5)).toBe(0);
    expect((await handle.stat()).size).toBe(5);
    await handle.close();
    await handle.close();

    const memory = new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 100, 4);
    const descriptor = syncFiles.openRead(at('plain'));
    expect(syncFiles.read(descriptor, memory)).toBe(4);
    expect(syncFiles.read(descriptor, memory)).toBe(1);
    expect(syncFiles.read(descriptor, memory)).toBe(0);
    expect(syncFiles.read(descriptor, memory, 3)).toBe(2);
    expect(text(memory.subarray(0, 2))).toBe('lo');
    syncFiles.close(descriptor);
  });

  it('writes at positions, truncates, syncs and renames', async () => {
    const handle = await files.open(at('new'), 'create', 0o640);
    await handle.write(bytes('world'), 6);
    await handle.write(bytes('hello '), 0);
    await handle.truncate(9);
    await handle.sync();
    if (posix) expect((await handle.stat()).mode).toBe(0o640);
    await handle.close();
    await files.rename(at('new'), at('renamed'));
    await files.syncDirectory(root);
    expect(text(await files.readFile(at('renamed')))).toBe('hello wor');
    const again = await files.open(at('renamed'), 'write');
    await again.close();
    expect((await files.lstat(at('renamed'))).size).toBe(0);
    await files.removeFile(at('renamed'));
    expect(await codeOf(files.lstat(at('renamed')))).toBe('ENOENT');
  });

  it('creates only what is not there, and never through a symlink', async () => {
    symlinkSync(at('elsewhere'), at('dangling'));
    expect(await codeOf(files.open(at('plain'), 'create'))).toBe('EEXIST');
    expect(await codeOf(files.open(at('dangling'), 'create'))).toBe('EEXIST');
    expect(await codeOf(files.lstat(at('elsewhere')))).toBe('ENOENT');
    expect(await codeOf(files.open(at('missing'), 'update'))).toBe('ENOENT');
    expect(await codeOf(files.makeDirectory(at('folder')))).toBe('EEXIST');
    expect(readFileSync(at('plain'), 'utf8')).toBe('hello');
  });

  it('names the failures of directories', async () => {
    writeFileSync(at('folder/inside'), '');
    expect(['ENOTEMPTY', 'EEXIST']).toContain(await codeOf(files.removeDirectory(at('folder'))));
    expect(await codeOf(files.removeDirectory(at('plain')))).toBe('ENOTDIR');
    expect(await codeOf(files.list(at('nowhere')))).toBe('ENOENT');
    expect(() => syncFiles.openRead(at('nowhere'))).toThrow(/ENOENT|no such file/i);
  });

  it.runIf(posix)('keeps permission bits and the owner of a link', async () => {
    await files.chmod(at('plain'), 0o4711);
    expect((await files.lstat(at('plain'))).mode).toBe(0o4711);
    await files.makeDirectory(at('private'), 0o700);
    expect((await files.lstat(at('private'))).mode).toBe(0o700);
    if (environment.userId() !== 0) return;
    await files.chown(at('link'), 12, 34);
    expect(await files.lstat(at('link'))).toMatchObject({ uid: 12, gid: 34 });
    expect(await files.lstat(at('plain'))).toMatchObject({ uid: 0, gid: 0 });
  });

  it('does not hang on a pipe that took the place of a file', async () => {
    if (environment.platform !== 'linux') return;
    const { spawnSync } = await import('node:child_process');
    spawnSync('mkfifo', [at('pipe')]);
    expect(syncFiles.lstat(at('pipe')).kind).toBe('other');
    const descriptor = syncFiles.openRead(at('pipe'));
    expect(syncFiles.read(descriptor, new Uint8Array(1))).toBe(0);
    syncFiles.close(descriptor);
  });

  it.runIf(environment.platform === 'linux')('tells a full disk by ENOSPC', async () => {
    const handle = await files.open('/dev/full', 'update');
    const failure = await handle.write(bytes('x'), 0).catch((error: unknown) => error);
    await handle.close();
    expect(systemCode(failure)).toBe('ENOSPC');
    expect(fileError(failure, 'cannot write', '/dev/full')).toMatchObject({ code: 'no-space' });
  });

  it('tells the room of a volume', async () => {
    const { capacity, available } = await files.capacity(root);
    expect(capacity).toBeGreaterThan(available);
    expect(available).toBeGreaterThan(0n);
  });

  it('refuses a path with a NUL', async () => {
    for (const name of ['plain\0x', '\udcff\0x']) {
      await expect(files.lstat(at(name))).rejects.toThrow();
      await expect(files.setTimes(at(name), 0n)).rejects.toThrow();
      expect(() => syncFiles.lstat(at(name))).toThrow();
    }
  });
});

describe('times', () => {
  const root = temporaryDirectory();
  const path = join(root, 'file');
  const link = join(root, 'link');
  writeFileSync(path, '');
  symlinkSync('file', link);
  const resolution = BigInt(Math.max(fidelity.readTimeResolution, fidelity.writeTimeResolution));

  it.each([
    ['whole seconds', 1_700_000_000_000_000_000n],
    ['nanoseconds', 1_700_000_000_123_456_789n],
    ['the end of a second', 1_700_000_000_999_999_999n],
    ['a whole microsecond', 1_712_345_678_123_457_000n],
    ['a whole millisecond', 1_712_345_678_129_000_000n],
    ['soon after 1970', 7n],
    ['before 1970', -5_123_456_789n],
    ['a second before 1970', -2_000_000_000n],
    ['the year 2100', 4_102_444_800_123_456_789n],
  ])('sets %s within what fidelity tells', async (_, time) => {
    for (const [name, follow] of [
      [path, true],
      [link, false],
    ] as const) {
      await files.setTimes(name, time, follow);
      const { mtime } = await files.lstat(name);
      const off = mtime > time ? mtime - time : time - mtime;
      expect(off).toBeLessThan(resolution);
      if (time % resolution === 0n) expect(mtime / resolution).toBe(time / resolution);
      if (time % 1_000_000_000n === 0n) expect(mtime).toBe(time);
      expect(syncFiles.lstat(name).mtime).toBe(mtime);
    }
  });

  it('changes what a link leads to, or the link alone', async () => {
    await files.setTimes(path, 1_000_000_000n);
    await files.setTimes(link, 2_000_000_000n, false);
    await files.setTimes(link, 3_000_000_000n);
    expect((await files.lstat(path)).mtime).toBe(3_000_000_000n);
    expect((await files.lstat(link)).mtime).toBe(2_000_000_000n);
  });
});

describe.runIf(fidelity.rawNames)('names that are not UTF-8', () => {
  const root = temporaryDirectory();
  const raw = 'caf\udce9-\udcff-é-\ufffd';

  it('survive every call', async () => {
    const folder = join(root, raw);
    const file = join(folder, 'x\udcfe');
    await files.makeDirectory(folder, 0o755);
    const handle = await files.open(file, 'create', 0o600);
    await handle.write(bytes('raw'), 0);
    await handle.sync();
    await handle.close();
    expect(await codeOf(files.open(file, 'create'))).toBe('EEXIST');
    await files.syncDirectory(folder);
    await files.chmod(file, 0o644);
    await files.setTimes(file, 1_000_000_000n);
    await files.symlink('to\udcfd', join(folder, 'l\udcfc'));
    expect((await files.capacity(folder)).capacity).toBeGreaterThan(0n);

    expect(await files.list(root)).toEqual([{ name: raw, kind: 'directory' }]);
    expect(syncFiles.names(root)).toEqual([raw]);
    expect(sorted(await files.list(folder))).toEqual(['l\udcfc symlink', 'x\udcfe file']);
    expect(syncFiles.names(folder).sort()).toEqual(['l\udcfc', 'x\udcfe']);
    expect(await files.readLink(join(folder, 'l\udcfc'))).toBe('to\udcfd');
    expect(syncFiles.readLink(join(folder, 'l\udcfc'))).toBe('to\udcfd');
    expect(await files.lstat(file)).toMatchObject({ size: 3, mode: 0o644, mtime: 1_000_000_000n });
    expect((await files.stat(file)).size).toBe(3);
    expect(text(await files.readFile(file))).toBe('raw');
    expect((await files.realPath(file)).endsWith(join(raw, 'x\udcfe'))).toBe(true);
    const update = await files.open(file, 'update');
    expect((await update.stat()).size).toBe(3);
    await update.write(bytes('R'), 0);
    await update.close();
    const descriptor = syncFiles.openRead(file);
    const into = new Uint8Array(8);
    expect(syncFiles.read(descriptor, into, 0)).toBe(3);
    syncFiles.close(descriptor);
    expect(text(into.subarray(0, 3))).toBe('Raw');

    await files.rename(file, join(root, 'y\udcfb'));
    await files.removeFile(join(root, 'y\udcfb'));
    await files.removeFile(join(folder, 'l\udcfc'));
    await files.removeDirectory(folder);
    expect(await files.list(root)).toEqual([]);
    expect(await codeOf(files.lstat(folder))).toBe('ENOENT');
  });
});
