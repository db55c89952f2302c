import type { BlobMetadata } from '../../blob/storage.ts';
import { utf8 } from '../../bytes/gather.ts';
import { CairnError } from '../../errors.ts';
import { sealNamedBlob } from '../named-blob.ts';
import { requireWhole } from '../whole.ts';
import { compactionSession, indexFiles, mergeBlobs, putOptions, type IndexContext } from './compact-context.ts';
import { epochOf, epochState, type EpochState } from './epochs.ts';
import { listBlobs } from './load.ts';

/**
 * Maintenance of the epochs (spec/repository-format.md section 11.6). Each step lists anew and either adds one thing or
 * deletes what a complete set has replaced for longer than the safety margin, by the storage's clock. Sets of several
 * blobs count only when all are there, so a step that dies half-way changes nothing.
 */
interface Snapshot extends EpochState {
  blobs: BlobMetadata[];
  /** Nanoseconds; what follows from the listing must be done before. */
  validUntil: bigint;
}

async function snapshot({ contents, format, ports }: IndexContext): Promise<Snapshot> {
  const validUntil = ports.clock.now() + format.parameters.epochParameters.refreshFrequency;
  await contents.storage.flushCaches();
  const blobs = await listBlobs(contents.storage, 'x');
  return { ...epochState(blobs), blobs, validUntil };
}

const firstUncovered = (state: EpochState) => (state.ranges.at(-1)?.max ?? -1) + 1;

/** Begins the next epoch when the current one spans long enough and holds enough (`xe<W+1>`). */
export async function advanceEpoch(context: IndexContext): Promise<{ currentEpoch: number; wasAdvanced: boolean }> {
  const { contents, format } = context;
  const { minEpochDuration, advanceOnCountThreshold, advanceOnTotalSizeBytesThreshold } =
    format.parameters.epochParameters;
  const { writeEpoch, uncompacted } = await snapshot(context);
  const blobs = uncompacted.get(writeEpoch) ?? [];
  const [oldest, newest] = span(blobs);
  const size = blobs.reduce((sum, { length }) => sum + length, 0);
  const enough = blobs.length >= advanceOnCountThreshold || size >= advanceOnTotalSizeBytesThreshold;
  if (blobs.length === 0 || newest - oldest < minEpochDuration || !enough)
    return { currentEpoch: writeEpoch, wasAdvanced: false };
  const id = `xe${writeEpoch + 1}`;
  await contents.storage.put(id, utf8('epoch-marker'), putOptions(context, id));
  return { currentEpoch: writeEpoch + 1, wasAdvanced: true };
}

function span(blobs: readonly BlobMetadata[]): [oldest: bigint, newest: bigint] {
  let oldest = blobs[0]?.timestamp ?? 0n;
  let newest = oldest;
  for (const { timestamp } of blobs) {
    if (timestamp < oldest) oldest = timestamp;
    if (timestamp > newest) newest = timestamp;
  }
  return [oldest, newest];
}

export interface SingleEpochCompaction {
  epoch: number;
  supersededIndexBlobCount: number;
  supersededIndexTotalSize: number;
}

/** Merges the oldest settled epoch that nothing covers yet into an `xs` set; undefined when there is none. */
export async function compactSingleEpoch(context: IndexContext): Promise<SingleEpochCompaction | undefined> {
  const state = await snapshot(context);
  let epoch = firstUncovered(state);
  while (state.single.has(epoch)) epoch++;
  const blobs = state.uncompacted.get(epoch) ?? [];
  if (epoch > state.writeEpoch - 2 || blobs.length === 0) return undefined;
  await writeSet(context, `xs${epoch}_`, blobs);
  return {
    epoch,
    supersededIndexBlobCount: blobs.length,
    supersededIndexTotalSize: blobs.reduce((sum, { length }) => sum + length, 0),
  };
}

/** Merges all settled epochs after the last range into an `xr` set, once there are enough of them. */
export async function generateRangeCheckpoint(
  context: IndexContext,
): Promise<{ rangeMinEpoch: number; rangeMaxEpoch: number } | undefined> {
  const state = await snapshot(context);
  const low = firstUncovered(state);
  const high = state.writeEpoch - 2;
  if (high - low < context.format.parameters.epochParameters.fullCheckpointFrequency) return undefined;
  const blobs: BlobMetadata[] = [];
  for (let epoch = low; epoch <= high; epoch++)
    blobs.push(...(state.single.get(epoch) ?? state.uncompacted.get(epoch) ?? []));
  if (blobs.length === 0) return undefined;
  if (context.ports.clock.now() > state.validUntil)
    throw new CairnError(
      'io',
      'listing the index blobs took longer than the epoch refresh time: no range checkpoint was made',
    );
  await writeSet(context, `xr${low}_${high}_`, blobs);
  return { rangeMinEpoch: low, rangeMaxEpoch: high };
}

