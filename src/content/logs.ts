import type { BlobMetadata } from '../blob/storage.ts';
import { CairnError } from '../errors.ts';
import { listBlobs } from './index/load.ts';
import { openNamedBlob } from './named-blob.ts';
import type { ContentStore } from './store.ts';

/**
 * Logs that programs leave in the repository: `_log_<local time>_<4 hex>_<start>_<end>_<part>_<hash>`, gzip of JSON lines
 * (spec/repository-format.md section 1). Several parts make the log of one run.
 */
export interface LogSession {
  /** `_log_<local time>_<4 hex>`. */
  id: string;
  /** Unix seconds. */
  startTime: number;
  endTime: number;
  segments: BlobMetadata[];
  totalSize: number;
}

const NAME = /^(_log_\d{14}_[0-9a-f]{4})_(\d{1,15})_(\d{1,15})_(\d{1,9})_[0-9a-f]{32,64}$/;
const GZIP = 0x1000;
const LIMIT = 256 << 20;

/** Oldest first; blobs with other names are left out. */
export async function listLogs({ storage }: Pick<ContentStore, 'storage'>): Promise<LogSession[]> {
  const sessions = new Map<string, LogSession>();
  for (const blob of await listBlobs(storage, '_log_')) {
    const [, id, start, end] = NAME.exec(blob.id) ?? [];
    if (id === undefined) continue;
    const session = sessions.get(id) ?? {
      id,
      startTime: Number(start),
      endTime: Number(end),
      segments: [],
      totalSize: 0,
    };
    session.startTime = Math.min(session.startTime, Number(start));
    session.endTime = Math.max(session.endTime, Number(end));
    session.segments.push(blob);
    session.totalSize += blob.length;
    sessions.set(id, session);
  }
  const part = ({ id }: BlobMetadata) => Number(NAME.exec(id)![4]);
  for (const { segments } of sessions.values()) segments.sort((a, b) => part(a) - part(b));
  return [...sessions.values()].sort((a, b) => a.startTime - b.startTime || (a.id < b.id ? -1 : 1));
}

/** The JSON lines of one part. */
export async function readLog({ storage, crypto }: ContentStore, id: string): Promise<Uint8Array> {
  const plain = await openNamedBlob(crypto, id, await storage.get(id));
  try {
    return (await crypto.compressors.byId(GZIP)).decompress(plain, LIMIT);
  } catch (cause) {
    throw new CairnError('corrupt', `log ${id} is damaged`, { cause, data: { blob: id } });
  }
}

export interface LogRetention {
  maxCount: number;
  /** Bytes. */
  maxTotalSize: number;
  /** Nanoseconds. */
  maxAge: bigint;
}

/** Kopia's defaults, also meant where all are zero. */
export const defaultLogRetention: LogRetention = {
  maxCount: 10_000,
  maxTotalSize: 1 << 30,
  maxAge: 720n * 3_600_000_000_000n,
};

/** Newest first, blobs from the first that exceeds size, count or age. */
export function expiredLogs(blobs: readonly BlobMetadata[], retention: LogRetention, now: bigint): BlobMetadata[] {
  const newestFirst = [...blobs].sort((a, b) =>
    a.timestamp > b.timestamp ? -1 : a.timestamp < b.timestamp ? 1 : a.id < b.id ? -1 : 1,
  );
  let size = 0;
  const from = newestFirst.findIndex(({ length, timestamp }, at) => {
    size += length;
    return size > retention.maxTotalSize || at >= retention.maxCount || now - timestamp > retention.maxAge;
  });
  return from < 0 ? [] : newestFirst.slice(from);
}

export async function cleanupLogs(
  { storage }: Pick<ContentStore, 'storage'>,
  retention: LogRetention,
  now: bigint,
  dryRun = false,
): Promise<{ deleted: BlobMetadata[]; retained: BlobMetadata[] }> {
  const blobs = (await listBlobs(storage, '_log_')).filter(({ id }) => NAME.test(id));
  const deleted = expiredLogs(blobs, retention, now);
  if (!dryRun) for (const { id } of deleted) await storage.delete(id);
  const gone = new Set(deleted);
  return { deleted, retained: blobs.filter((blob) => !gone.has(blob)) };
}
