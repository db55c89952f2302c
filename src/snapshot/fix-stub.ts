import { utf8 } from '../bytes/gather.ts';
import { indentJson } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import { writeObject, type ObjectWriterOptions } from '../object/writer.ts';
import { entryToJson, type DirEntry } from './entry.ts';

/** What becomes of an entry that cannot be read. `remove` is for files only. */
export type Handling = 'stub' | 'fail' | 'keep' | 'remove';

const INFO =
  'The original of this entry was damaged in the repository. It was replaced by this file, which tells what it was.';

/** Gives the entry that takes the place of a damaged one; undefined when it is removed. */
export async function handleDamaged(
  writer: ObjectWriterOptions,
  handling: Handling,
  path: string,
  entry: DirEntry,
  error: Error,
): Promise<DirEntry | undefined> {
  switch (handling) {
    case 'keep':
      return entry;
    case 'remove':
      return undefined;
    case 'fail':
      throw new CairnError(
        error instanceof CairnError ? error.code : 'corrupt',
        `${path || 'the root'}: ${error.message}`,
        {
          cause: error,
          data: { path, object: entry.objectId },
          hint: '--invalid-file-handling and --invalid-directory-handling say what is done to damaged entries',
        },
      );
    case 'stub':
      return stub(writer, entry, error);
  }
}

/** `.INVALID.NAME`, a file that keeps time and owner and says what was lost (spec/snapshots-and-policies.md 11.2). */
async function stub(writer: ObjectWriterOptions, entry: DirEntry, error: Error): Promise<DirEntry> {
  const text = indentJson({ info: INFO, error: error.message, entry: entryToJson(entry) }) + '\n';
  const data = utf8(text);
  const { mtime, uid, gid, mode } = entry;
  const objectId = await writeObject(writer, data, '', 0);
  return { name: `.INVALID.${entry.name}`, type: 'f', mode, size: data.length, mtime, uid, gid, objectId };
}
