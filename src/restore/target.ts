import type { DirEntry } from '../snapshot/entry.ts';

/** One file being written. Pieces may come in any order and at the same time. */
export interface FileWriter {
  write(data: Uint8Array, position: number): Promise<void>;
  /** Gives the file its attributes and its name; before that it does not appear. */
  finish(): Promise<void>;
  /** Removes what was written; never throws. */
  abort(): Promise<void>;
}

/** Called once. A promise for each small file would cost as much as the file. */
export type WholeDone = (written: boolean | undefined, error?: unknown) => void;

/** What a target did beside writing entries. */
export interface TargetCounters {
  deletedFiles: number;
  deletedDirectories: number;
  deletedSymlinks: number;
  /** Owners, modes or times that the system did not let us set. */
  permissionErrors: number;
}

export function noCounters(): TargetCounters {
  return { deletedFiles: 0, deletedDirectories: 0, deletedSymlinks: 0, permissionErrors: 0 };
}

/**
 * Where a restored tree goes. Paths count from the restored root, which is the empty path, and are joined by `/`; their
 * names were checked by `nameProblem`. A directory is begun before anything in it and finished after everything in it;
 * both do not run for one whose entries could not be read. Errors are CairnErrors.
 */
export interface RestoreTarget {
  /** Names are also checked by the rules of Windows, and those that differ in case only are one name. */
  readonly windowsNames: boolean;
  readonly counters: TargetCounters;
  /** `entries` is what the directory will hold, under the names it will have. */
  beginDirectory(path: string, entry: DirEntry, entries: readonly DirEntry[]): Promise<void>;
  finishDirectory(path: string, entry: DirEntry): Promise<void>;
  /** Whether a file or link is wanted; false when what is there may stay. Throws when it may not be replaced. */
  accepts(path: string, entry: DirEntry): boolean | Promise<boolean>;
  /** `length` is the number of bytes that will be written. */
  beginFile(path: string, entry: DirEntry, length: number): Promise<FileWriter>;
  /** Files up to so many bytes are better given to `writeWhole`. */
  readonly wholeLimit?: number;
  /**
   * Writes a file at once, taking the bytes before it returns. `done` is told whether it is there; when it is not, nothing
   * of it is, and `beginFile` does it or tells why. False when it will not try; then `done` is not called.
   */
  writeWhole?(path: string, entry: DirEntry, data: Uint8Array, done: WholeDone): boolean;
  writeSymlink(path: string, entry: DirEntry, linkTarget: string): Promise<void>;
}
