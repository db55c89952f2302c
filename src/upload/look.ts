import { CairnError, fileError } from '../errors.ts';
import type { FileStat, SyncFiles } from '../ports.ts';
import { markLocal } from './local.ts';

/** What an action sent the walk to. */
export function lookAtDirectory(files: SyncFiles, path: string): FileStat {
  try {
    const stat = files.lstat(path);
    if (stat.kind === 'directory') return stat;
  } catch (cause) {
    throw markLocal(fileError(cause, 'cannot read what the action named,', path));
  }
  throw markLocal(new CairnError('invalid-argument', `cannot read what the action named, ${path}: it is no directory`));
}

/** Names in a directory. */
export function listNames(files: SyncFiles, path: string): string[] {
  try {
    return files.list(path).map(({ name }) => name);
  } catch (cause) {
    throw fileError(cause, 'cannot list', path);
  }
}

/** Text of a symlink. */
export function readLink(files: SyncFiles, path: string): string {
  try {
    return files.readLink(path);
  } catch (cause) {
    throw markLocal(fileError(cause, 'cannot read the symlink', path));
  }
}
