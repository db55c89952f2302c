import { systemCode } from '../errors.ts';
import type { Files } from '../ports.ts';

/** Makes a directory durably; one that is there already is fine. */
export async function makeDirectory(files: Files, path: string, mode: number): Promise<void> {
  try {
    await files.makeDirectory(path, mode);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    throw error;
  }
  await files.syncDirectory(parentOf(files, path));
}

/** The same with every missing directory above it. */
export async function makeDirectories(files: Files, path: string, mode: number): Promise<void> {
  try {
    await makeDirectory(files, path, mode);
  } catch (error) {
    const parent = parentOf(files, path);
    if (systemCode(error) !== 'ENOENT' || parent.length >= path.length) throw error;
    await makeDirectories(files, parent, mode);
    await makeDirectory(files, path, mode);
  }
}

function parentOf({ separator }: Files, path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === separator) end--;
  return path.slice(0, Math.max(path.lastIndexOf(separator, end - 1), 1));
}
