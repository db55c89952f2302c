import { CairnError, fileError, systemCode } from '../errors.ts';
import type { FileStat, SyncFiles } from '../ports.ts';
import { CACHE_TAG, CACHE_TAG_LENGTH, isCacheTag } from '../policy/ignore.ts';

/** One name of a local directory, with its attributes or why they cannot be had. */
export interface LocalEntry {
  name: string;
  path: string;
  stat: FileStat | undefined;
  error: CairnError | undefined;
  /** Object IDs of the earlier directories in its place, where they were looked up already. */
  previousIds?: readonly string[];
}

/** The walk's order of directories. */
export function byName(a: LocalEntry, b: LocalEntry): number {
  return a.name < b.name ? -1 : 1;
}

/** Paths that are never entered or read: the repository being written, its cache. */
export class OwnPaths {
  readonly paths: ReadonlySet<string>;
  readonly #separator: string;
  readonly #parents: ReadonlySet<string>;

  constructor(paths: Iterable<string>, separator: string) {
    this.paths = new Set(paths);
    this.#separator = separator;
    this.#parents = new Set(Array.from(this.paths, (path) => path.slice(0, path.lastIndexOf(separator))));
  }

  /** Whether a directory has one of them: asked once, so that its entries need not be looked up. */
  areIn(directory: string): boolean {
    return this.#parents.has(directory.endsWith(this.#separator) ? directory.slice(0, -1) : directory);
  }

  has(path: string): boolean {
    return this.paths.has(path);
  }
}

const SYMLINK_HOPS = 30;
const IGNORE_FILE_LIMIT = 64 << 20;

const local = new WeakSet<object>();

/** Marks failures of the local tree: they cost the entry or directory that they hit, every other error ends the run. */
export function markLocal(error: unknown): unknown {
  // an `io` without a system's name is a fault of this program
  const known =
    error instanceof CairnError && (error.code !== 'io' || 'system' in error.data || 'action' in error.data);
  if (known) local.add(error);
  return error;
}

export function isLocal(error: unknown): error is CairnError {
  return error instanceof CairnError && local.has(error);
}

export function joinPath(directory: string, name: string, separator: string): string {
  return directory.endsWith(separator) ? directory + name : directory + separator + name;
}

/**
 * Attributes of every name of a directory, one at a time (spec/snapshots-and-policies.md section 8.3): vanished ones are
 * skipped, forbidden ones are reported, any other failure is one of the whole directory.
 */
export function* localEntries(
  files: SyncFiles,
  path: string,
  names: Iterable<string>,
  separator: string,
): Generator<LocalEntry> {
  for (const name of names) {
    const at = joinPath(path, name, separator);
    let stat: FileStat | undefined;
    let error: CairnError | undefined;
    try {
      stat = files.lstat(at);
    } catch (cause) {
      const code = systemCode(cause);
      if (code === 'ENOENT') continue;
      if (code !== 'EACCES' && code !== 'EPERM') throw markLocal(fileError(cause, 'cannot look at', at));
      error = fileError(cause, 'cannot look at', at);
    }
    yield { name, path: at, stat, error };
  }
}

/** The first bytes of a file, or all of it. */
export function readStart(files: SyncFiles, path: string, length: number): Uint8Array {
  const handle = files.openRead(path);
  try {
    const bytes = new Uint8Array(length);
    let have = 0;
    while (have < length) {
      const read = files.read(handle, bytes.subarray(have), have);
      if (read === 0) break;
      have += read;
    }
    return bytes.subarray(0, have);
  } finally {
    files.close(handle);
  }
}

/** Whether a listed directory is tagged as a cache; errors mean that it is not. */
export function isCacheDirectory(files: SyncFiles, path: string, names: readonly string[], separator: string): boolean {
  if (!names.includes(CACHE_TAG)) return false;
  const tag = joinPath(path, CACHE_TAG, separator);
  try {
    return files.lstat(tag).kind === 'file' && isCacheTag(readStart(files, tag, CACHE_TAG_LENGTH));
  } catch {
    return false;
  }
}

/** Bytes of an ignore file, following symlinks to a file; undefined when there is none of that name. */
export function readIgnoreFile(files: SyncFiles, path: string, separator: string): Uint8Array | undefined {
  let at = path;
  try {
    for (let hop = 0; hop <= SYMLINK_HOPS; hop++) {
      const { kind, size } = files.lstat(at);
      if (kind === 'file' && size > IGNORE_FILE_LIMIT) throw badIgnoreFile(path, 'it is too long');
      if (kind === 'file') return readStart(files, at, size);
      if (kind !== 'symlink' && hop === 0) return undefined;
      if (kind !== 'symlink') break;
      const target = files.readLink(at);
      const directory = at.slice(0, at.lastIndexOf(separator)) || separator;
      at = target.startsWith('/') ? target : joinPath(directory, target, separator);
    }
    throw badIgnoreFile(path, 'it is a symlink that does not end at a file');
  } catch (cause) {
    if (at === path && systemCode(cause) === 'ENOENT') return undefined;
    throw fileError(cause, 'cannot read ignore file', path);
  }
}

function badIgnoreFile(path: string, why: string): CairnError {
  return new CairnError('invalid-argument', `cannot read ignore file ${path}: ${why}`);
}
