import type { Deno as Shim } from '@deno/shim-deno';
import type { FileKind, FileStat } from '../../src/ports.ts';

interface Entry {
  isFile: boolean;
  isDirectory: boolean;
  isSymlink: boolean;
}

export function denoKind(entry: Entry): FileKind {
  if (entry.isFile) return 'file';
  if (entry.isDirectory) return 'directory';
  return entry.isSymlink ? 'symlink' : 'other';
}

/** What Deno's own calls tell: times in whole milliseconds; no owner and mode on Windows. */
export function denoStat(info: Shim.FileInfo): FileStat {
  return {
    kind: denoKind(info),
    mode: (info.mode ?? (info.isDirectory ? 0o777 : 0o666)) & 0o7777,
    size: info.size,
    mtime: BigInt(info.mtime?.getTime() ?? 0) * 1_000_000n,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    device: info.dev ?? 0,
    inode: info.ino ?? 0,
  };
}
