import { CairnError } from '../errors.ts';
import { decompress, openBytes, sealBytes } from './crypto.ts';
import { cipherId, contentKey } from './id.ts';
import type { EntryList } from './index/entries.ts';
import { readRanges } from './read-many.ts';
import type { ContentStore } from './store.ts';
import type { ContentInfo } from './types.ts';
import type { WriteManager } from './writer.ts';

/** Moving contents into new packs (spec/repository-format.md sections 12, 15.2). */
export interface RewriteChoice {
  /** Only these. */
  ids?: readonly string[];
  /** Those in packs whose contents fill less than 60 % of the pack size, where there are two such packs or more. */
  shortPacks?: boolean;
  /** Those with this format version. */
  formatVersion?: number;
  packPrefix?: string;
  /** Narrows the choice further. */
  filter?(info: ContentInfo): boolean;
}

const SHORT = 0.6;

/** Numbers of the chosen entries, deleted ones included, in key order; none when nothing is asked for. */
export function chooseContents(entries: EntryList, choice: RewriteChoice, maxPackSize: number): Uint32Array {
  const { ids, formatVersion, packPrefix = '', filter } = choice;
  const short = choice.shortPacks ? shortPacks(entries, maxPackSize, packPrefix) : undefined;
  const named = ids === undefined ? undefined : new Set(ids);
  if (short === undefined && named === undefined && formatVersion === undefined) return new Uint32Array(0);
  const chosen: number[] = [];
  for (let at = 0; at < entries.count; at++) {
    if (packPrefix !== '' && !entries.packName(at).startsWith(packPrefix)) continue;
    const asked =
      short?.has(entries.pack(at)) ||
      named?.has(entries.info(at).id) ||
      (formatVersion !== undefined && entries.names.formats[entries.formats[at]].version === formatVersion);
    if (asked && (filter === undefined || filter(entries.info(at)))) chosen.push(at);
  }
  return Uint32Array.from(chosen);
}

/** Numbers of packs worth joining; a lone one of its kind is left. */
function shortPacks(entries: EntryList, maxPackSize: number, prefix: string): Set<number> {
  const { packs } = entries.names;
  const lengths = new Float64Array(packs.length);
  for (let at = 0; at < entries.count; at++) lengths[entries.pack(at)] += entries.packedLength(at);
  const byKind = new Map<string, number[]>();
  for (let pack = 0; pack < packs.length; pack++) {
    if (lengths[pack] === 0 || lengths[pack] >= maxPackSize * SHORT || !packs[pack].startsWith(prefix)) continue;
    const kind = packs[pack][0];
    byKind.set(kind, [...(byKind.get(kind) ?? []), pack]);
  }
  return new Set([...byKind.values()].filter((list) => list.length > 1).flat());
}

export interface RewriteOptions {
  /** Contents younger than this (Unix seconds of their entry) are left alone. */
  before?: number;
  /** Brings deleted ones back. */
  undelete?: boolean;
  signal?: AbortSignal;
  onContent?(info: ContentInfo): void;
  onError?(info: ContentInfo, error: Error): void;
}

export interface RewriteStats {
  toRewrite: { count: number; bytes: number };
  rewritten: { count: number; bytes: number };
  /** Too young. */
  retained: { count: number; bytes: number };
  failed: number;
}

/**
 * Stores the chosen contents again. The stored form is kept (compression included) and only sealed anew, after it was
 * checked to hold what its ID says. The caller flushes; until then nothing has changed for others.
 */
export async function rewriteContents(
  store: ContentStore,
  writer: WriteManager,
  chosen: Uint32Array,
  options: RewriteOptions = {},
): Promise<RewriteStats> {
  const { entries } = store.index;
  const stats: RewriteStats = { toRewrite: none(), rewritten: none(), retained: none(), failed: 0 };
  const infos = function* (): Iterable<string> {
    for (const at of chosen) {
      const info = entries.info(at);
      const young = options.before !== undefined && info.timestamp > options.before;
      const total = young ? stats.retained : stats.toRewrite;
      total.count++;
      total.bytes += info.packedLength;
      // what this session wrote or deleted meanwhile is in a new pack already
      if (!young && writer.info(info.id)?.timestamp === info.timestamp) yield info.id;
    }
  };
  await readRanges(
    {
      storage: store.storage,
      crypto: store.crypto,
      require: (id) => store.require(id),
      openContent: (info, packed) => checkedPlain(store, info, packed),
    },
    infos(),
    async (id, plain) => {
      options.signal?.throwIfAborted();
      const info = store.require(id);
      if (plain instanceof Error) {
        stats.failed++;
        options.onError?.(info, plain);
        return;
      }
      options.onContent?.(info);
      const sealed = await sealBytes(store.crypto, cipherId(contentKey(id).subarray(1)), plain);
      await writer.replace(info, sealed, options.undelete ? false : info.deleted);
      stats.rewritten.count++;
      stats.rewritten.bytes += info.packedLength;
    },
  );
  return stats;
}

const none = () => ({ count: 0, bytes: 0 });

async function checkedPlain(store: ContentStore, info: ContentInfo, packed: Uint8Array): Promise<Uint8Array> {
  const plain = await openBytes(store.crypto, cipherId(contentKey(info.id).subarray(1)), packed);
  const data =
    info.compression === 0 ? plain : await decompress(store.crypto, plain, info.originalLength, info.compression);
  if (data.length !== info.originalLength || !store.matches(info.id, data))
    throw new CairnError(
      'corrupt',
      `content ${info.id} holds other bytes than its ID says (${info.packBlob}, offset ${info.packOffset})`,
      {
        data: { id: info.id, pack: info.packBlob },
      },
    );
  return plain;
}
