import type { PutOptions } from '../../blob/storage.ts';
import { toHex } from '../../bytes/hex.ts';
import { mapLimit } from '../../bytes/parallel.ts';
import { retentionFor, type RepositoryFormat } from '../../format/format.ts';
import type { Clock, Random } from '../../ports.ts';
import { contentIdFromKey } from '../id.ts';
import type { IndexWriterOptions } from '../index-writer.ts';
import type { ContentStore } from '../store.ts';
import { CairnError, isCairnError } from '../../errors.ts';
import { EntryList } from './entries.ts';
import { readIndexBlob } from './load.ts';
import { mergeRuns, type MergedIndex } from './merged.ts';
import { readRun } from './read.ts';
import { MAX_ENTRIES_PER_INDEX, shardHash, writeIndex } from './write.ts';

/** What those who look after the index work with; the state of an open repository is one. */
export interface IndexContext {
  contents: ContentStore;
  format: RepositoryFormat;
  ports: { clock: Clock; random: Random };
}

export function putOptions({ format }: IndexContext, id: string): PutOptions | undefined {
  return retentionFor(id, format.blobConfig);
}

export function indexWriterOptions(context: IndexContext): IndexWriterOptions {
  const { parameters } = context.format;
  return {
    clock: context.ports.clock,
    indexVersion: parameters.indexVersion,
    refreshFrequency: parameters.epochParameters.refreshFrequency,
    putOptions: (id) => putOptions(context, id),
  };
}

/** Winners of the named index blobs; a damaged one fails, because what it names would be lost. */
export async function mergeBlobs({ contents }: IndexContext, ids: readonly string[]): Promise<MergedIndex> {
  const entries = new EntryList(contents.crypto.hasher.size + 1);
  const runs = await mapLimit(ids, 8, async (id) => {
    const file = await readIndexBlob({ storage: contents.storage, crypto: contents.crypto }, id);
    try {
      return readRun(file, entries);
    } catch (cause) {
      if (!isCairnError(cause)) throw cause;
      throw new CairnError(cause.code, `index blob ${id}: ${cause.message}`, { cause, data: { blob: id } });
    }
  });
  return mergeRuns(entries, runs);
}

/** Index files of the entries that `keep` lets through, sharded as section 9.3 says; none for no entries. */
export function indexFiles(
  entries: EntryList,
  indexVersion: number,
  keep: (at: number) => boolean = () => true,
): Uint8Array[] {
  const numbers: number[] = [];
  for (let at = 0; at < entries.count; at++) if (keep(at)) numbers.push(at);
  const count = Math.ceil(numbers.length / MAX_ENTRIES_PER_INDEX);
  if (count === 0) return [];
  if (count === 1) return [writeIndex(entries, Uint32Array.from(numbers), indexVersion)];
  const shards: number[][] = Array.from({ length: count }, () => []);
  for (const at of numbers) shards[shardHash(contentIdFromKey(entries.key(at))) % count].push(at);
  return shards
    .filter((shard) => shard.length > 0)
    .map((shard) => writeIndex(entries, Uint32Array.from(shard), indexVersion));
}

export function randomBytes({ ports }: IndexContext, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  ports.random(bytes);
  return bytes;
}

/** `s` and 16 hex digits: the session part of compaction outputs, which has no month number. */
export function compactionSession(context: IndexContext): string {
  return 's' + toHex(randomBytes(context, 8));
}
