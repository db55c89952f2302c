/** Small private files: written whole or not at all, readable by their owner only. */
import { makeDirectories } from '../../blob/directories.ts';
import { toHex } from '../../bytes/hex.ts';
import { fileError, systemCode } from '../../errors.ts';
import type { Files, Random } from '../../ports.ts';
import { directoryOf } from './paths.ts';

/** Temporary file, sync, rename; missing directories are made 0700. */
export async function writePrivateFile(files: Files, random: Random, path: string, data: Uint8Array): Promise<void> {
  const suffix = new Uint8Array(8);
  random(suffix);
  const temporary = `${path}.tmp.${toHex(suffix)}`;
  try {
    await makeDirectories(files, directoryOf(path, files.separator), 0o700);
    const handle = await files.open(temporary, 'create', 0o600);
    try {
      await handle.write(data, 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await files.rename(temporary, path);
    await files.syncDirectory(directoryOf(path, files.separator));
  } catch (error) {
    await files.removeFile(temporary).catch(() => {});
    throw fileError(error, 'unable to write', path);
  }
}

/** The bytes of a file; undefined when there is none. */
export async function readOptionalFile(files: Files, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw fileError(error, 'unable to read', path);
  }
}

export async function removeOptionalFile(files: Files, path: string): Promise<void> {
  try {
    await files.removeFile(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR')
      throw fileError(error, 'unable to remove', path);
  }
}
