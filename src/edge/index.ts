/**
 * Restore at the edge: a repository opened for reading in a runtime without files, threads or native compression. The
 * bundle holds no writer. Kernels and zstd come as statically imported modules; the format key is injected, because the
 * password's scrypt needs more memory than an isolate has (take it from `repository.format.formatKey` of a full runtime).
 */
import type { BlobStorage } from '../blob/storage.ts';
import { RepositoryReader } from '../repository/reader.ts';
import { openState, type RepositoryPorts } from '../repository/state.ts';

export { MemoryStorage } from '../blob/memory.ts';
export { listSnapshots } from '../snapshot/store.ts';
export type { BlobMetadata, BlobRange, BlobStorage } from '../blob/storage.ts';
export { CairnError, isCairnError } from '../errors.ts';
export type { DirEntry } from '../snapshot/entry.ts';
export type { SnapshotManifest } from '../snapshot/manifest.ts';
export { RepositoryReader } from '../repository/reader.ts';

/** Opens a repository for reading with its 32-byte format key. */
export async function openAtEdge(
  storage: BlobStorage,
  formatKey: Uint8Array,
  ports: RepositoryPorts,
): Promise<RepositoryReader> {
  return new RepositoryReader(await openState(storage, { formatKey }, ports, { readOnly: true }));
}
