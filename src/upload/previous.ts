import { parseJson } from '../bytes/json.ts';
import type { ObjectContents } from '../object/open.ts';
import { readObject } from '../object/open.ts';
import type { FileStat } from '../ports.ts';
import { entryHead, parseEntry, type DirEntry } from '../snapshot/entry.ts';
import { entryTexts } from '../snapshot/entry-texts.ts';

/**
 * The hash-cache: entries of earlier snapshots by name (spec/snapshots-and-policies.md section 8.2). An entry is reused
 * when time, mode, owner and size are equal; its object is then not read again. Entries are kept as text and compared as
 * text, because an object for each would cost more than looking at the file.
 */
export class PreviousDirectory {
  static readonly none = new PreviousDirectory([]);
  readonly #directories: Map<string, string>[];

  constructor(directories: Map<string, string>[]) {
    this.#directories = directories;
  }

  /** Reads the directories; one that cannot be read is left out, which only costs reading its files again. */
  static async load(contents: ObjectContents, objectIds: readonly string[]): Promise<PreviousDirectory> {
    const directories: Map<string, string>[] = [];
    for (const id of new Set(objectIds)) {
      try {
        directories.push(entryTexts(await readObject(contents, id)));
      } catch {
        // hashed again
      }
    }
    return directories.length === 0 ? PreviousDirectory.none : new PreviousDirectory(directories);
  }

  /** The entry of an unchanged file or symlink. `resolution`: nanoseconds that the runtime's times are exact to. */
  unchanged(name: string, stat: FileStat, type: string, resolution: bigint): DirEntry | undefined {
    const { mode, size, mtime, uid, gid } = stat;
    const found: DirEntry = { name, type, mode, size, mtime, uid, gid, objectId: '', encoded: undefined };
    let head: string | undefined;
    for (const directory of this.#directories) {
      const text = directory.get(name);
      if (text === undefined) continue;
      head ??= entryHead(found);
      if (text.startsWith(head)) {
        const objectId = plainObjectId(text, head.length);
        if (objectId !== undefined) {
          found.objectId = objectId;
          found.encoded = text;
          return found;
        }
      } else if (resolution === 1n) continue;
      const entry = parse(text);
      if (
        entry?.type === type &&
        entry.mode === mode &&
        entry.uid === uid &&
        entry.gid === gid &&
        entry.size === size &&
        sameTime(entry.mtime, mtime, resolution)
      )
        return { ...found, mtime: entry.mtime, objectId: entry.objectId };
    }
    return undefined;
  }

  /** Whether an earlier directory has an entry of this name, changed or not. */
  has(name: string): boolean {
    return this.#directories.some((directory) => directory.has(name));
  }

  /** Object IDs of the earlier directories with this name. */
  children(name: string): string[] {
    const ids: string[] = [];
    for (const directory of this.#directories) {
      const text = directory.get(name);
      const entry = text === undefined ? undefined : parse(text);
      if (entry?.type === 'd') ids.push(entry.objectId);
    }
    return ids;
  }
}

/** The object ID that begins here, if nothing else of the entry follows it. */
function plainObjectId(text: string, at: number): string | undefined {
  const end = text.length - 2;
  const plain =
    text[at] === '"' && text.endsWith('"}') && text.indexOf('"', at + 1) === end && !text.includes('\\', at);
  return plain && end > at + 1 ? text.slice(at + 1, end) : undefined;
}

/** Undefined when it is damaged, so that the file is read again. */
function parse(text: string): DirEntry | undefined {
  try {
    return parseEntry(parseJson(text));
  } catch {
    return undefined;
  }
}

/** Equal, or equal in the digits that the runtime can see. */
function sameTime(stored: bigint, seen: bigint, resolution: bigint): boolean {
  return stored === seen || (resolution > 1n && stored - (stored % resolution) === seen - (seen % resolution));
}
