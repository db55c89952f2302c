import { mayHold } from './sharded.ts';
import type { BlobMetadata } from './storage.ts';

/** What one directory of a sharded tree holds. */
export interface ShardDirectory {
  /** Names of the directories in it. */
  directories: readonly string[];
  /** Metadata of its blobs whose whole name starts with the wanted prefix. */
  blobs: readonly BlobMetadata[];
}

/**
 * Reads one directory: `path` is relative with a `/` at its end ('' for the root), `joined` the same without slashes,
 * the beginning of the names of all blobs below it.
 */
export type ReadShardDirectory = (path: string, joined: string) => Promise<ShardDirectory>;

/** Every blob below the root whose name starts with `prefix`; at most `parallelism` directories are read at once. */
export async function* walkShards(
  read: ReadShardDirectory,
  prefix: string,
  parallelism: number,
): AsyncGenerator<BlobMetadata, void, undefined> {
  const waiting = [''];
  const running: { path: string; result: Promise<ShardDirectory> }[] = [];
  try {
    while (waiting.length > 0 || running.length > 0) {
      while (waiting.length > 0 && running.length < parallelism) {
        const path = waiting.pop()!;
        const result = read(path, path.replaceAll('/', ''));
        result.catch(() => {}); // seen when its turn comes
        running.push({ path, result });
      }
      const { path, result } = running.shift()!;
      const { directories, blobs } = await result;
      const joined = path.replaceAll('/', '');
      for (const name of directories) if (mayHold(joined + name, prefix)) waiting.push(`${path}${name}/`);
      yield* blobs;
    }
  } finally {
    await Promise.allSettled(running.map(({ result }) => result));
  }
}
