/** Index blobs: those in use, or all with what replaced them. */
import type { BlobMetadata, BlobStorage } from '../../../blob/storage.ts';
import type { ContentStore } from '../../../content/store.ts';

/** Every blob that is or was an index: `n...` of the old manager, `xn`, `xs` and `xr` of epochs. */
export async function allIndexBlobs(storage: BlobStorage): Promise<BlobMetadata[]> {
  const found: BlobMetadata[] = [];
  for (const prefix of ['n', 'x'])
    for await (const blob of storage.list(prefix)) if (/^(?:n|x[nsr])/.test(blob.id)) found.push(blob);
  return found;
}

export async function indexBlobs(contents: ContentStore, superseded: boolean): Promise<BlobMetadata[]> {
  return superseded ? allIndexBlobs(contents.storage) : [...contents.indexBlobs];
}
