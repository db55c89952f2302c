import { CairnError } from '../errors.ts';
import { isObjectId, parseObjectId } from '../object/id.ts';
import { readObject, type ObjectContents } from '../object/open.ts';
import { readDirectory, type Directory } from './directory.ts';
import type { DirEntry } from './entry.ts';
import type { ObjectSet } from './object-set.ts';

/** Directories read together, by number and by bytes. */
const BATCH = 64;
const BATCH_BYTES = 4 << 20;

/** Reads one stored directory. */
export async function openDirectory(contents: ObjectContents, objectId: string): Promise<Directory> {
  return readDirectory(await readObject(contents, objectId));
}

/**
 * Takes some directories from the end of the stack and reads them together, so that those which lie side by side in a
 * pack cost one request. Gives them in the order taken, an error in place of each that could not be read.
 */
export async function takeDirectories<T extends { entry: DirEntry }>(
  contents: ObjectContents,
  stack: T[],
): Promise<{ node: T; directory: Directory | Error }[]> {
  const taken: T[] = [];
  const direct = new Set<string>();
  for (let bytes = 0; stack.length > 0 && taken.length < BATCH && bytes < BATCH_BYTES;) {
    const node = stack.pop()!;
    taken.push(node);
    const { objectId } = node.entry;
    if (!isObjectId(objectId)) continue;
    const { indirection, compressed, contentId } = parseObjectId(objectId);
    if (indirection === 0 && !compressed) direct.add(contentId);
    bytes += indirection > 0 ? BATCH_BYTES : (contents.info(contentId)?.originalLength ?? 0);
  }
  const results = new Map<string, Directory | Error>();
  if (direct.size > 1) {
    await contents.readMany(direct, (id, data) => {
      results.set(id, data instanceof Error ? data : attempt(() => readDirectory(data)));
    });
  }
  const read: { node: T; directory: Directory | Error }[] = [];
  for (const node of taken) {
    const { objectId } = node.entry;
    let directory = results.get(objectId);
    if (directory === undefined) {
      directory = await openDirectory(contents, objectId).catch(asError);
      results.set(objectId, directory);
    }
    read.push({ node, directory });
  }
  return read;
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return asError(error);
  }
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

export interface WalkedEntry {
  /** From the root of the walk, joined by `/`; the root's own is the path given. */
  path: string;
  entry: DirEntry;
}

export interface WalkOptions {
  /** Path of the root entry. */
  path?: string;
  /** Objects already in it are passed over, new ones are added: each distinct object is visited once. */
  visited?: ObjectSet;
  /** Called for a directory that cannot be read; without it the walk ends with the error. */
  onDamaged?: (damaged: WalkedEntry, error: Error) => void;
  signal?: AbortSignal;
}

/** Visits an entry and everything below it, a directory before its entries. Memory is bounded by the open directories. */
export async function* walkTree(
  contents: ObjectContents,
  root: DirEntry,
  { path = '', visited, onDamaged, signal }: WalkOptions = {},
): AsyncGenerator<WalkedEntry> {
  const isNew = (entry: DirEntry) => visited === undefined || visited.add(entry.objectId);
  if (!isNew(root)) return;
  yield { path, entry: root };
  const stack: WalkedEntry[] = root.type === 'd' ? [{ path, entry: root }] : [];
  while (stack.length > 0) {
    throwIfCanceled(signal);
    for (const { node, directory } of await takeDirectories(contents, stack)) {
      if (directory instanceof Error) {
        if (onDamaged === undefined) throw damagedDirectory(node, directory);
        onDamaged(node, directory);
        continue;
      }
      const below: WalkedEntry[] = [];
      for (const entry of directory.entries) {
        if (!isNew(entry)) continue;
        const child = { path: joinPath(node.path, entry.name), entry };
        yield child;
        if (entry.type === 'd') below.push(child);
      }
      while (below.length > 0) stack.push(below.pop()!);
    }
  }
}

export function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

/** An error of reading a directory, told with its path. */
export function damagedDirectory({ path, entry }: WalkedEntry, cause: Error): CairnError {
  return new CairnError(
    cause instanceof CairnError ? cause.code : 'corrupt',
    `cannot read directory ${path === '' ? entry.objectId : path}: ${cause.message}`,
    { cause, data: { path, object: entry.objectId } },
  );
}

export function throwIfCanceled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CairnError('canceled', 'canceled', { cause: signal.reason });
}
