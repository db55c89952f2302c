import type { BlobMetadata } from '../../blob/storage.ts';
import { concatBytes, fromUtf8, utf8 } from '../../bytes/gather.ts';
import { encodeJson, isObject, member, parseJson } from '../../bytes/json.ts';
import { mapLimit } from '../../bytes/parallel.ts';
import { formatTime, parseTime } from '../../bytes/time.ts';
import { CairnError, isCairnError } from '../../errors.ts';
import { contentKey } from '../id.ts';
import { openNamedBlob, sealNamedBlob } from '../named-blob.ts';
import { requireWhole } from '../whole.ts';
import { indexFiles, mergeBlobs, putOptions, randomBytes, type IndexContext } from './compact-context.ts';
import { parseCompactionLog, type CompactionLog } from './legacy.ts';
import { listBlobs } from './load.ts';
import { findKey } from './merged.ts';

/**
 * Compaction of the index manager before epochs (spec/repository-format.md section 10). Order on storage: outputs, the
 * log that makes them replace their inputs, and an hour of storage time later the inputs, then the log.
 */
export interface LegacyCompactionOptions {
  /** Fewer candidates than this are left alone. */
  maxSmallBlobs: number;
  /** Takes blobs of any size. Implied when something is dropped, so that no older entry comes back to life. */
  allIndexes?: boolean;
  /** Deleted entries older than this (Unix seconds) are dropped. */
  dropDeletedBefore?: number;
  dropContents?: readonly string[];
  /** `none` does not wait for listings to settle. */
  safety?: 'full' | 'none';
}

export interface LegacyCompaction {
  inputs: string[];
  outputs: string[];
  /** Blobs that cleaning up removed. */
  deleted: string[];
}

const HOUR = 3_600_000_000_000n;

export async function compactLegacyIndexes(
  context: IndexContext,
  options: LegacyCompactionOptions,
): Promise<LegacyCompaction> {
  const { contents } = context;
  await contents.refresh();
  requireWhole(contents, 'compacting indexes deletes their inputs');
  const settle = options.safety === 'none' ? 0n : HOUR;
  const drops = options.dropDeletedBefore !== undefined || (options.dropContents?.length ?? 0) > 0;
  const inputs = choose(contents.indexBlobs, context.format.parameters.maxPackSize, {
    ...options,
    allIndexes: options.allIndexes || drops,
  });
  const result: LegacyCompaction = { inputs: [], outputs: [], deleted: [] };
  if (inputs.length > 1 || (inputs.length === 1 && drops)) {
    const outputs = await merge(context, inputs, options);
    const log = await writeLog(context, inputs, outputs);
    result.inputs = inputs.map(({ id }) => id);
    result.outputs = outputs.map(({ id }) => id);
    result.deleted.push(...(await deleteReplaced(context, log.timestamp, settle)));
  }
  result.deleted.push(...(await finishCleanups(context, settle)));
  if (result.inputs.length > 0) await contents.refresh();
  return result;
}

function choose(
  active: readonly BlobMetadata[],
  maxPackSize: number,
  { allIndexes, maxSmallBlobs }: LegacyCompactionOptions,
): readonly BlobMetadata[] {
  const candidates = allIndexes ? active : active.filter(({ length }) => length <= maxPackSize);
  if (allIndexes) return candidates;
  if (candidates.length < maxSmallBlobs) return [];
  const tiny = candidates.filter(({ length }) => length < maxPackSize / 20);
  const mostlyTiny = tiny.length > candidates.length / 2 && candidates.length - tiny.length + 1 < maxSmallBlobs;
  return mostlyTiny ? tiny : candidates;
}

async function merge(
  context: IndexContext,
  inputs: readonly BlobMetadata[],
  options: LegacyCompactionOptions,
): Promise<BlobMetadata[]> {
  const { contents, format } = context;
  const { entries, fanout } = await mergeBlobs(
    context,
    inputs.map(({ id }) => id),
  );
  const before = options.dropDeletedBefore ?? 0;
  const dropped = new Set(
    (options.dropContents ?? []).map((id) => findKey(entries.keys, entries.keySize, fanout, contentKey(id))),
  );
  const keep = (at: number) => !dropped.has(at) && !(entries.deleted(at) && entries.timestamp(at) < before);
  const outputs: BlobMetadata[] = [];
  for (const file of indexFiles(entries, format.parameters.indexVersion, keep)) {
    // random bytes give the output a name of its own, even when it equals an input
    const { id, data } = await sealNamedBlob(contents.crypto, 'n', '', concatBytes([file, randomBytes(context, 32)]));
    outputs.push(await contents.storage.put(id, data, putOptions(context, id)));
  }
  return outputs;
}

