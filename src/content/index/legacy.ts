import { fromUtf8 } from '../../bytes/gather.ts';
import { isObject, member, parseJson } from '../../bytes/json.ts';
import type { BlobMetadata } from '../../blob/storage.ts';
import { CairnError } from '../../errors.ts';

/** Index blobs of the manager before epochs: `n`, with compaction logs `m` (spec/repository-format.md section 10). */

/** A blob that makes programs from before epochs fail on upgraded repositories. */
export const POISON = 'n00000000000000000000000000000000-repository_unreadable_by_this_kopia_version_upgrade_required';

export interface CompactionLog {
  inputs: string[];
  outputs: string[];
}

export function parseCompactionLog(plain: Uint8Array, id: string): CompactionLog {
  const bad = () => new CairnError('corrupt', `compaction log ${id} is damaged`, { data: { blob: id } });
  let json;
  try {
    json = parseJson(fromUtf8(plain));
  } catch {
    throw bad();
  }
  if (!isObject(json)) throw bad();
  const log = json;
  const ids = (key: string) => {
    const list = member(log, key) ?? [];
    if (!Array.isArray(list)) throw bad();
    return list.map((item) => (isObject(item) ? String(member(item, 'id') ?? '') : ''));
  };
  return { inputs: ids('inputMetadata'), outputs: ids('outputMetadata') };
}

/** The `n` blobs in use: without the inputs of every log whose outputs are all there. */
export function activeIndexBlobs(blobs: readonly BlobMetadata[], logs: readonly CompactionLog[]): BlobMetadata[] {
  const present = new Set(blobs.map((blob) => blob.id));
  const replaced = new Set<string>([POISON]);
  for (const log of logs) if (log.outputs.every((id) => present.has(id))) for (const id of log.inputs) replaced.add(id);
  return blobs.filter((blob) => !replaced.has(blob.id));
}
