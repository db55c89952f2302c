import * as fs from 'node:fs';
import * as promises from 'node:fs/promises';
import { sep } from 'node:path';
import { nameFromBytes } from '../../src/bytes/name.ts';
import { systemCode } from '../../src/errors.ts';
import type { FileListItem, Files, OpenMode } from '../../src/ports.ts';
import { called, handleOf } from './handle.ts';
import { looksAltered, nameJoin, systemPath } from './path.ts';
import { fileStat, kindOfEntry } from './stat.ts';
import { floatSeconds } from './times.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_RDWR, O_TRUNC } = fs.constants;

export const openFlags: Record<OpenMode, number> = {
  read: O_RDONLY,
  create: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
  write: O_RDWR | O_CREAT | O_TRUNC,
  update: O_RDWR,
};

/** What a directory answers to fsync where there is no such thing: Windows, some network file systems. */
const notSyncable = new Set(['EINVAL', 'EISDIR', 'EPERM', 'EACCES', 'EBADF', 'ENOTSUP', 'ENOSYS']);

export const nodeFiles: Files = {
  separator: sep as '/' | '\\',

  async list(path) {
    const items = await listDecoded(path);
    return items.some(({ name }) => looksAltered(name)) ? listRaw(path) : items;
  },
  async lstat(path) {
    return fileStat(await promises.lstat(systemPath(path), { bigint: true }));
  },
  async stat(path) {
    return fileStat(await promises.stat(systemPath(path), { bigint: true }));
  },
  async readFile(path) {
    const data = await promises.readFile(systemPath(path));
    return new Uint8Array(data.buffer, data.byteOffset, data.length);
  },
  async readLink(path) {
    return nameFromBytes(await promises.readlink(systemPath(path), 'buffer'));
  },
  async realPath(path) {
    return nameFromBytes(await promises.realpath(systemPath(path), 'buffer'));
  },
  async open(path, mode, permissions) {
    return handleOf(await openDescriptor(path, openFlags[mode], permissions));
  },
  async makeDirectory(path, permissions) {
    await promises.mkdir(systemPath(path), { mode: permissions });
  },
  rename: (from, to) => promises.rename(systemPath(from), systemPath(to)),
  removeFile: (path) => promises.unlink(systemPath(path)),
  removeDirectory: (path) => promises.rmdir(systemPath(path)),
  symlink: (target, path) => promises.symlink(systemPath(target), systemPath(path)),
  chmod: (path, mode) => promises.chmod(systemPath(path), mode),
  chown: (path, uid, gid) => promises.lchown(systemPath(path), uid, gid),
  async setTimes(path, mtime, followSymlinks = true) {
    const time = floatSeconds(mtime);
    await (followSymlinks ? promises.utimes : promises.lutimes)(systemPath(path), time, time);
  },
  async syncDirectory(path) {
    if (sep === '\\') return;
    const fd = await openDescriptor(path, O_RDONLY);
    try {
      await called((done) => fs.fsync(fd, done));
    } catch (error) {
      if (!notSyncable.has(systemCode(error) ?? '')) throw error;
    } finally {
      await called((done) => fs.close(fd, done));
    }
  },
  async capacity(path) {
    const { bsize, blocks, bavail } = await promises.statfs(systemPath(path), { bigint: true });
    return { capacity: bsize * blocks, available: bsize * bavail };
  },
};

export function openDescriptor(path: string, flags: number, permissions = 0o666): Promise<number> {
  return called((done) => fs.open(systemPath(path), flags, permissions, done));
}

/** Bytes that are not UTF-8 come as U+FFFD. */
export async function listDecoded(path: string): Promise<FileListItem[]> {
  const entries = await promises.readdir(systemPath(path), { withFileTypes: true });
  return entries.map((entry) => ({ name: entry.name, kind: kindOfEntry(entry) }));
}

/** Names that are not UTF-8: listed as bytes, kinds asked one by one (Bun cannot give both at once). */
async function listRaw(path: string): Promise<FileListItem[]> {
  const items: FileListItem[] = [];
  for (const bytes of await promises.readdir(systemPath(path), { encoding: 'buffer' })) {
    const name = nameFromBytes(bytes);
    try {
      items.push({ name, kind: (await nodeFiles.lstat(nameJoin(path, name))).kind });
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error; // gone since
    }
  }
  return items;
}
