import { dlopen } from 'bun:ffi';
import process from 'node:process';
import { nameToBytes } from '../../src/bytes/name.ts';
import { fromSeconds, toSeconds } from '../../src/bytes/time.ts';
import type { Files, SyncWriter } from '../../src/ports.ts';
import { nodeFiles } from '../node/files.ts';
import { nodeSyncWriter } from '../node/sync-writer.ts';

const libraries: Partial<Record<NodeJS.Platform, string>> = { linux: 'libc.so.6', darwin: 'libSystem.B.dylib' };
const AT_FDCWD = process.platform === 'darwin' ? -2 : -100;
const AT_SYMLINK_NOFOLLOW = process.platform === 'darwin' ? 0x20 : 0x100;

/** `utimensat(2)` and `futimens(3)`, because `utimes` takes a double; undefined where the C library is another. */
function load() {
  const library = libraries[process.platform];
  if (library === undefined) return undefined;
  try {
    return dlopen(library, {
      utimensat: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
      futimens: { args: ['i32', 'ptr'], returns: 'i32' },
    }).symbols;
  } catch {
    return undefined;
  }
}

const calls = load();

export const exactTimes = calls !== undefined;

/** Two struct timespec: access, modification. */
function timespecs(mtime: bigint): Uint8Array {
  const seconds = toSeconds(mtime);
  const both = new BigInt64Array(4);
  both[0] = both[2] = BigInt(seconds);
  both[1] = both[3] = mtime - fromSeconds(seconds);
  return new Uint8Array(both.buffer);
}

export const bunFiles: Files = {
  ...nodeFiles,
  async setTimes(path, mtime, followSymlinks = true) {
    const flags = followSymlinks ? 0 : AT_SYMLINK_NOFOLLOW;
    if (!path.includes('\0') && calls?.utimensat(AT_FDCWD, nameToBytes(path + '\0'), timespecs(mtime), flags) === 0)
      return;
    await nodeFiles.setTimes(path, mtime, followSymlinks); // where it fails as well, it names the error
  },
};

export const bunSyncWriter: SyncWriter = {
  ...nodeSyncWriter,
  setTimes(handle, mtime) {
    if (calls?.futimens(handle, timespecs(mtime)) !== 0) nodeSyncWriter.setTimes(handle, mtime);
  },
};