async function writeLog(
  { contents }: IndexContext,
  inputs: readonly BlobMetadata[],
  outputs: readonly BlobMetadata[],
): Promise<BlobMetadata> {
  const list = (blobs: readonly BlobMetadata[]) =>
    blobs.map(({ id, length, timestamp }) => ({ id, length, timestamp: formatTime(timestamp) }));
  const plain = utf8(encodeJson({ inputMetadata: list(inputs), outputMetadata: list(outputs) }));
  const { id, data } = await sealNamedBlob(contents.crypto, 'm', '', plain);
  return contents.storage.put(id, data);
}

/** Deletes the inputs of every log old enough, and schedules those logs for their own end. */
async function deleteReplaced(context: IndexContext, reference: bigint, settle: bigint): Promise<string[]> {
  const { storage, crypto } = context.contents;
  const logs = await readAll(context, 'm', (plain, id) => parseCompactionLog(plain, id));
  const present = new Set((await listBlobs(storage, 'n')).map(({ id }) => id));
  const old = logs.filter(({ blob, value }) => blob.timestamp <= reference - settle && replaces(value, logs, present));
  const deleted: string[] = [];
  for (const { value } of old)
    for (const id of value.inputs)
      if (present.delete(id)) {
        await storage.delete(id);
        deleted.push(id);
      }
  if (old.length > 0) {
    const plain = utf8(
      encodeJson({ blobIDs: old.map(({ blob }) => blob.id), cleanupScheduleTime: formatTime(reference) }),
    );
    const { id, data } = await sealNamedBlob(crypto, 'l', '', plain);
    await storage.put(id, data);
  }
  return deleted;
}

/** Whether all outputs are there, or were themselves inputs of a log of which this is true. */
function replaces(
  log: CompactionLog,
  logs: readonly { value: CompactionLog }[],
  present: ReadonlySet<string>,
  depth = 0,
): boolean {
  if (depth > logs.length) return false;
  return log.outputs.every(
    (id) =>
      present.has(id) ||
      logs.some(({ value }) => value !== log && value.inputs.includes(id) && replaces(value, logs, present, depth + 1)),
  );
}

/** Ends the clean-ups that were scheduled long enough ago by the storage's clock. */
async function finishCleanups(context: IndexContext, settle: bigint): Promise<string[]> {
  const records = await readAll(context, 'l', parseCleanup);
  const newest = records.reduce((latest, { blob }) => (blob.timestamp > latest ? blob.timestamp : latest), 0n);
  const due = records.filter(({ value }) => newest - value.scheduled >= settle);
  const deleted = [...due.flatMap(({ value }) => value.ids), ...due.map(({ blob }) => blob.id)];
  for (const id of deleted) await context.contents.storage.delete(id);
  return deleted;
}

async function readAll<T>(
  { contents: { storage, crypto } }: IndexContext,
  prefix: string,
  parse: (plain: Uint8Array, id: string) => T,
) {
  const read = await mapLimit(await listBlobs(storage, prefix), 8, async (blob) => {
    try {
      return { blob, value: parse(await openNamedBlob(crypto, blob.id, await storage.get(blob.id)), blob.id) };
    } catch (error) {
      if (isCairnError(error, 'blob-not-found')) return undefined;
      throw error;
    }
  });
  return read.filter((item) => item !== undefined);
}

function parseCleanup(plain: Uint8Array, id: string): { ids: string[]; scheduled: bigint } {
  const bad = () => new CairnError('corrupt', `clean-up record ${id} is damaged`, { data: { blob: id } });
  let json;
  try {
    json = parseJson(fromUtf8(plain));
  } catch {
    throw bad();
  }
  if (!isObject(json)) throw bad();
  const ids = member(json, 'blobIDs') ?? [];
  const scheduled = parseTime(String(member(json, 'cleanupScheduleTime') ?? ''));
  // only logs are ever scheduled: a record that names anything else is not obeyed
  if (
    !Array.isArray(ids) ||
    scheduled === undefined ||
    !ids.every((name) => typeof name === 'string' && /^m[0-9a-f]{32}/.test(name))
  )
    throw bad();
  return { ids, scheduled };
}
