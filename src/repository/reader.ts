import type { BlobStorage } from '../blob/storage.ts';
import { decompress } from '../content/crypto.ts';
import type { ContentStore } from '../content/store.ts';
import { CairnError } from '../errors.ts';
import type { RepositoryFormat } from '../format/format.ts';
import { ManifestStore } from '../manifest/store.ts';
import { openObject, readObject, type ObjectContents } from '../object/open.ts';
import type { ObjectReader } from '../object/types.ts';
import { readDirectory } from '../snapshot/directory.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import type { Identity, RepositoryState } from './state.ts';

/** Inflated size of an object-level compressed content whose length nobody tells. */
const COMPRESSED_LIMIT = 64 << 20;

/** An open repository without anything that could write: what the edge uses. */
export class RepositoryReader {
  readonly state: RepositoryState;
  readonly manifests: ManifestStore;

  constructor(state: RepositoryState) {
    this.state = state;
    this.manifests = new ManifestStore({ contents: state.contents, compressors: state.contents.crypto.compressors });
  }

  get storage(): BlobStorage {
    return this.state.storage;
  }

  get format(): RepositoryFormat {
    return this.state.format;
  }

  get identity(): Identity {
    return this.state.identity;
  }

  get readOnly(): boolean {
    return this.state.readOnly;
  }

  /** Contents with the merged index. */
  get contents(): ContentStore {
    return this.state.contents;
  }

  /** Contents as the object layer needs them, object-level compression included. */
  get objects(): ObjectContents {
    return objectContents(this.state.contents, this.state.contents);
  }

  /** Damage found while opening, and features that only warn. The repository works without what they name. */
  get problems(): readonly CairnError[] {
    return this.state.contents.problems;
  }

  get warnings(): readonly string[] {
    return this.state.warnings;
  }

  async openObject(id: string): Promise<ObjectReader> {
    return openObject(this.objects, id);
  }

  /** Entries of a stored directory. */
  async listDirectory(objectId: string): Promise<DirEntry[]> {
    return readDirectory(await readObject(this.objects, objectId)).entries;
  }

  /** The entry at a path below a directory, `a/b/c`; `entry-not-found` names the part that is missing. */
  async findEntry(root: DirEntry, path: string): Promise<DirEntry> {
    let entry = root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const entries = entry.type === 'd' ? await this.listDirectory(entry.objectId) : [];
      const next = entries.find((candidate) => candidate.name === name);
      if (next === undefined)
        throw new CairnError('entry-not-found', `entry not found: ${name} in ${path}`, { data: { path } });
      entry = next;
    }
    return entry;
  }

  /** Sees what other programs wrote since the repository was opened. */
  async refresh(): Promise<void> {
    await this.state.contents.refresh();
    this.manifests.forget();
  }

  async close(): Promise<void> {
    await this.storage.close();
  }
}

/** Adds reading of `Z` contents (spec/repository-format.md section 7.3) to a content reader. */
export function objectContents(reader: ObjectContents, store: ContentStore): ObjectContents {
  return {
    info: (id) => reader.info(id),
    read: (id) => reader.read(id),
    readMany: (ids, each, options) => reader.readMany(ids, each, options),
    readCompressed: async (id, length) => decompress(store.crypto, await reader.read(id), length ?? COMPRESSED_LIMIT),
  };
}
