import { CairnError, fileError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import { enterDirectory, ignoreFileNames, skipsCaches } from '../policy/ignore.ts';
import type { FileStat, SyncFiles } from '../ports.ts';
import type { Branch } from './branch.ts';
import { compareEntries, lookOf, isComparable, type CompareOptions, type DirectoryLook } from './directory-look.ts';
import { isCacheDirectory, joinPath, localEntries, markLocal, readIgnoreFile } from './local.ts';
import { PreviousDirectory, readPrevious, type PreviousObject } from './previous.ts';

/** What an action sent the walk to. */
export function lookAtRedirected(files: SyncFiles, path: string): FileStat {
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
    return files.names(path);
  } catch (cause) {
    throw markLocal(fileError(cause, 'cannot list', path));
  }
}

/** Names in a directory, none of a cache's, and the rules for what is selected of them. */
function selectNames(files: SyncFiles, { path, relative, node, rules }: Branch, separator: string) {
  try {
    let names = listNames(files, path);
    if (skipsCaches(node) && isCacheDirectory(files, path, names, separator)) names = [];
    const ignoreFiles = [];
    for (const name of ignoreFileNames(rules, node.defined?.files)) {
      if (!names.includes(name)) continue;
      const data = readIgnoreFile(files, joinPath(path, name, separator), separator);
      if (data !== undefined) ignoreFiles.push({ name, data });
    }
    return { names, rules: enterDirectory(rules, node.defined?.files, relative, ignoreFiles) };
  } catch (error) {
    throw markLocal(error);
  }
}

export interface LookOptions extends CompareOptions {
  contents: ObjectContents;
  /** False where every entry must be judged by itself. */
  compares: boolean;
}

/** Looks at a directory here and now. `objects` are the earlier directories in its place, if they were read already. */
export async function lookAt(
  options: LookOptions,
  branch: Branch,
  objects?: readonly PreviousObject[],
): Promise<DirectoryLook> {
  const { syncFiles, separator, contents, compares } = options;
  const { path, relative, stat, previousIds } = branch;
  const { names, rules } = selectNames(syncFiles, branch, separator);
  objects ??= previousIds.length === 0 ? [] : await readPrevious(contents, previousIds);
  const previous = PreviousDirectory.of(objects.map(({ bytes }) => bytes));
  if (!compares || objects.length === 0 || !isComparable(names, previous)) {
    const entries = localEntries(syncFiles, path, names, separator);
    return { rules, entries, kept: undefined, previous: () => previous, names };
  }
  const comparison = compareEntries(options, { path, relative, device: stat.device, rules, names }, previous);
  return lookOf(comparison, rules, names, objects, () => previous);
}

/** Text of a symlink. */
export function readLink(files: SyncFiles, path: string): string {
  try {
    return files.readLink(path);
  } catch (cause) {
    throw markLocal(fileError(cause, 'cannot read the symlink', path));
  }
}
