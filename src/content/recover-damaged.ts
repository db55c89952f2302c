import type { BlobMetadata } from '../blob/storage.ts';
import { mapLimit } from '../bytes/parallel.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { cipherId, contentKey } from './id.ts';
import { putOptions, type IndexContext } from './index/compact-context.ts';
import { listBlobs } from './index/load.ts';
import { openNamedBlob } from './named-blob.ts';
import { readRanges } from './read-many.ts';
import { rewriteContents } from './rewrite.ts';
import type { ContentInfo } from './types.ts';
import type { WriteManager } from './writer.ts';

/**
 * Finding and mending what error correction still repairs (spec/repository-format.md section 6), before more of it is
 * damaged than that. Contents move to new packs; blobs named after their hash get back the bytes they once had.
 */
export interface DamageReport {
  checkedContents: number;
  checkedBlobs: number;
  /** Read correctly, but only after shards were rebuilt. */
  contents: { info: ContentInfo; shards: number }[];
  blobs: { blob: BlobMetadata; shards: number }[];
  /** Beyond repair. */
  lost: { info: ContentInfo; error: Error }[];
  lostBlobs: { blob: BlobMetadata; error: Error }[];
}

/** Index, session and log blobs, which carry error correction as a whole. */
const NAMED = /^(?:_log_|[nmls][0-9a-f]|x[nsr]\d)/;

/** Reads every content and every named blob. */
export async function findDamage(
  { contents: store }: IndexContext,
  options: { signal?: AbortSignal; onContent?(): void } = {},
): Promise<DamageReport> {
  const { ecc } = store.crypto;
  const report: DamageReport = {
    checkedContents: 0,
    checkedBlobs: 0,
    contents: [],
    blobs: [],
    lost: [],
    lostBlobs: [],
  };
  const { entries } = store.index;
  const ids = function* () {
    for (const info of entries) yield info.id;
  };
  const open = async (info: ContentInfo, packed: Uint8Array) => {
    const decoded = ecc?.decode(packed) ?? { data: packed, repaired: 0 };
    // the cipher proves that what was rebuilt is what was stored
    const plain = await store.crypto.cipher.open(cipherId(contentKey(info.id).subarray(1)), decoded.data);
    if (decoded.repaired > 0) report.contents.push({ info, shards: decoded.repaired });
    return plain;
  };
  await readRanges(
    { storage: store.storage, crypto: store.crypto, require: (id) => store.require(id), openContent: open },
    ids(),
    (id, data) => {
      options.signal?.throwIfAborted();
      options.onContent?.();
      report.checkedContents++;
      if (data instanceof Error) report.lost.push({ info: store.require(id), error: data });
    },
  );
  const blobs: BlobMetadata[] = [];
  for (const prefix of ['_log_', 'n', 'm', 'l', 's', 'x'])
    blobs.push(...(await listBlobs(store.storage, prefix)).filter(({ id }) => NAMED.test(id)));
  await mapLimit(blobs, 8, async (blob) => {
    options.signal?.throwIfAborted();
    try {
      const shards = await checkNamed(store.crypto, blob.id, await store.storage.get(blob.id));
      report.checkedBlobs++;
      if (shards > 0) report.blobs.push({ blob, shards });
    } catch (error) {
      if (isCairnError(error, 'blob-not-found')) return;
      if (!isCairnError(error, 'corrupt') && !isCairnError(error, 'authentication-failed')) throw error;
      report.checkedBlobs++;
      report.lostBlobs.push({ blob, error });
    }
  });
  return report;
}

type Crypto = IndexContext['contents']['crypto'];

async function checkNamed(crypto: Crypto, id: string, stored: Uint8Array): Promise<number> {
  await openNamedBlob(crypto, id, stored);
  return crypto.ecc?.decode(stored).repaired ?? 0;
}

/** Mends what the report calls repairable; the caller's writer is flushed. What is beyond repair stays as it is. */
export async function mendDamage(
  context: IndexContext,
  writer: WriteManager,
  report: DamageReport,
  signal?: AbortSignal,
): Promise<{ contents: number; blobs: number }> {
  const { contents: store } = context;
  const { ecc } = store.crypto;
  let blobs = 0;
  if (ecc !== undefined)
    for (const { blob } of report.blobs) {
      const stored = await store.storage.get(blob.id).catch((error: unknown) => {
        if (isCairnError(error, 'blob-not-found')) return undefined;
        throw error;
      });
      if (stored === undefined) continue;
      const original = ecc.encode(ecc.decode(stored).data);
      if (original.length !== stored.length)
        throw new CairnError('internal', `blob ${blob.id} does not get back its own length`);
      await openNamedBlob(store.crypto, blob.id, original);
      await store.storage.put(blob.id, original, putOptions(context, blob.id));
      blobs++;
    }
  const numbers = Uint32Array.from(report.contents, ({ info }) => store.index.find(contentKey(info.id))).filter(
    (at) => at !== 0xffffffff,
  );
  const { rewritten } = await rewriteContents(store, writer, numbers, { signal });
  await writer.flush();
  return { contents: rewritten.count, blobs };
}
