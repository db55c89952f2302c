import { CairnError, fileError } from '../errors.ts';
import { enterDirectory, ignoreFileNames, skipsCaches, type IgnoreContext } from '../policy/ignore.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { FileStat, SyncFiles } from '../ports.ts';
import { isCacheDirectory, joinPath, markLocal, readIgnoreFile } from './local.ts';

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
function listNames(files: SyncFiles, path: string): string[] {
  try {
    return files.names(path);
  } catch (cause) {
    throw fileError(cause, 'cannot list', path);
  }
}

/** Names in a directory, none of a cache's, and the rules for what is selected of them. */
export function selectNames(
  files: SyncFiles,
  path: string,
  relative: string,
  node: PolicyNode,
  parent: IgnoreContext,
  separator: string,
): { present: readonly string[]; context: IgnoreContext } {
  try {
    let present = listNames(files, path);
    if (skipsCaches(node) && isCacheDirectory(files, path, present, separator)) present = [];
    const ignoreFiles = [];
    for (const name of ignoreFileNames(parent, node)) {
      if (!present.includes(name)) continue;
      const data = readIgnoreFile(files, joinPath(path, name, separator), separator);
      if (data !== undefined) ignoreFiles.push({ name, data });
    }
    return { present, context: enterDirectory(parent, node, relative, ignoreFiles) };
  } catch (error) {
    throw markLocal(error);
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
