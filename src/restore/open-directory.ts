import { CairnError, fileError, systemCode } from '../errors.ts';
import type { FileKind, Files, FileStat } from '../ports.ts';

/** A directory of the target between begin and finish; it was seen to be one, not a link to one. */
export interface OpenDirectory {
  path: string;
  /** What is in it; empty for one that was made now. */
  existing: Map<string, FileKind>;
  /** Names that the snapshot needs and that look like temporary ones or placeholders. */
  taken: Set<string>;
  /** Owner and mode of files made here. */
  created?: FileStat;
  /** Who writes whole files here (whole-files.ts). */
  lane?: number;
}

const OWNER_RWX = 0o700;

/** Opens or makes the root of a restore, with the folders above it. It may be a link: the user named it. */
export async function openRoot(files: Files, path: string, mayChangeMode: boolean): Promise<OpenDirectory> {
  try {
    const stat = await files.stat(path);
    if (stat.kind !== 'directory') throw inTheWay(path, 'a folder', 'not-a-directory');
    return await openExisting(files, await files.realPath(path), stat, mayChangeMode);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, 'cannot open', path);
    await makeParents(files, path);
    return makeDirectory(files, path, mayChangeMode);
  }
}

/** Opens what is at a path, if it is a directory and not a link to one. */
export async function openDirectoryAt(files: Files, path: string, mayChangeMode: boolean): Promise<OpenDirectory> {
  try {
    return await openExisting(files, path, await lstatDirectory(files, path), mayChangeMode);
  } catch (error) {
    throw fileError(error, 'cannot open', path);
  }
}

export async function makeDirectory(files: Files, path: string, mayChangeMode: boolean): Promise<OpenDirectory> {
  try {
    await files.makeDirectory(path, OWNER_RWX);
  } catch (error) {
    // made meanwhile, or known by another spelling where case does not count
    if (systemCode(error) === 'EEXIST') return openDirectoryAt(files, path, mayChangeMode);
    throw fileError(error, 'cannot create', path);
  }
  return { path, existing: new Map(), taken: new Set() };
}

/** Makes the folders above a path. */
export async function makeParents(files: Files, path: string): Promise<void> {
  const parent = parentOf(path, files.separator);
  if (parent === path) return;
  try {
    if ((await files.stat(parent)).kind !== 'directory') throw inTheWay(parent, 'a folder', 'not-a-directory');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, 'cannot open', parent);
    await makeParents(files, parent);
    await files.makeDirectory(parent).catch((failure) => {
      if (systemCode(failure) !== 'EEXIST') throw fileError(failure, 'cannot create', parent);
    });
  }
}

async function openExisting(
  files: Files,
  path: string,
  stat: FileStat,
  mayChangeMode: boolean,
): Promise<OpenDirectory> {
  if ((stat.mode & OWNER_RWX) !== OWNER_RWX && mayChangeMode)
    await files.chmod(path, stat.mode | OWNER_RWX).catch(() => {
      // not ours: then either its mode suffices or what follows says what failed
    });
  const items = await files.list(path);
  return { path, existing: new Map(items.map(({ name, kind }) => [name, kind])), taken: new Set() };
}

export async function lstatDirectory(files: Files, path: string): Promise<FileStat> {
  const stat = await files.lstat(path);
  if (stat.kind === 'symlink')
    throw new CairnError('not-a-directory', `${path} is a symbolic link, which is not followed`, {
      data: { path },
      hint: 'remove the link, or restore to another folder',
    });
  if (stat.kind !== 'directory') throw inTheWay(path, 'a folder', 'not-a-directory');
  return stat;
}

export function inTheWay(
  path: string,
  wanted: string,
  code: 'not-a-directory' | 'is-a-directory' | 'file-exists',
): CairnError {
  return new CairnError(code, `${path} is in the way: ${wanted} is to be restored there`, {
    data: { path },
    hint: 'restore to another folder, or let --delete-extra remove what the snapshot does not hold',
  });
}

export function withoutTrailingSeparator(path: string, separator: string): string {
  const trimmed = path.replace(separator === '/' ? /\/+$/ : /[\\/]+$/, '');
  return trimmed === '' || trimmed.endsWith(':') ? path : trimmed;
}

export function parentOf(path: string, separator: string): string {
  const last = path.lastIndexOf(separator);
  if (last < 0) return '.';
  return last === 0 || path[last - 1] === ':' ? path.slice(0, last + 1) : path.slice(0, last);
}
