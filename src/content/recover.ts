import type { BlobMetadata } from '../blob/storage.ts';
import { mapLimit } from '../bytes/parallel.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { IndexWriter } from './index-writer.ts';
import { indexWriterOptions, type IndexContext } from './index/compact-context.ts';
import { wins, type EntryList } from './index/entries.ts';
import { POISON } from './index/legacy.ts';
import { activeIndexes, listBlobs } from './index/load.ts';
import { mergeIndexes } from './index/merged.ts';
import { readLocalIndex } from './recover-pack.ts';
import { newSessionId } from './session.ts';
import type { ContentInfo } from './types.ts';

/**
 * Rebuilding of lost indexes from the packs' own (spec/storage-and-maintenance.md section 7). Works with epochs as well:
 * what is found goes into a new index blob of the write epoch.
 */
export interface RecoverOptions {
  /** Packs to read; all of them unless given. */
  blobs?: readonly string[];
  /** Only packs whose name starts so; `p` and `q` unless given. */
  prefixes?: readonly string[];
  parallel?: number;
  /** Goes on past packs that have no readable index; else the first one fails. */
  ignoreErrors?: boolean;
  signal?: AbortSignal;
  onPack?(pack: string, contents: number): void;
}

export interface Recovery {
  /** Winners of all local indexes in key order. */
  entries: EntryList;
  /** Numbers of the entries whose pack is there. */
  usable: Uint32Array;
  /** Those of them that the repository's index lacks or has in an older form. */
  missing: Uint32Array;
  packs: number;
  failures: { pack: string; error: CairnError }[];
  /** All packs were asked for, so that old indexes may be replaced by what was found. */
  complete: boolean;
}

/** Local indexes that are held before they are merged. */
const BATCH = 256;

export async function recoverIndex(context: IndexContext, options: RecoverOptions = {}): Promise<Recovery> {
  const { storage, crypto } = context.contents;
  const packs = await packsToRead(context, options);
  const present = new Set(packs.map(({ id }) => id));
  const keySize = crypto.hasher.size + 1;
  const failures: Recovery['failures'] = [];
  let merged = mergeIndexes([], keySize).entries;
  for (let start = 0; start < packs.length; start += BATCH) {
    const lists = await mapLimit(packs.slice(start, start + BATCH), options.parallel ?? 4, async (pack) => {
      options.signal?.throwIfAborted();
      try {
        const list = await readLocalIndex(storage, crypto, pack);
        options.onPack?.(pack.id, list.count);
        return list;
      } catch (error) {
        if (!isCairnError(error) || !options.ignoreErrors) throw error;
        failures.push({ pack: pack.id, error });
        return undefined;
      }
    });
    merged = mergeIndexes([merged, ...lists.filter((list) => list !== undefined)], keySize).entries;
  }
  const complete = options.blobs === undefined && options.prefixes === undefined;
  // A deletion marker may name a pack that is gone by now: there is nothing to bring back.
  const usable = numbers(merged, (at) => !complete || present.has(merged.packName(at)));
  return {
    entries: merged,
    usable,
    missing: missing(context, merged, usable),
    packs: packs.length,
    failures,
    complete,
  };
}

async function packsToRead(
  { contents: { storage } }: IndexContext,
  { blobs, prefixes = ['p', 'q'] }: RecoverOptions,
): Promise<BlobMetadata[]> {
  const named = await mapLimit(blobs ?? [], 8, (id) => storage.stat(id));
  if (blobs !== undefined) return named;
  const packs = new Map<string, BlobMetadata>();
  for (const prefix of prefixes)
    for (const blob of await listBlobs(storage, prefix))
      if (/^[pq][0-9a-f]{32}/.test(blob.id)) packs.set(blob.id, blob);
  return [...packs.values()];
}

function numbers(entries: EntryList, keep: (at: number) => boolean): Uint32Array {
  const kept: number[] = [];
  for (let at = 0; at < entries.count; at++) if (keep(at)) kept.push(at);
  return Uint32Array.from(kept);
}

function missing({ contents: { index } }: IndexContext, found: EntryList, usable: Uint32Array): Uint32Array {
  return usable.filter((at) => {
    const known = index.find(found.key(at));
    return known < 0 || wins(found, at, index.entries, known);
  });
}

export function missingEntries({ entries, missing }: Recovery): ContentInfo[] {
  return Array.from(missing, (at) => entries.info(at));
}

/**
 * Writes a new index blob of what is missing; with `deleteIndexes` of everything found, and then deletes every older
 * index blob. Nothing is deleted before the new index is stored, nor when a pack could not be read.
 */
export async function commitRecovery(
  context: IndexContext,
  recovery: Recovery,
  options: { deleteIndexes?: boolean } = {},
): Promise<{ written: number; deleted: string[] }> {
  const { contents, ports } = context;
  const replace = options.deleteIndexes ?? false;
  if (replace && !recovery.complete)
    throw new CairnError(
      'usage',
      'indexes can only be deleted when all packs are read: leave out --blobs and --blob-prefixes',
    );
  if (replace && recovery.failures.length > 0)
    throw new CairnError(
      'corrupt',
      `${recovery.failures.length} pack(s) have no readable index: the old indexes are kept, they may be the only ones that name what is in there`,
      {
        data: { packs: recovery.failures.map(({ pack }) => pack) },
        cause: recovery.failures[0].error,
      },
    );
  const old = replace ? await replaceable(context) : [];
  const chosen = replace ? recovery.usable : recovery.missing;
  if (chosen.length > 0) {
    const writer = new IndexWriter(contents, indexWriterOptions(context));
    await writer.write(recovery.entries, chosen.slice(), newSessionId(ports.clock.now(), ports.random));
  } else if (replace && old.length > 0) {
    throw new CairnError('corrupt', 'no pack holds an index: the old index blobs are kept');
  }
  for (const id of old) await contents.storage.delete(id);
  await contents.refresh();
  return { written: chosen.length, deleted: old };
}

/**
 * Index blobs of before, replaced ones first: were a compaction's output deleted before its inputs, a crash between the
 * two would bring the inputs back. Markers, watermarks and logs stay.
 */
async function replaceable({ contents }: IndexContext): Promise<string[]> {
  const { storage, options } = contents;
  const prefixes = options.epochs ? ['xn', 'xs', 'xr'] : ['n'];
  const ids: string[] = [];
  for (const prefix of prefixes) for (const { id } of await listBlobs(storage, prefix)) if (id !== POISON) ids.push(id);
  const { blobs } = await activeIndexes({ ...options, sleep: (ms) => options.clock.sleep(ms) });
  const active = new Set(blobs.map(({ id }) => id));
  return ids.sort((a, b) => Number(active.has(a)) - Number(active.has(b)) || (a < b ? -1 : 1));
}
