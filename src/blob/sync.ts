import { fromBase64 } from '../bytes/base64.ts';
import { fromUtf8 } from '../bytes/gather.ts';
import { isObject, member, parseJson, type Json } from '../bytes/json.ts';
import { mapLimit } from '../bytes/parallel.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { BlobMetadata, BlobStorage } from './storage.ts';

/**
 * Copies a repository blob by blob (spec/storage-and-maintenance.md section 7). Whatever the moment it stops at, every
 * index blob of the copy has its packs: packs go first, then indexes, then kopia.repository; deletions go the other way,
 * after all copying. The source is listed in the opposite order, so that no listed index names a pack that was not seen.
 */
export interface SyncOptions {
  /** Copies again what is newer in the source; true unless said otherwise. */
  update?: boolean;
  /** Deletes what the source does not have. */
  delete?: boolean;
  dryRun?: boolean;
  parallel?: number;
  /** Fails when the destination holds no repository yet. */
  mustExist?: boolean;
  /** Keeps the blobs' times where the destination can. */
  times?: boolean;
  signal?: AbortSignal;
  onBlob?(action: 'copy' | 'delete', blob: BlobMetadata): void;
  onTimesUnsupported?(): void;
}

export interface SyncStats {
  inSync: { count: number; bytes: number };
  copied: { count: number; bytes: number };
  deleted: { count: number; bytes: number };
  /** Listed in the source, gone when it was to be read. */
  vanished: number;
}

const FORMAT = 'kopia.repository';

/** Place of a blob in the order of copying. */
export function syncRank(id: string): number {
  if (id === FORMAT) return 5;
  if (id.startsWith('kopia.')) return 4;
  // logs of compactions and epoch marks say what replaces what, so they follow the indexes
  if (/^(?:m|l|xe|xw)/.test(id)) return 3;
  if (/^[nx]/.test(id)) return 2;
  return /^[pq]/.test(id) ? 0 : 1;
}

/** In which order things go: what others replaced before what says that they were replaced, packs last. */
function deletionRank(id: string): number {
  return /^[pq]/.test(id) ? 2 : syncRank(id) === 2 ? 0 : 1;
}

export async function syncStorage(
  source: BlobStorage,
  destination: BlobStorage,
  options: SyncOptions = {},
): Promise<SyncStats> {
  const existing = await checkSameRepository(source, destination, options);
  const [from, to] = await Promise.all([listSource(source), listAll(destination)]);
  if (!existing && options.delete && to.size > 0)
    throw new CairnError(
      'invalid-argument',
      `${destination.displayName} holds other files and no repository: nothing is deleted there`,
      {
        hint: 'leave out --delete, or choose an empty destination',
      },
    );
  const stats: SyncStats = { inSync: none(), copied: none(), deleted: none(), vanished: 0 };
  const missing: BlobMetadata[] = [];
  for (const blob of from.values()) {
    const there = to.get(blob.id);
    if (there === undefined || ((options.update ?? true) && outdated(blob, there))) missing.push(blob);
    else add(stats.inSync, blob);
  }
  const copier = new Copier(source, destination, options, stats);
  for (const rank of [0, 1, 2, 3, 4, 5]) await copier.copy(missing.filter(({ id }) => syncRank(id) === rank));
  if (options.delete) {
    const extra = [...to.values()].filter(({ id }) => !from.has(id) && !id.startsWith('kopia.'));
    for (const rank of [0, 1, 2]) await copier.delete(extra.filter(({ id }) => deletionRank(id) === rank));
  }
  return stats;
}

const none = () => ({ count: 0, bytes: 0 });

function add(total: { count: number; bytes: number }, { length }: BlobMetadata): void {
  total.count++;
  total.bytes += length;
}

const MILLISECOND = 1_000_000n;

/** Storages keep times to the millisecond or second, so that a kept time may be a little older than the source's. */
function outdated(source: BlobMetadata, copy: BlobMetadata): boolean {
  if (source.length !== copy.length) return true;
  const { timestamp } = source;
  return timestamp - copy.timestamp > MILLISECOND && copy.timestamp !== timestamp - (timestamp % (1000n * MILLISECOND));
}

