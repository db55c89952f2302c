/**
 * The two format blobs kept for some minutes, so that a command need not ask a distant storage for them. They stay
 * sealed. One cache entry: time (8 bytes, nanoseconds), length of kopia.repository (4 bytes), it, then kopia.blobcfg.
 */
import type { DiskCache } from '../../blob/cache.ts';
import type { FormatBlobs } from '../../format/format.ts';
import type { Clock } from '../../ports.ts';
import type { ClientConfig } from './file.ts';

/** Kopia, too, relies on a copy for 15 minutes at most. */
const LONGEST = 900_000_000_000n;
const HEADER = 12;
const NAME = 'blobs';

/** Nanoseconds that a copy is good for; undefined when none is kept. A folder answers as fast as a cache. */
export function formatCacheLife({ storage, formatBlobCacheDuration: duration }: ClientConfig): bigint | undefined {
  return storage?.type === 'filesystem' ? undefined : lifeOf(duration);
}

function lifeOf(duration: bigint): bigint | undefined {
  if (duration < 0n) return undefined;
  return duration === 0n || duration > LONGEST ? LONGEST : duration;
}

/** A copy that is young enough; `duration` is that of the connection file: 0 for the default, negative for never. */
export async function cachedFormat(cache: DiskCache, clock: Clock, duration: bigint): Promise<FormatBlobs | undefined> {
  const longest = lifeOf(duration);
  if (longest === undefined) return undefined;
  const entry = await cache.get('format', NAME);
  if (entry === undefined || entry.length < HEADER) return undefined;
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  const age = clock.now() - view.getBigInt64(0);
  const end = HEADER + view.getUint32(8);
  if (age < 0n || age > longest || end > entry.length) return undefined;
  return {
    repository: entry.slice(HEADER, end),
    blobcfg: end === entry.length ? undefined : entry.slice(end),
  };
}

export async function cacheFormat(cache: DiskCache, clock: Clock, { repository, blobcfg }: FormatBlobs): Promise<void> {
  const entry = new Uint8Array(HEADER + repository.length + (blobcfg?.length ?? 0));
  const view = new DataView(entry.buffer);
  view.setBigInt64(0, clock.now());
  view.setUint32(8, repository.length);
  entry.set(repository, HEADER);
  if (blobcfg !== undefined) entry.set(blobcfg, HEADER + repository.length);
  await cache.put('format', NAME, entry);
}

export async function forgetFormat(cache: DiskCache): Promise<void> {
  await cache.remove('format', NAME);
}
