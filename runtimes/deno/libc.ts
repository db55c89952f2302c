/**
 * System calls of Linux by FFI, for what Deno's own lose: nanoseconds and names that are not UTF-8.
 * `libc` is undefined on other systems and without `--allow-ffi`.
 */
import { constants as system } from 'node:os';
import { nameFromBytes, nameToBytes } from '../../src/bytes/name.ts';
import { fromSeconds, toSeconds } from '../../src/bytes/time.ts';
import type { FileKind, FileListItem, FileStat } from '../../src/ports.ts';
import { nameJoin } from '../node/path.ts';
import { kindOfMode } from '../node/stat.ts';

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const O_DIRECTORY = Deno.build.arch === 'aarch64' ? 0o40000 : 0o200000;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

const signatures = {
  statx: { parameters: ['i32', 'buffer', 'i32', 'u32', 'buffer'], result: 'i32' },
  utimensat: { parameters: ['i32', 'buffer', 'buffer', 'i32'], result: 'i32' },
  futimens: { parameters: ['i32', 'buffer'], result: 'i32' },
  getdents64: { parameters: ['i32', 'buffer', 'usize'], result: 'isize' },
  open: { parameters: ['buffer', 'i32', 'u32'], result: 'i32' },
  close: { parameters: ['i32'], result: 'i32' },
  readlink: { parameters: ['buffer', 'buffer', 'usize'], result: 'isize' },
  mkdir: { parameters: ['buffer', 'u32'], result: 'i32' },
  rename: { parameters: ['buffer', 'buffer'], result: 'i32' },
  unlinkat: { parameters: ['i32', 'buffer', 'i32'], result: 'i32' },
  symlink: { parameters: ['buffer', 'buffer'], result: 'i32' },
  chmod: { parameters: ['buffer', 'u32'], result: 'i32' },
  lchown: { parameters: ['buffer', 'u32', 'u32'], result: 'i32' },
  __errno_location: { parameters: [], result: 'pointer' },
} as const;

function load() {
  try {
    if (Deno.build.os !== 'linux' || Deno.permissions.querySync({ name: 'ffi' }).state !== 'granted') return undefined;
    return Deno.dlopen('libc.so.6', signatures).symbols;
  } catch {
    return undefined; // another C library, or Deno's shim: the calls of the runtime do
  }
}

const symbols = load();
export const libc = symbols && systemCalls(symbols);

