/**
 * Restore at the edge: a repository opened for reading in a runtime without files, threads or native compression. The
 * bundle holds no writer. Kernels and zstd come as statically imported modules; the format key is injected, because the
 * password's scrypt needs more memory than an isolate has (take it from `repository.format.formatKey` of a full runtime).
 */
import type { BlobStorage } from '../blob/storage.ts';
import { CairnError } from '../errors.ts';
import { openObject } from '../object/open.ts';
import { RepositoryReader } from '../repository/reader.ts';
import { openState, type RepositoryPorts } from '../repository/state.ts';
import { readDirectory } from '../snapshot/directory.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import { readObject } from '../object/open.ts';

export { MemoryStorage } from '../blob/memory.ts';
export { listSnapshots } from '../snapshot/store.ts';
export type { BlobMetadata, BlobRange, BlobStorage } from '../blob/storage.ts';
export { CairnError, isCairnError } from '../errors.ts';
export type { DirEntry } from '../snapshot/entry.ts';
export type { SnapshotManifest } from '../snapshot/manifest.ts';
export { RepositoryReader } from '../repository/reader.ts';

/** Opens a repository for reading with its 32-byte format key. */
export async function openAtEdge(storage: BlobStorage, formatKey: Uint8Array, ports: RepositoryPorts): Promise<RepositoryReader> {
  return new RepositoryReader(await openState(storage, { formatKey }, ports, { readOnly: true }));
}

/** Entries of a stored directory. */
export async function listDirectory(repository: RepositoryReader, objectId: string): Promise<DirEntry[]> {
  return readDirectory(await readObject(repository.objects, objectId)).entries;
}

/** The entry at a path below a directory, `a/b/c`; `entry-not-found` names the part that is missing. */
export async function findEntry(repository: RepositoryReader, root: DirEntry, path: string): Promise<DirEntry> {
  let entry = root;
  for (const name of path.split('/').filter((part) => part !== '')) {
    const entries = entry.type === 'd' ? await listDirectory(repository, entry.objectId) : [];
    const next = entries.find((candidate) => candidate.name === name);
    if (next === undefined) throw new CairnError('entry-not-found', `entry not found: ${name} in ${path}`, { data: { path } });
    entry = next;
  }
  return entry;
}

/** Bytes `[offset, offset + length)` of a stored file, cut at its end. */
export async function readFileRange(
  repository: RepositoryReader,
  file: DirEntry,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  return (await openObject(repository.objects, file.objectId)).read(offset, length);
}
