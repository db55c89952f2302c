import type { ObjectContents } from '../object/open.ts';
import { readObject } from '../object/open.ts';
import { readDirectory } from '../snapshot/directory.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import type { FileStat } from '../ports.ts';

/**
 * The hash-cache: entries of earlier snapshots by name (spec/snapshots-and-policies.md section 8.2). An entry is reused
 * when time, mode, owner and size are equal; its object is then not read again.
 */
export class PreviousDirectory {
  static readonly none = new PreviousDirectory([]);
  readonly #directories: Map<string, DirEntry>[];

  constructor(directories: Map<string, DirEntry>[]) {
    this.#directories = directories;
  }

  /** Reads the directories; one that cannot be read is left out, which only costs reading its files again. */
  static async load(contents: ObjectContents, objectIds: readonly string[]): Promise<PreviousDirectory> {
    const directories: Map<string, DirEntry>[] = [];
    for (const id of new Set(objectIds)) {
      try {
        const { entries } = readDirectory(await readObject(contents, id));
        directories.push(new Map(entries.map((entry) => [entry.name, entry])));
      } catch {
        // hashed again
      }
    }
    return directories.length === 0 ? PreviousDirectory.none : new PreviousDirectory(directories);
  }

  /** The object of an unchanged file or symlink. `resolution`: nanoseconds that the runtime's times are exact to. */
  unchanged(name: string, stat: FileStat, type: string, resolution: bigint): DirEntry | undefined {
    for (const directory of this.#directories) {
      const entry = directory.get(name);
      if (
        entry !== undefined &&
        entry.type === type &&
        entry.mode === stat.mode &&
        entry.uid === stat.uid &&
        entry.gid === stat.gid &&
        entry.size === stat.size &&
        sameTime(entry.mtime, stat.mtime, resolution)
      )
        return entry;
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
      const entry = directory.get(name);
      if (entry?.type === 'd') ids.push(entry.objectId);
    }
    return ids;
  }
}

/** Equal, or equal in the digits that the runtime can see. */
function sameTime(stored: bigint, seen: bigint, resolution: bigint): boolean {
  return stored === seen || (resolution > 1n && stored - (stored % resolution) === seen - (seen % resolution));
}
