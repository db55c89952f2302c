import type { BlobMetadata } from '../blob/storage.ts';
import { fromUtf8 } from '../bytes/gather.ts';
import { isObject, member, parseJson } from '../bytes/json.ts';
import { mapLimit } from '../bytes/parallel.ts';
import { parseTime } from '../bytes/time.ts';
import { isCairnError } from '../errors.ts';
import { listBlobs } from './index/load.ts';
import { openNamedBlob } from './named-blob.ts';
import { sessionOf } from './session.ts';
import type { ContentStore } from './store.ts';
import { requireWhole } from './whole.ts';

/** Deletion of packs that no index names (spec/repository-format.md section 15.2). */
export interface PackGcOptions {
  /** `none` takes everything that is unreferenced at this moment: only when nothing else writes. */
  safety?: 'full' | 'none';
  prefix?: string;
  parallel?: number;
  dryRun?: boolean;
  /** The storage's time when the run began, nanoseconds; younger blobs are kept. Now unless given. */
  cutoff?: bigint;
  signal?: AbortSignal;
  onBlob?(blob: BlobMetadata): void;
}

export interface PackGcStats {
  unreferenced: { count: number; bytes: number };
  deleted: { count: number; bytes: number };
  /** Too young, or of a session that may still be writing. */
  retained: { count: number; bytes: number };
}

const HOUR = 3_600_000_000_000n;
const MIN_AGE = 24n * HOUR;
const SESSION_EXPIRY = 96n * HOUR;

export async function deleteUnreferencedPacks(store: ContentStore, options: PackGcOptions = {}): Promise<PackGcStats> {
  const full = options.safety !== 'none';
  const minAge = full ? MIN_AGE : 0n;
  const expiry = full ? SESSION_EXPIRY : 0n;
  const cutoff = options.cutoff ?? store.options.clock.now();
  // Blobs first, then the index: whatever was named by then is seen as named.
  const { blobs, sessions } = await listCandidates(store, options);
  await store.refresh();
  requireWhole(store, 'packs without an index entry are deleted');
  const used = usedPacks(store);
  const stats: PackGcStats = { unreferenced: none(), deleted: none(), retained: none() };
  const toDelete: BlobMetadata[] = [];
  for (const blob of blobs) {
    if (used.has(blob.id)) continue;
    const checkpoint = sessions.get(sessionOf(blob.id));
    const keep =
      blob.timestamp > cutoff ||
      cutoff - blob.timestamp < minAge ||
      (checkpoint !== undefined && cutoff - checkpoint < expiry);
    add(stats.unreferenced, blob);
    if (keep) add(stats.retained, blob);
    else toDelete.push(blob);
  }
  await mapLimit(toDelete, options.parallel ?? 16, async (blob) => {
    options.signal?.throwIfAborted();
    options.onBlob?.(blob);
    if (!options.dryRun) await store.storage.delete(blob.id);
    add(stats.deleted, blob);
  });
  return stats;
}

const none = () => ({ count: 0, bytes: 0 });

function add(total: { count: number; bytes: number }, { length }: BlobMetadata): void {
  total.count++;
  total.bytes += length;
}

/** Packs that a visible entry names, deleted ones included. */
function usedPacks({ index: { entries } }: ContentStore): Set<string> {
  const used = new Uint8Array(entries.names.packs.length);
  for (let at = 0; at < entries.count; at++) used[entries.pack(at)] = 1;
  return new Set(entries.names.packs.filter((_, pack) => used[pack] === 1));
}

async function listCandidates(store: ContentStore, { prefix = '' }: PackGcOptions) {
  const blobs: BlobMetadata[] = [];
  const markers = (await listBlobs(store.storage, 's')).filter(({ id }) => /^s[0-9a-f]{32}/.test(id));
  for (const kind of ['p', 'q'])
    if (kind.startsWith(prefix) || prefix.startsWith(kind))
      for (const blob of await listBlobs(store.storage, prefix === '' ? kind : prefix))
        if (/^[pq][0-9a-f]{32}/.test(blob.id)) blobs.push(blob);
  blobs.push(...markers.filter(({ id }) => id.startsWith(prefix)));
  return { blobs, sessions: await activeSessions(store, markers) };
}

/** Latest sign of life of each session, nanoseconds. A marker that cannot be read counts from when it was written. */
export async function activeSessions(
  store: ContentStore,
  markers: readonly BlobMetadata[],
): Promise<Map<string, bigint>> {
  const sessions = new Map<string, bigint>();
  await mapLimit(markers, 8, async ({ id, timestamp }) => {
    const found = await readSession(store, id);
    if (found === 'gone') return;
    const at = found?.checkpointTime ?? timestamp;
    const session = found?.id || sessionOf(id);
    if (at > (sessions.get(session) ?? -1n)) sessions.set(session, at);
  });
  return sessions;
}

export interface SessionInfo {
  id: string;
  startTime: bigint;
  checkpointTime: bigint;
  userName: string;
  hostName: string;
}

/** What a session marker says; undefined when it is damaged. */
export async function readSession(
  { storage, crypto }: ContentStore,
  blobId: string,
): Promise<SessionInfo | 'gone' | undefined> {
  try {
    const json = parseJson(fromUtf8(await openNamedBlob(crypto, blobId, await storage.get(blobId))));
    if (!isObject(json)) return undefined;
    const text = (key: string) => String(member(json, key) ?? '');
    const startTime = parseTime(text('startTime'));
    const checkpointTime = parseTime(text('checkpointTime')) ?? startTime;
    if (startTime === undefined || checkpointTime === undefined) return undefined;
    return { id: text('id'), startTime, checkpointTime, userName: text('username'), hostName: text('hostname') };
  } catch (error) {
    if (isCairnError(error, 'blob-not-found')) return 'gone';
    if (error instanceof SyntaxError || isCairnError(error, 'corrupt') || isCairnError(error, 'authentication-failed'))
      return undefined;
    throw error;
  }
}
