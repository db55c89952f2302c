import type { BlobMetadata, BlobStorage } from '../../blob/storage.ts';
import { CairnError, isCairnError } from '../../errors.ts';
import { Budget, mapLimit } from '../../bytes/parallel.ts';
import type { ContentCrypto } from '../crypto.ts';
import { openNamedBlob } from '../named-blob.ts';
import { EntryList, type Run } from './entries.ts';
import { completeIndexSet, epochState, type EpochState } from './epochs.ts';
import { activeIndexBlobs, parseCompactionLog } from './legacy.ts';
import { mergeRuns, type MergedIndex } from './merged.ts';
import { readRun } from './read.ts';

/** Where encrypted index blobs are kept between commands; misses and failures are silent. */
export interface IndexBlobCache {
  get(id: string): Promise<Uint8Array | undefined>;
  put(id: string, data: Uint8Array): Promise<void>;
}

export interface LoadedIndex {
  merged: MergedIndex;
  /** Blobs that were merged. */
  blobs: BlobMetadata[];
  /** State of the epochs; undefined with the legacy manager. */
  epochs: EpochState | undefined;
  /** Index blobs that could not be read: what they name is missing from `merged`. */
  problems: CairnError[];
}

const PARALLEL = 8;
/** Bytes of index blobs that are read at once, unless one alone has more. */
const IN_FLIGHT = 32 << 20;
const RETRIES = 6;

export interface LoadOptions {
  storage: BlobStorage;
  crypto: ContentCrypto;
  epochs: boolean;
  cache?: IndexBlobCache;
  sleep(milliseconds: number): Promise<void>;
}

/**
 * Lists, reads and merges the active index blobs. One that vanishes meanwhile makes the listing start over (another
 * program compacted); one that is damaged is left out and reported.
 */
export async function loadIndex(options: LoadOptions): Promise<LoadedIndex> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await loadOnce(options);
    } catch (error) {
      if (!isCairnError(error, 'blob-not-found') || attempt >= RETRIES) throw error;
      await options.storage.flushCaches();
      await options.sleep(100 * 2 ** attempt);
    }
  }
}

export async function listBlobs(storage: BlobStorage, prefix: string): Promise<BlobMetadata[]> {
  const blobs: BlobMetadata[] = [];
  for await (const blob of storage.list(prefix)) blobs.push(blob);
  return blobs;
}

/** The index blobs in use now, and the epochs they belong to. */
export async function activeIndexes(
  options: LoadOptions,
  problems: CairnError[] = [],
): Promise<{ blobs: BlobMetadata[]; epochs: EpochState | undefined }> {
  if (options.epochs) {
    const epochs = epochState(await listBlobs(options.storage, 'x'));
    return { blobs: completeIndexSet(epochs), epochs };
  }
  const [indexes, logs] = await Promise.all([listBlobs(options.storage, 'n'), listBlobs(options.storage, 'm')]);
  const parsed = await mapLimit(logs, PARALLEL, async ({ id }) => {
    try {
      return parseCompactionLog(await openNamedBlob(options.crypto, id, await options.storage.get(id)), id);
    } catch (error) {
      if (isCairnError(error, 'blob-not-found')) return { inputs: [], outputs: [] };
      if (!isCairnError(error, 'corrupt') && !isCairnError(error, 'authentication-failed')) throw error;
      // without the log its inputs count again, beside the outputs
      problems.push(
        new CairnError('corrupt', `compaction log ${id} is damaged and was left out`, {
          cause: error,
          data: { blob: id },
          hint: 'all index blobs are read as if it had not been written; dropped contents may show again',
        }),
      );
      return { inputs: [], outputs: [] };
    }
  });
  return { blobs: activeIndexBlobs(indexes, parsed), epochs: undefined };
}

async function loadOnce(options: LoadOptions): Promise<LoadedIndex> {
  const problems: CairnError[] = [];
  const { blobs, epochs } = await activeIndexes(options, problems);
  const entries = roomFor(blobs, options.crypto.hasher.size + 1);
  const inFlight = new Budget(IN_FLIGHT);
  const runs = await mapLimit(blobs, PARALLEL, async (blob): Promise<Run> => {
    await inFlight.acquire(blob.length);
    try {
      return readRun(await readIndexBlob(options, blob.id), entries);
    } catch (cause) {
      if (!isCairnError(cause) || !['corrupt', 'authentication-failed'].includes(cause.code)) throw cause;
      problems.push(
        new CairnError('corrupt', `index blob ${blob.id} (${blob.length} bytes) is damaged and was left out`, {
          cause,
          data: { blob: blob.id, length: blob.length },
          hint: "what it names is missing here; 'cairn index recover' finds contents again in their packs",
        }),
      );
      return { from: 0, to: 0 };
    } finally {
      inFlight.release(blob.length);
    }
  });
  return { merged: mergeRuns(entries, runs, epochs?.watermark ?? -1), blobs, epochs, problems };
}

/** Shortest entry beside its key, in files of either version. */
const SHORTEST = 16;
/** A list that must hold more grows: lengths of blobs are the storage's word only. */
const MOST_ROOM = 50_000_000;

/** A shared list with room for what these blobs can hold; what stays unused costs no memory. */
function roomFor(blobs: readonly BlobMetadata[], keySize: number): EntryList {
  const bytes = blobs.reduce((sum, { length }) => sum + length, 0);
  return new EntryList(keySize, undefined, Math.min(MOST_ROOM, 1 + Math.ceil(bytes / (keySize + SHORTEST))), true);
}

/** Plain bytes of one index blob; a cached copy that does not decrypt counts as none. */
export async function readIndexBlob(
  options: Pick<LoadOptions, 'storage' | 'crypto' | 'cache'>,
  id: string,
): Promise<Uint8Array> {
  const cached = await options.cache?.get(id);
  if (cached !== undefined) {
    try {
      return await openNamedBlob(options.crypto, id, cached);
    } catch {
      // fetched again below
    }
  }
  const data = await options.storage.get(id);
  const plain = await openNamedBlob(options.crypto, id, data);
  await options.cache?.put(id, data);
  return plain;
}
