import type { BigIntStats } from 'node:fs';
import type { FileKind, FileStat } from '../../src/ports.ts';

const S_IFMT = 0o170000;
const kinds: Record<number, FileKind> = { 0o100000: 'file', 0o040000: 'directory', 0o120000: 'symlink' };

export function kindOfMode(mode: number): FileKind {
  return kinds[mode & S_IFMT] ?? 'other';
}

export function fileStat(stats: BigIntStats): FileStat {
  const mode = Number(stats.mode);
  return {
    kind: kindOfMode(mode),
    mode: mode & 0o7777,
    size: Number(stats.size),
    mtime: stats.mtimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    device: Number(stats.dev),
    inode: Number(stats.ino),
  };
}

interface Entry {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

export function kindOfEntry(entry: Entry): FileKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'other';
}
