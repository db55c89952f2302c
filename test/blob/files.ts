import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { sep } from 'node:path';
import type { FileHandle, FileKind, Files, FileStat, OpenMode } from '../../src/ports.ts';

/** The least that the tests of this folder need of `Files`, over node:fs. */
const flags: Record<OpenMode, number> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
  update: constants.O_RDWR,
};

interface Kinds {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

const kindOf = (of: Kinds): FileKind =>
  of.isFile() ? 'file' : of.isDirectory() ? 'directory' : of.isSymbolicLink() ? 'symlink' : 'other';

function fromStat(stat: Awaited<ReturnType<typeof fs.stat>> & { mtimeNs?: bigint }): FileStat {
  return {
    kind: kindOf(stat),
    mode: Number(stat.mode) & 0o7777,
    size: Number(stat.size),
    mtime: stat.mtimeNs!,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    device: Number(stat.dev),
    inode: Number(stat.ino),
  };
}

async function open(path: string, mode: OpenMode, permissions = 0o666): Promise<FileHandle> {
  const handle = await fs.open(path, flags[mode], permissions);
  return {
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    write: async (data, position) => {
      for (let at = 0; at < data.length; )
        at += (await handle.write(data, at, data.length - at, position + at)).bytesWritten;
    },
    truncate: (length) => handle.truncate(length),
    stat: async () => fromStat(await handle.stat({ bigint: true })),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

export const testFiles: Files = {
  separator: sep,
  list: async (path) => (await fs.readdir(path, { withFileTypes: true })).map((e) => ({ name: e.name, kind: kindOf(e) })),
  lstat: async (path) => fromStat(await fs.lstat(path, { bigint: true })),
  stat: async (path) => fromStat(await fs.stat(path, { bigint: true })),
  readFile: async (path) => new Uint8Array(await fs.readFile(path)),
  readLink: (path) => fs.readlink(path),
  realPath: (path) => fs.realpath(path),
  open,
  makeDirectory: (path, permissions) => fs.mkdir(path, permissions),
  rename: (from, to) => fs.rename(from, to),
  removeFile: (path) => fs.unlink(path),
  removeDirectory: (path) => fs.rmdir(path),
  symlink: (target, path) => fs.symlink(target, path),
  chmod: (path, mode) => fs.chmod(path, mode),
  chown: (path, uid, gid) => fs.lchown(path, uid, gid),
  setTimes: (path, mtime) => fs.utimes(path, Number(mtime) / 1e9, Number(mtime) / 1e9),
  syncDirectory: async (path) => {
    const handle = await fs.open(path, 'r');
    await handle.sync().finally(() => handle.close());
  },
  capacity: async (path) => {
    const { bsize, blocks, bavail } = await fs.statfs(path, { bigint: true });
    return { capacity: bsize * blocks, available: bsize * bavail };
  },
};
