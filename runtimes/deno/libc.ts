/**
 * System calls of Linux by FFI, for what Deno's own calls lose: nanoseconds (`statx`, `utimensat`) and names that are
 * not UTF-8. Absent on other systems and without `--allow-ffi`.
 */
import { constants as files } from 'node:fs';
import { constants } from 'node:os';
import { nameFromBytes, nameToBytes } from '../../src/bytes/name.ts';
import { fromSeconds, toSeconds } from '../../src/bytes/time.ts';
import type { FileKind, FileListItem, FileStat } from '../../src/ports.ts';
import { kindOfMode } from '../node/stat.ts';

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const RENAME_FLAGS = 0;
const PATH_MAX = 4096;

const signatures = {
  statx: { parameters: ['i32', 'buffer', 'i32', 'u32', 'buffer'], result: 'i32' },
  utimensat: { parameters: ['i32', 'buffer', 'buffer', 'i32'], result: 'i32' },
  getdents64: { parameters: ['i32', 'buffer', 'usize'], result: 'isize' },
  open: { parameters: ['buffer', 'i32', 'u32'], result: 'i32' },
  close: { parameters: ['i32'], result: 'i32' },
  readlink: { parameters: ['buffer', 'buffer', 'usize'], result: 'isize' },
  mkdir: { parameters: ['buffer', 'u32'], result: 'i32' },
  renameat2: { parameters: ['i32', 'buffer', 'i32', 'buffer', 'u32'], result: 'i32' },
  unlinkat: { parameters: ['i32', 'buffer', 'i32'], result: 'i32' },
  symlink: { parameters: ['buffer', 'buffer'], result: 'i32' },
  chmod: { parameters: ['buffer', 'u32'], result: 'i32' },
  lchown: { parameters: ['buffer', 'u32', 'u32'], result: 'i32' },
  __errno_location: { parameters: [], result: 'pointer' },
} as const;

function load() {
  if (Deno.build.os !== 'linux' || Deno.dlopen === undefined) return undefined;
  try {
    if (Deno.permissions.querySync({ name: 'ffi' }).state !== 'granted') return undefined;
    return Deno.dlopen('libc.so.6', signatures).symbols;
  } catch {
    return undefined; // another C library: Deno's own calls do
  }
}

const c = load();

export const libc = c === undefined ? undefined : systemCalls(c);

function systemCalls(c: NonNullable<ReturnType<typeof load>>) {
  const statBuffer = new Uint8Array(256);
  const statView = new DataView(statBuffer.buffer);
  const pathBuffer = new Uint8Array(PATH_MAX * 3);
  const listBuffer = new Uint8Array(65536);
  const listView = new DataView(listBuffer.buffer);
  const none = new Uint8Array(1);

  const fail = (call: string, path: string): never => {
    const number = new Deno.UnsafePointerView(c.__errno_location()).getInt32();
    const name = Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? 'EIO';
    throw Object.assign(new Error(`${name}: ${call} '${path}'`), { code: name, errno: -number, syscall: call, path });
  };
  const check = (result: number, call: string, path: string): void => {
    if (result < 0) fail(call, path);
  };

  function statAt(fd: number, path: Uint8Array, flags: number, name: string): FileStat {
    if (c.statx(fd, path, flags, STATX_BASIC_STATS, statBuffer) !== 0) fail('statx', name);
    const mode = statView.getUint16(28, true);
    return {
      kind: kindOfMode(mode),
      mode: mode & 0o7777,
      size: Number(statView.getBigUint64(40, true)),
      mtime: statView.getBigInt64(112, true) * 1_000_000_000n + BigInt(statView.getUint32(120, true)),
      uid: statView.getUint32(20, true),
      gid: statView.getUint32(24, true),
      device: statView.getUint32(136, true) * 2 ** 20 + statView.getUint32(140, true),
      inode: Number(statView.getBigUint64(32, true)),
    };
  }

  function open(path: string, flags: number, permissions = 0): number {
    const fd = c.open(cString(path), flags | O_CLOEXEC, permissions);
    check(fd, 'open', path);
    return fd;
  }

  return {
    lstat: (path: string) => statAt(AT_FDCWD, scratch(path), AT_SYMLINK_NOFOLLOW, path),
  };
}