class Copier {
  readonly #source: BlobStorage;
  readonly #destination: BlobStorage;
  readonly #options: SyncOptions;
  readonly #stats: SyncStats;
  #times: boolean;

  constructor(source: BlobStorage, destination: BlobStorage, options: SyncOptions, stats: SyncStats) {
    this.#source = source;
    this.#destination = destination;
    this.#options = options;
    this.#stats = stats;
    this.#times = options.times ?? false;
  }

  async copy(blobs: readonly BlobMetadata[]): Promise<void> {
    await mapLimit(blobs, this.#options.parallel ?? 1, async (blob) => {
      this.#options.signal?.throwIfAborted();
      this.#options.onBlob?.('copy', blob);
      if (!this.#options.dryRun && !(await this.#copyOne(blob))) this.#stats.vanished++;
      else add(this.#stats.copied, blob);
    });
  }

  async #copyOne({ id, timestamp }: BlobMetadata): Promise<boolean> {
    let data: Uint8Array;
    try {
      data = await this.#source.get(id);
    } catch (error) {
      if (isCairnError(error, 'blob-not-found') && id !== FORMAT) return false;
      throw error;
    }
    if (this.#times) {
      try {
        await this.#destination.put(id, data, { modifiedTime: timestamp });
        return true;
      } catch (error) {
        if (!isCairnError(error, 'unsupported')) throw error;
        this.#times = false;
        this.#options.onTimesUnsupported?.();
      }
    }
    await this.#destination.put(id, data);
    return true;
  }

  async delete(blobs: readonly BlobMetadata[]): Promise<void> {
    await mapLimit(blobs, this.#options.parallel ?? 1, async (blob) => {
      this.#options.signal?.throwIfAborted();
      this.#options.onBlob?.('delete', blob);
      if (!this.#options.dryRun) await this.#destination.delete(blob.id);
      add(this.#stats.deleted, blob);
    });
  }
}

/** Whether the destination holds this repository already; another one is refused. */
async function checkSameRepository(
  source: BlobStorage,
  destination: BlobStorage,
  { mustExist }: SyncOptions,
): Promise<boolean> {
  const own = await uniqueId(source);
  if (own === undefined)
    throw new CairnError('not-a-repository', `${source.displayName} holds no ${FORMAT}, so it is not copied`);
  const other = await uniqueId(destination);
  if (other === undefined) {
    if (!mustExist) return false;
    throw new CairnError(
      'not-a-repository',
      `destination repository does not have a format blob: ${destination.displayName}`,
      {
        hint: 'leave out --must-exist to begin a new copy there',
      },
    );
  }
  if (other !== own)
    throw new CairnError(
      'invalid-argument',
      `destination repository contains incompatible data: ${destination.displayName} is another repository`,
      {
        hint: 'choose an empty destination, or the one that holds the copy',
      },
    );
  return true;
}

async function uniqueId(storage: BlobStorage): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await storage.get(FORMAT);
  } catch (error) {
    if (isCairnError(error, 'blob-not-found')) return undefined;
    throw error;
  }
  let json: Json;
  try {
    json = parseJson(fromUtf8(bytes));
  } catch {
    json = null;
  }
  const id = isObject(json) ? member(json, 'uniqueID') : undefined;
  const decoded = typeof id === 'string' ? fromBase64(id) : undefined;
  if (decoded === undefined || decoded.length === 0)
    throw new CairnError('corrupt', `${FORMAT} in ${storage.displayName} is damaged`);
  return decoded.join();
}

async function listSource(storage: BlobStorage): Promise<Map<string, BlobMetadata>> {
  const blobs = new Map<string, BlobMetadata>();
  for await (const blob of storage.list('')) if (!/^[pq]/.test(blob.id)) blobs.set(blob.id, blob);
  for (const prefix of ['p', 'q']) for await (const blob of storage.list(prefix)) blobs.set(blob.id, blob);
  return blobs;
}

async function listAll(storage: BlobStorage): Promise<Map<string, BlobMetadata>> {
  const blobs = new Map<string, BlobMetadata>();
  for await (const blob of storage.list('')) blobs.set(blob.id, blob);
  return blobs;
}
