import { fileError } from '../errors.ts';
import type { FileKind, Files } from '../ports.ts';
import type { TargetCounters } from './target.ts';

/** Removes what is at a path with everything below it. Symbolic links are removed, never followed. */
export async function removeTree(files: Files, path: string, kind: FileKind, counters: TargetCounters): Promise<void> {
  try {
    if (kind !== 'directory') {
      await files.removeFile(path);
      if (kind === 'symlink') counters.deletedSymlinks++;
      else counters.deletedFiles++;
      return;
    }
    for (const item of await files.list(path))
      await removeTree(files, path + files.separator + item.name, item.kind, counters);
    await files.removeDirectory(path);
    counters.deletedDirectories++;
  } catch (error) {
    throw fileError(error, 'cannot remove', path);
  }
}
