/** The packs in the storage, against what the index names. */
import type { BlobStorage } from '../../blob/storage.ts';
import { sessionOf } from '../../content/session.ts';
import type { ContentStore } from '../../content/store.ts';
import type { Context } from '../context.ts';

export interface PackList {
  /** Length of each pack. */
  lengths: Map<string, number>;
  /** Blobs of any kind. */
  count: number;
  /** Packs that no index names and no running upload owns. */
  orphans: string[];
}

/** Lists all blobs once. */
export async function listPacks(storage: BlobStorage, contents: ContentStore): Promise<PackList> {
  const lengths = new Map<string, number>();
  const sessions = new Set<string>();
  let count = 0;
  for await (const { id, length } of storage.list('')) {
    count++;
    if (/^[pq]/.test(id)) lengths.set(id, length);
    else if (/^s[0-9a-f]/.test(id)) sessions.add(sessionOf(id));
  }
  const named = new Set(contents.index.entries.names.packs);
  const orphans = [...lengths.keys()].filter((id) => !named.has(id) && !sessions.has(sessionOf(id)));
  return { lengths, count, orphans: orphans.toSorted() };
}

/** Says what an unnamed pack may mean. `missing`: something needed was not found, so that they are likely to hold it. */
export function reportOrphans({ console }: Context, orphans: readonly string[], missing: boolean): void {
  if (orphans.length === 0) return;
  const names = orphans.slice(0, 5).join(', ') + (orphans.length > 5 ? ', ...' : '');
  console.warning(`${orphans.length} pack(s) are named by no index: ${names}`);
  console.hint(
    missing
      ? "they may hold what is missing: an index blob was lost; 'cairn index recover' reads their contents back into the index"
      : 'an upload was stopped, maintenance has not removed them yet, or an index blob was lost and with it the newest snapshots',
  );
}
