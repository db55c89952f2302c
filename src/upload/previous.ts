import { equalBytes } from '../bytes/gather.ts';
import { parseJson } from '../bytes/json.ts';
import type { ContentReader } from '../content/types.ts';
import type { ObjectContents } from '../object/open.ts';
import { readObject } from '../object/open.ts';
import type { FileStat } from '../ports.ts';
import { entryHead, parseEntry, type DirEntry } from '../snapshot/entry.ts';
import { entryTexts, type EntryTexts } from '../snapshot/entry-texts.ts';

/** A directory object of an earlier snapshot. */
export interface PreviousObject {
  id: string;
  bytes: Uint8Array;
}

/** Reads the directories; one that cannot be read is left out, which only costs reading its files again. */
export async function readPrevious(contents: ObjectContents, ids: readonly string[]): Promise<PreviousObject[]> {
  const objects: PreviousObject[] = [];
  for (const id of new Set(ids)) {
    try {
      objects.push({ id, bytes: await readObject(contents, id) });
    } catch {
      // hashed again
    }
  }
  return objects;
}

/**
 * The hash-cache: entries of earlier snapshots by name (spec/snapshots-and-policies.md section 8.2). An entry is reused
 * when time, mode, owner and size are equal; its object is then not read again. Entries are kept as text and compared as
 * text, because an object for each would cost more than looking at the file.
 */
export class PreviousDirectory {
  static readonly none = new PreviousDirectory([]);
  readonly #directories: readonly ReadonlyMap<string, string>[];
  /** Where the only earlier directory holds its files, if it is known. */
  readonly files: EntryTexts['files'];

  constructor(directories: readonly ReadonlyMap<string, string>[], files?: EntryTexts['files']) {
    this.#directories = directories;
    this.files = files;
  }

  /** Of directory objects; one that is damaged is left out. */
  static of(objects: readonly Uint8Array[]): PreviousDirectory {
    if (objects.length === 0) return PreviousDirectory.none;
    const directories: EntryTexts[] = [];
    for (const bytes of objects) {
      try {
        directories.push(entryTexts(bytes));
      } catch {
        // hashed again
      }
    }
    const files = objects.length === 1 ? directories.at(0)?.files : undefined;
    return new PreviousDirectory(
      directories.map(({ texts }) => texts),
      files,
    );
  }

  /** Entries of all of them. */
  get size(): number {
    return this.#directories.reduce((sum, directory) => sum + directory.size, 0);
  }

  /** Whether the first earlier directory has just this entry, attributes and all, with a plain object ID and no more. */
  holds(name: string, type: string, { mode, size, mtime, uid, gid }: FileStat): boolean {
    const text = this.#directories.at(0)?.get(name);
    if (text === undefined) return false;
    const head = entryHead({ name, type, mode, size, mtime, uid, gid });
    return text.startsWith(head) && plainObjectId(text, head.length) !== undefined;
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

/**
 * Whether a directory in parts is, byte for byte, an object that is stored: then it need not be hashed to know its ID.
 * Parts that are taken from the object's own bytes are not compared.
 */
export function isStored(
  contents: ContentReader,
  { id, bytes }: PreviousObject,
  parts: readonly Uint8Array[],
): boolean {
  let at = 0;
  for (const part of parts) {
    const there = bytes.subarray(at, at + part.length);
    const isSame = part.buffer === there.buffer && part.byteOffset === there.byteOffset;
    if (!isSame && !equalBytes(part, there)) return false;
    at += part.length;
  }
  if (at !== bytes.length) return false;
  if (!id.startsWith('k')) return false; // not one content
  const info = contents.info(id);
  return info !== undefined && !info.deleted;
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