/** Deletion markers stay: the watermark hides them. */
async function writeSet(
  context: IndexContext,
  prefix: string,
  inputs: readonly BlobMetadata[],
): Promise<BlobMetadata[]> {
  const { contents, format } = context;
  const { entries } = await mergeBlobs(
    context,
    inputs.map(({ id }) => id),
  );
  const files = indexFiles(entries, format.parameters.indexVersion);
  const suffix = `${compactionSession(context)}-c${files.length}`;
  const written: BlobMetadata[] = [];
  for (const file of files) {
    const { id, data } = await sealNamedBlob(contents.crypto, '', suffix, file);
    const name = prefix + id;
    written.push(await contents.storage.put(name, data, putOptions(context, name)));
  }
  return written;
}

/**
 * Hides deleted entries that are not newer than `dropDeletedBefore` (Unix seconds). The mark only ever moves forward;
 * false when it stands there already.
 */
export async function advanceWatermark(context: IndexContext, dropDeletedBefore: number): Promise<boolean> {
  await context.contents.refresh();
  requireWhole(context.contents, 'dropping deleted contents makes their packs go');
  const { watermark } = await snapshot(context);
  if (dropDeletedBefore <= watermark) return false;
  const id = `xw${dropDeletedBefore}`;
  await context.contents.storage.put(id, utf8('deletion-watermark'), putOptions(context, id));
  await context.contents.refresh();
  return true;
}

/** The storage's clock as the newest index blobs around the write epoch show it; undefined when there are none. */
function storageTime({ writeEpoch, uncompacted }: EpochState): bigint | undefined {
  let newest: bigint | undefined;
  for (let epoch = Math.max(0, writeEpoch - 1); epoch <= writeEpoch + 1; epoch++)
    for (const { timestamp } of uncompacted.get(epoch) ?? [])
      if (newest === undefined || timestamp > newest) newest = timestamp;
  return newest;
}

/** Deletes epoch markers below W - 1, and watermarks that another has overtaken for longer than the safety margin. */
export async function cleanupEpochMarkers(
  context: IndexContext,
): Promise<{ deletedEpochMarkerBlobCount: number; deletedWatermarkBlobCount: number }> {
  const { storage } = context.contents;
  const state = await snapshot(context);
  const now = storageTime(state);
  const counts = { deletedEpochMarkerBlobCount: 0, deletedWatermarkBlobCount: 0 };
  if (now === undefined) return counts;
  const before = now - context.format.parameters.epochParameters.cleanupSafetyMargin;
  for (const { id, timestamp } of state.blobs) {
    if (id.startsWith('xe') && (epochOf(id) ?? Infinity) < state.writeEpoch - 1) {
      await storage.delete(id);
      counts.deletedEpochMarkerBlobCount++;
    } else if (/^xw\d{1,15}$/.test(id) && Number(id.slice(2)) !== state.watermark && timestamp < before) {
      await storage.delete(id);
      counts.deletedWatermarkBlobCount++;
    }
  }
  return counts;
}

export interface SupersededCleanup {
  /** Nanoseconds since 1970. */
  maxReplacementTime: bigint;
  deletedBlobCount: number;
  deletedTotalSize: number;
}

/** Deletes the `xn` blobs of every epoch whose `xs` set is older than the safety margin. */
export async function cleanupSupersededEpochs(context: IndexContext): Promise<SupersededCleanup | undefined> {
  const { contents } = context;
  await contents.refresh();
  requireWhole(contents, 'cleaning up deletes index blobs that others replaced');
  const state = await snapshot(context);
  const now = storageTime(state);
  if (now === undefined) return undefined;
  const result = {
    maxReplacementTime: now - context.format.parameters.epochParameters.cleanupSafetyMargin,
    deletedBlobCount: 0,
    deletedTotalSize: 0,
  };
  for (const [epoch, set] of state.single) {
    if (epoch > state.writeEpoch - 2 || span(set)[1] >= result.maxReplacementTime) continue;
    for (const { id, length } of state.uncompacted.get(epoch) ?? []) {
      await contents.storage.delete(id);
      result.deletedBlobCount++;
      result.deletedTotalSize += length;
    }
  }
  return result;
}
