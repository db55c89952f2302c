import { contentPrefix } from '../content/id.ts';
import { formatSource } from '../policy/source.ts';
import { entrySize } from '../snapshot/entry.ts';
import { listSources, listSnapshots } from '../snapshot/store.ts';
import { throwIfCanceled } from '../snapshot/walk.ts';
import type { RepositoryReader } from './reader.ts';

export interface ContentSum {
  contents: number;
  /** Bytes of the plaintext: what is left after equal data was stored once. */
  unique: number;
  /** Bytes in packs, after compression and with the cipher's own. */
  packed: number;
}

/** What the data of all snapshots amounts to on its way into the storage. */
export interface RepositoryStats {
  sources: number;
  snapshots: number;
  /** Of the snapshots: those that were interrupted. */
  incomplete: number;
  /** Snapshots whose manifest cannot be read, by ID; their data is missing in `original`. */
  unreadable: string[];
  /** Files and bytes that a restore of every snapshot would write. */
  original: { files: number; bytes: number };
  /** Contents that the index names, those that no snapshot needs any more included until maintenance removes them. */
  files: ContentSum;
  directories: ContentSum;
  manifests: ContentSum;
  /** All that the storage holds; `packs` are the blobs of contents. */
  storage: { blobs: number; bytes: number; packs: number; packBytes: number };
}

/**
 * Reads manifests, index and the list of blobs, but no tree: its cost does not grow with the files. One source's
 * manifests are in memory at a time.
 */
export async function repositoryStats(repository: RepositoryReader, signal?: AbortSignal): Promise<RepositoryStats> {
  const stats: RepositoryStats = {
    sources: 0,
    snapshots: 0,
    incomplete: 0,
    unreadable: [],
    original: { files: 0, bytes: 0 },
    files: nothing(),
    directories: nothing(),
    manifests: nothing(),
    storage: { blobs: 0, bytes: 0, packs: 0, packBytes: 0 },
  };
  await addSnapshots(repository, stats, signal);
  for (const { id, deleted, originalLength, packedLength } of repository.contents.entries()) {
    if (deleted) continue;
    const prefix = contentPrefix(id);
    const sum = prefix === 'm' ? stats.manifests : prefix === 'k' ? stats.directories : stats.files;
    sum.contents++;
    sum.unique += originalLength;
    sum.packed += packedLength;
  }
  for await (const { id, length } of repository.storage.list('')) {
    throwIfCanceled(signal);
    stats.storage.blobs++;
    stats.storage.bytes += length;
    if (!/^[pq]/.test(id)) continue;
    stats.storage.packs++;
    stats.storage.packBytes += length;
  }
  return stats;
}

async function addSnapshots(
  { manifests }: RepositoryReader,
  stats: RepositoryStats,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const source of await listSources(manifests)) {
    throwIfCanceled(signal);
    stats.sources++;
    const { snapshots, unreadable } = await listSnapshots(manifests, { source });
    // a source without a path would match those with one, too
    const mine = ({ source: of }: { source: typeof source }) => formatSource(of) === formatSource(source);
    stats.unreadable.push(...unreadable.filter(mine).map(({ id }) => id));
    for (const { rootEntry, incomplete } of snapshots.filter(mine)) {
      stats.snapshots++;
      if (incomplete !== '') stats.incomplete++;
      if (rootEntry === undefined) continue;
      stats.original.files += rootEntry.summary?.files ?? 1;
      stats.original.bytes += entrySize(rootEntry);
    }
  }
}

function nothing(): ContentSum {
  return { contents: 0, unique: 0, packed: 0 };
}
