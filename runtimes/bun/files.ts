import { dlopen } from 'bun:ffi';
import process from 'node:process';
import { nameToBytes } from '../../src/bytes/name.ts';
import { fromSeconds, toSeconds } from '../../src/bytes/time.ts';
import type { Files } from '../../src/ports.ts';
import { nodeFiles } from '../node/files.ts';

const libraries: Partial<Record<NodeJS.Platform, string>> = { linux: 'libc.so.6', darwin: 'libSystem.B.dylib' };
const AT_FDCWD = process.platform === 'darwin' ? -2 : -100;
const AT_SYMLINK_NOFOLLOW = process.platform === 'darwin' ? 0x20 : 0x100;

/** `utimensat(2)`, because `utimes` takes a double; undefined where the C library is another. */
function load() {
  const library = libraries[process.platform];
  if (library === undefined) return undefined;
  try {
    return dlopen(library, { utimensat: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' } }).symbols.utimensat;
  } catch {
    return undefined;
  }
}

const utimensat = load();

export const exactTimes = utimensat !== undefined;

export const bunFiles: Files = {
  ...nodeFiles,
  async setTimes(path, mtime, followSymlinks = true) {
    const seconds = toSeconds(mtime);
    const both = new BigInt64Array(4); // two struct timespec: access, modification
    both[0] = both[2] = BigInt(seconds);
    both[1] = both[3] = mtime - fromSeconds(seconds);
    const flags = followSymlinks ? 0 : AT_SYMLINK_NOFOLLOW;
    const times = new Uint8Array(both.buffer);
    if (!path.includes('\0') && utimensat?.(AT_FDCWD, nameToBytes(path + '\0'), times, flags) === 0) return;
    await nodeFiles.setTimes(path, mtime, followSymlinks); // where it fails as well, it names the error
  },
};
