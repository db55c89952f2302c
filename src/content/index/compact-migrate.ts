import { CairnError } from '../../errors.ts';
import { sealNamedBlob } from '../named-blob.ts';
import { requireWhole } from '../whole.ts';
import { compactionSession, indexFiles, mergeBlobs, putOptions, type IndexContext } from './compact-context.ts';
import { activeIndexes, listBlobs, loadIndex, type LoadOptions } from './load.ts';

/**
 * Moves the indexes of the legacy manager into epoch 0 (spec/repository-format.md section 2.7): all active `n` blobs
 * become one `xn0_` set, still in the old index version. The `n` blobs stay; nobody reads them after the switch.
 */
const EPOCH_BLOBS = ['xn', 'xs', 'xr', 'xe', 'xw'];

function options({ contents }: IndexContext, epochs: boolean): LoadOptions {
  const {
    storage,
    crypto,
    options: { clock },
  } = contents;
  return { storage, crypto, epochs, sleep: (ms) => clock.sleep(ms) };
}

/** Returns the IDs of the blobs that were moved. */
export async function migrateLegacyIndexes(context: IndexContext): Promise<string[]> {
  const { contents } = context;
  if (contents.options.epochs) throw new CairnError('invalid-argument', 'the repository uses epochs already');
  await contents.refresh();
  requireWhole(contents, 'an upgrade leaves the old indexes behind');
  // What an upgrade that was rolled back left: entries dropped since then must not come back to life.
  for (const prefix of EPOCH_BLOBS)
    for (const { id } of await listBlobs(contents.storage, prefix)) await contents.storage.delete(id);
  const ids = contents.indexBlobs.map(({ id }) => id);
  await moveTo0(context, ids);
  return ids;
}

/** Moves what programs that did not know of the switch wrote between the listing and the switch. */
export async function migrateLateIndexes(context: IndexContext, moved: readonly string[]): Promise<number> {
  const known = new Set(moved);
  const { blobs } = await activeIndexes(options(context, false));
  const late = blobs.map(({ id }) => id).filter((id) => !known.has(id));
  await moveTo0(context, late);
  return late.length;
}

async function moveTo0(context: IndexContext, ids: readonly string[]): Promise<void> {
  const { contents, format } = context;
  const files = indexFiles((await mergeBlobs(context, ids)).entries, format.parameters.indexVersion);
  const suffix = `${compactionSession(context)}-c${files.length}`;
  for (const file of files) {
    const { id, data } = await sealNamedBlob(contents.crypto, '', suffix, file);
    await contents.storage.put(`xn0_${id}`, data, putOptions(context, `xn0_${id}`));
  }
}

/** Contents whose entries differ between the two managers' indexes; empty when the upgrade lost nothing. */
export async function compareManagers(context: IndexContext): Promise<string[]> {
  const [old, now] = await Promise.all([loadIndex(options(context, false)), loadIndex(options(context, true))]);
  requireWhole({ problems: [...old.problems, ...now.problems] }, 'an upgrade leaves the old indexes behind');
  const differing: string[] = [];
  const [a, b] = [old.merged.entries, now.merged.entries];
  for (let at = 0; at < a.count; at++) {
    const there = now.merged.find(a.key(at));
    const same =
      there >= 0 &&
      a.packName(at) === b.packName(there) &&
      a.offset(at) === b.offset(there) &&
      a.packedLength(at) === b.packedLength(there) &&
      a.originalLength(at) === b.originalLength(there) &&
      a.timestamp(at) === b.timestamp(there) &&
      a.deleted(at) === b.deleted(there);
    if (!same) differing.push(a.info(at).id);
  }
  for (let at = 0; at < b.count; at++) if (old.merged.find(b.key(at)) < 0) differing.push(b.info(at).id);
  return differing;
}