function systemCalls(c: NonNullable<typeof symbols>) {
  /** Throws what the last call failed with, in the form of Node's errors. */
  const fail = (call: string, path: string): never => {
    const number = new Deno.UnsafePointerView(c.__errno_location()).getInt32();
    throw systemError(number, call, path);
  };
  const must = (result: number, call: string, path: string): number => (result < 0 ? fail(call, path) : result);
  const done = (result: number, call: string, path: string): void => void must(result, call, path);

  const status = new Uint8Array(256);
  const statusView = new DataView(status.buffer);

  /** struct statx of linux/stat.h, the same on every processor. */
  const statAt = (directory: number, path: Uint8Array, flags: number, shown: string): FileStat => {
    must(c.statx(directory, path, flags, STATX_BASIC_STATS, status), 'statx', shown);
    const mode = statusView.getUint16(28, true);
    const minor = statusView.getUint32(140, true);
    return {
      kind: kindOfMode(mode),
      mode: mode & 0o7777,
      size: Number(statusView.getBigUint64(40, true)),
      mtime: statusView.getBigInt64(112, true) * 1_000_000_000n + BigInt(statusView.getUint32(120, true)),
      uid: statusView.getUint32(20, true),
      gid: statusView.getUint32(24, true),
      device: (minor >>> 8) * 2 ** 20 + statusView.getUint32(136, true) * 256 + (minor & 0xff),
      inode: Number(statusView.getBigUint64(32, true)),
    };
  };

  const open = (path: string, flags: number, permissions = 0): number =>
    must(c.open(cPath(path), flags | O_CLOEXEC, permissions), 'open', path);

  const readLink = (path: string): string => {
    const target = new Uint8Array(4096);
    const length = must(Number(c.readlink(cPath(path), target, target.length)), 'readlink', path);
    return nameFromBytes(target.subarray(0, length));
  };

  /** Runs `use` with a path of plain text that leads to what `path` names: Deno adopts no descriptor of others. */
  const through = <T>(path: string, flags: number, use: (path: string) => T, permissions = 0): T => {
    const handle = open(path, flags, permissions);
    const close = () => c.close(handle);
    let result: T | undefined;
    try {
      result = use(`/proc/self/fd/${handle}`);
      return result instanceof Promise ? (result.finally(close) as T) : result;
    } finally {
      if (!(result instanceof Promise)) close();
    }
  };

  return {
    through,
    readLink,
    lstat: (path: string) => statAt(AT_FDCWD, cPath(path), AT_SYMLINK_NOFOLLOW, path),
    stat: (path: string) => statAt(AT_FDCWD, cPath(path), 0, path),
    statDescriptor: (fd: number) => statAt(fd, cPath(''), AT_EMPTY_PATH, `descriptor ${fd}`),
    realPath: (path: string) => through(path, O_PATH, readLink),
    list(path: string): FileListItem[] {
      const directory = open(path, O_DIRECTORY);
      try {
        const items: FileListItem[] = [];
        const buffer = new Uint8Array(65536);
        for (;;) {
          const length = must(Number(c.getdents64(directory, buffer, buffer.length)), 'getdents64', path);
          if (length === 0) return items;
          for (const { name, kind } of entries(buffer.subarray(0, length))) {
            items.push({ name, kind: kind ?? this.lstat(nameJoin(path, name)).kind });
          }
        }
      } finally {
        c.close(directory);
      }
    },
    makeDirectory: (path: string, permissions: number) => done(c.mkdir(cPath(path), permissions), 'mkdir', path),
    rename: (from: string, to: string) => done(c.rename(cPath(from), cPath(to)), 'rename', from),
    removeFile: (path: string) => done(c.unlinkat(AT_FDCWD, cPath(path), 0), 'unlink', path),
    removeDirectory: (path: string) => done(c.unlinkat(AT_FDCWD, cPath(path), AT_REMOVEDIR), 'rmdir', path),
    symlink: (target: string, path: string) => done(c.symlink(cPath(target), cPath(path)), 'symlink', path),
    chmod: (path: string, mode: number) => done(c.chmod(cPath(path), mode), 'chmod', path),
    chown: (path: string, uid: number, gid: number) => done(c.lchown(cPath(path), uid, gid), 'lchown', path),
    setTimes(path: string, time: bigint, followSymlinks: boolean) {
      const flags = followSymlinks ? 0 : AT_SYMLINK_NOFOLLOW;
      must(c.utimensat(AT_FDCWD, cPath(path), timespecs(time), flags), 'utimensat', path);
    },
    setDescriptorTimes: (fd: number, time: bigint) =>
      done(c.futimens(fd, timespecs(time)), 'futimens', `descriptor ${fd}`),
  };
}

/** Two struct timespec: access, modification. */
function timespecs(time: bigint): Uint8Array {
  const seconds = toSeconds(time);
  const both = new BigInt64Array(4);
  both[0] = both[2] = BigInt(seconds);
  both[1] = both[3] = time - fromSeconds(seconds);
  return new Uint8Array(both.buffer);
}

function systemError(number: number, call: string, path: string): Error {
  const code = Object.entries(system.errno).find(([, value]) => value === number)?.[0] ?? 'EIO';
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, errno: -number, syscall: call, path });
}

/** The path as C reads it: it ends at a NUL, so one inside is refused. */
function cPath(path: string): Uint8Array {
  if (path.includes('\0')) throw systemError(system.errno.EINVAL, 'path', path);
  const bytes = nameToBytes(path);
  const ended = new Uint8Array(bytes.length + 1);
  ended.set(bytes);
  return ended;
}

const kinds: Record<number, FileKind | undefined> = { 0: undefined, 4: 'directory', 8: 'file', 10: 'symlink' };

/** struct dirent64: inode 8, offset 8, length 2, type 1, name; type 0 is one that the file system does not tell. */
function* entries(block: Uint8Array): Generator<{ name: string; kind: FileKind | undefined }> {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  for (let at = 0; at < block.length; at += view.getUint16(at + 16, true)) {
    const name = nameFromBytes(block.subarray(at + 19, block.indexOf(0, at + 19)));
    if (name !== '.' && name !== '..') yield { name, kind: block[at + 18] in kinds ? kinds[block[at + 18]] : 'other' };
  }
}
