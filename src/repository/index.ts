/**
 * The library: open or create a repository, take snapshots, list, read and restore them.
 * Opening is a sequence of types: a storage, then a `Repository` with its index loaded, then a `WriteSession`.
 */
export { openStorage, storageTypes } from '../blob/registry.ts';
export { MemoryStorage } from '../blob/memory.ts';
export { ReadOnlyStorage } from '../blob/readonly.ts';
export type { BlobMetadata, BlobStorage, ConnectionInfo } from '../blob/storage.ts';
export { CairnError, isCairnError, type ErrorCode } from '../errors.ts';
export type { Credentials } from '../format/format.ts';
export type { CreateOptions } from '../format/create.ts';
export type { ContentInfo, ContentReader } from '../content/types.ts';
export type { ObjectReader } from '../object/types.ts';
export type { ManifestMetadata, ManifestReader } from '../manifest/types.ts';
export type { SourceInfo } from '../policy/source.ts';
export type { DirEntry, DirectorySummary } from '../snapshot/entry.ts';
export type { SnapshotManifest } from '../snapshot/manifest.ts';
export { listSnapshots } from '../snapshot/store.ts';
export type { Ports } from '../ports.ts';
export { createRepository } from './create.ts';
export { openRepository } from './open.ts';
export type { Identity, OpenOptions } from './state.ts';
export { RepositoryReader } from './reader.ts';
export { Repository } from './repository.ts';
export { repositoryStats, type ContentSum, type RepositoryStats } from './stats.ts';
export { takeSnapshot, type SnapshotOptions } from './snapshot.ts';
export { WriteSession } from './write-session.ts';
