/** Placeholders of a shallow restore, which stand for what they name (spec/snapshots-and-policies.md section 8.8). */
import { fromUtf8 } from '../bytes/gather.ts';
import { parseJson } from '../bytes/json.ts';
import { CairnError, fileError, systemCode } from '../errors.ts';
import { objectContentIds, type ObjectContents } from '../object/open.ts';
import type { FileStat, SyncFiles } from '../ports.ts';
import { parseEntry, PLACEHOLDER_SUFFIX, type DirEntry } from '../snapshot/entry.ts';
import { joinPath, readStart } from './local.ts';

/** More than any entry Kopia writes for a name of 255 bytes, apart from lists of errors. */
const LIMIT = 16 << 20;

/** The name that a placeholder stands for; undefined when the name is no placeholder's. */
export function placeholderName(name: string): string | undefined {
  return name.endsWith(PLACEHOLDER_SUFFIX) && name.length > PLACEHOLDER_SUFFIX.length
    ? name.slice(0, -PLACEHOLDER_SUFFIX.length)
    : undefined;
}

/**
 * The entry in a placeholder, a file `X.kopia-entry` or a folder that holds `.kopia-entry`. Its object must be stored in
 * this repository. Its name is that of the placeholder, also after that was renamed.
 */
export async function readPlaceholder(
  files: SyncFiles,
  contents: ObjectContents,
  path: string,
  stat: FileStat,
  separator: string,
  name: string,
): Promise<DirEntry> {
  const at = stat.kind === 'directory' ? joinPath(path, PLACEHOLDER_SUFFIX, separator) : path;
  const entry = parsePlaceholder(readBytes(files, at), at);
  if ((entry.type === 'd') !== (stat.kind === 'directory'))
    throw placeholderError(at, `it stands for an entry of the type "${entry.type}"`);
  try {
    for await (const id of objectContentIds(contents, entry.objectId)) {
      const info = contents.info(id);
      if (info === undefined || info.deleted)
        throw new CairnError('content-not-found', `content ${id} is not stored here`);
    }
  } catch (cause) {
    throw placeholderError(at, `object ${entry.objectId} is not whole: ${(cause as Error).message}`, cause);
  }
  return { ...entry, name };
}

function readBytes(files: SyncFiles, path: string): Uint8Array {
  try {
    const { kind, size } = files.lstat(path);
    if (kind !== 'file' || size > LIMIT) throw new Error('it is no placeholder');
    return readStart(files, path, size);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') throw placeholderError(path, 'it is missing', cause);
    throw fileError(cause, 'cannot read placeholder', path);
  }
}

/** The entry that the bytes of a placeholder describe; `corrupt` when they are none. */
export function parsePlaceholder(bytes: Uint8Array, path: string): DirEntry {
  try {
    const entry = parseEntry(parseJson(fromUtf8(bytes)));
    if (entry.objectId === '' || (entry.type !== 'f' && entry.type !== 'd')) throw new Error('it names no object');
    return entry;
  } catch (cause) {
    throw placeholderError(path, (cause as Error).message, cause);
  }
}

export function placeholderError(path: string, why: string, cause?: unknown): CairnError {
  return new CairnError('corrupt', `can't read placeholder ${path}: ${why}`, {
    cause,
    data: { path },
    hint: 'restore what it stands for again, or remove it',
  });
}
