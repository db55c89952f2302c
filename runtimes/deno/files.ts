import { constants } from 'node:fs';
import { lutimes, utimes } from 'node:fs/promises';
import { hasRawBytes } from '../../src/bytes/name.ts';
import { toSeconds } from '../../src/bytes/time.ts';
import type { Files } from '../../src/ports.ts';
import { listDecoded, nodeFiles, openDescriptor, openFlags } from '../node/files.ts';
import { handleOf } from '../node/handle.ts';
import { looksAltered } from '../node/path.ts';
import { libc } from './libc.ts';

type Calls = NonNullable<typeof libc>;

/** Without FFI it is `node:fs` as Deno has it: whole milliseconds, and raw bytes of names reach the system altered. */
const withoutCalls: Files = {
  ...nodeFiles,
  list: listDecoded,
  async setTimes(path, mtime, followSymlinks = true) {
    if (mtime >= 0n) return nodeFiles.setTimes(path, mtime, followSymlinks);
    const time = new Date(toSeconds(mtime) * 1000); // before 1970 Deno takes only this form
    await (followSymlinks ? utimes : lutimes)(path, time, time);
  },
};

export const denoFiles: Files = libc === undefined ? withoutCalls : withCalls(libc);

function withCalls(calls: Calls): Files {
  const stat = async (fd: number) => calls.statDescriptor(fd);
  const raw = hasRawBytes;
  return {
    ...nodeFiles,
    async list(path) {
      if (raw(path)) return calls.list(path);
      const items = await listDecoded(path);
      return items.some(({ name }) => looksAltered(name)) ? calls.list(path) : items;
    },
    lstat: async (path) => calls.lstat(path),
    stat: async (path) => calls.stat(path),
    readFile: async (path) =>
      raw(path) ? calls.through(path, constants.O_RDONLY, nodeFiles.readFile) : nodeFiles.readFile(path),
    readLink: async (path) => calls.readLink(path),
    realPath: async (path) => calls.realPath(path),
    async open(path, mode, permissions) {
      if (!raw(path)) return handleOf(await openDescriptor(path, openFlags[mode], permissions), stat);
      const again = openFlags[mode === 'read' ? 'read' : 'update'];
      const fd = await calls.through(path, openFlags[mode], (plain) => openDescriptor(plain, again), permissions);
      return handleOf(fd, stat);
    },
    makeDirectory: async (path, permissions = 0o777) =>
      raw(path) ? calls.makeDirectory(path, permissions) : nodeFiles.makeDirectory(path, permissions),
    rename: async (from, to) => (raw(from) || raw(to) ? calls.rename(from, to) : nodeFiles.rename(from, to)),
    removeFile: async (path) => (raw(path) ? calls.removeFile(path) : nodeFiles.removeFile(path)),
    removeDirectory: async (path) => (raw(path) ? calls.removeDirectory(path) : nodeFiles.removeDirectory(path)),
    symlink: async (target, path) =>
      raw(target) || raw(path) ? calls.symlink(target, path) : nodeFiles.symlink(target, path),
    chmod: async (path, mode) => (raw(path) ? calls.chmod(path, mode) : nodeFiles.chmod(path, mode)),
    chown: async (path, uid, gid) => (raw(path) ? calls.chown(path, uid, gid) : nodeFiles.chown(path, uid, gid)),
    setTimes: async (path, time, followSymlinks = true) => calls.setTimes(path, time, followSymlinks),
    syncDirectory: async (path) =>
      raw(path) ? calls.through(path, constants.O_RDONLY, nodeFiles.syncDirectory) : nodeFiles.syncDirectory(path),
    capacity: async (path) =>
      raw(path) ? calls.through(path, constants.O_RDONLY, nodeFiles.capacity) : nodeFiles.capacity(path),
  };
}
