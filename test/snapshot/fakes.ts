import { createHash } from 'node:crypto';
import { utf8 } from '../../src/bytes/gather.ts';
import type { Json } from '../../src/bytes/json.ts';
import type { ContentInfo, ContentReader } from '../../src/content/types.ts';
import { CairnError } from '../../src/errors.ts';
import type { Labels, ManifestMetadata, ManifestWriter } from '../../src/manifest/types.ts';
import { encodeIndirect } from '../../src/object/indirect.ts';
import { DirectoryBuilder } from '../../src/snapshot/directory-builder.ts';
import { encodeDirectory } from '../../src/snapshot/directory.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { newSnapshot, type SnapshotManifest } from '../../src/snapshot/manifest.ts';
import { saveSnapshot } from '../../src/snapshot/store.ts';

interface Stored {
  info: ContentInfo;
  data: Uint8Array;
}

/** Contents in memory under SHA-256 IDs, ten to a pack. */
export class FakeContents implements ContentReader {
  readonly stored = new Map<string, Stored>();
  readonly packs = new Map<string, number>();
  /** Contents whose bytes cannot be read. */
  readonly damaged = new Map<string, Error>();
  /** Every content read, in order, and the calls of `readMany`. */
  readonly reads: string[] = [];
  batches = 0;

  put(data: Uint8Array, prefix = ''): string {
    const id = prefix + createHash('sha256').update(data).digest('hex').slice(0, 32);
    if (!this.stored.has(id)) this.putAs(id, data);
    return id;
  }

  putAs(id: string, data: Uint8Array, info: Partial<ContentInfo> = {}): void {
    const packBlob = info.packBlob ?? `${/^[g-z]/.test(id) ? 'q' : 'p'}${Math.floor(this.stored.size / 10)}`;
    const packOffset = info.packOffset ?? this.packs.get(packBlob) ?? 0;
    const packedLength = info.packedLength ?? data.length + 28;
    this.packs.set(packBlob, Math.max(this.packs.get(packBlob) ?? 0, packOffset + packedLength));
    const originalLength = info.originalLength ?? data.length;
    this.stored.set(id, {
      data,
      info: {
        id,
        packBlob,
        packOffset,
        packedLength,
        originalLength,
        compression: 0,
        formatVersion: 3,
        timestamp: 0,
        deleted: false,
      },
    });
  }

  damage(id: string): void {
    this.damaged.set(id, new CairnError('corrupt', `content ${id} is damaged`));
  }

  info(id: string): ContentInfo | undefined {
    return this.stored.get(id)?.info;
  }

  async read(id: string): Promise<Uint8Array> {
    this.reads.push(id);
    if (this.damaged.has(id)) throw this.damaged.get(id)!;
    const found = this.stored.get(id);
    if (found === undefined) throw new CairnError('content-not-found', `content ${id} not found`);
    return found.data;
  }

  async readMany(
    ids: Iterable<string>,
    each: (id: string, data: Uint8Array | Error) => void | Promise<void>,
  ): Promise<void> {
    this.batches++;
    for (const id of new Set(ids)) await each(id, await this.read(id).catch((error: Error) => error));
  }
}

/** Manifests in memory; `fail` makes one unreadable. */
export class FakeManifests implements ManifestWriter {
  readonly items = new Map<string, { metadata: ManifestMetadata; data: Json }>();
  #next = 1;

  async put(labels: Labels, data: Json, id = (this.#next++).toString(16).padStart(32, '5a')): Promise<string> {
    this.items.set(id, { metadata: { id, labels, modified: BigInt(this.#next), length: 0 }, data });
    return id;
  }

  async delete(id: string): Promise<void> {
    this.items.delete(id);
  }

  async find(labels: Labels): Promise<ManifestMetadata[]> {
    return [...this.items.values()]
      .map(({ metadata }) => metadata)
      .filter((metadata) => Object.entries(labels).every(([key, value]) => metadata.labels[key] === value));
  }

  async get(id: string): Promise<{ metadata: ManifestMetadata; data: Json }> {
    const item = this.items.get(id);
    if (item === undefined) throw new CairnError('manifest-not-found', `manifest ${id}: not found`);
    return item;
  }
}

export interface FakeFile extends Partial<DirEntry> {
  text?: string | Uint8Array;
  /** Splits the file into contents of this many bytes. */
  chunk?: number;
  link?: string;
}

export type FakeTree = { [name: string]: FakeTree | FakeFile | string };

const isFile = (node: FakeTree | FakeFile): node is FakeFile =>
  typeof node.text === 'string' || node.text instanceof Uint8Array || typeof node.link === 'string';
export const TIME = 1_700_000_000_123_456_789n;

/** Stores a file and gives its entry. */
export function fakeFile(
  contents: FakeContents,
  name: string,
  { text = '', link, chunk, ...rest }: FakeFile,
): DirEntry {
  const source = link ?? text;
  const data = typeof source === 'string' ? utf8(source) : source;
  let objectId: string;
  if (chunk === undefined) objectId = contents.put(data);
  else {
    const entries = [];
    for (let start = 0; start < data.length; start += chunk) {
      const part = data.subarray(start, start + chunk);
      entries.push({ start, length: part.length, object: contents.put(part) });
    }
    objectId = 'I' + contents.put(encodeIndirect(entries), 'x');
  }
  const type = link === undefined ? 'f' : 's';
  return { name, type, mode: 0o644, size: data.length, mtime: TIME, uid: 0, gid: 0, objectId, ...rest };
}

/** Stores a tree and gives its root entry. Texts are files; what has `text` or `link` is a file or link with attributes. */
export function fakeTree(
  contents: FakeContents,
  tree: FakeTree,
  name = 'root',
  attributes: Partial<DirEntry> = {},
): DirEntry {
  const builder = new DirectoryBuilder();
  for (const [child, node] of Object.entries(tree)) {
    if (typeof node === 'string') builder.add(fakeFile(contents, child, { text: node }));
    else builder.add(isFile(node) ? fakeFile(contents, child, node) : fakeTree(contents, node, child));
  }
  const { entries, summary } = builder.build(TIME);
  const objectId = contents.put(encodeDirectory(entries, summary), 'k');
  return { name, type: 'd', mode: 0o755, size: 0, mtime: TIME, uid: 0, gid: 0, objectId, summary, ...attributes };
}

export const SOURCE = { host: 'alpha', userName: 'ann', path: '/home/ann' };

export async function fakeSnapshot(
  manifests: FakeManifests,
  rootEntry: DirEntry,
  changes: Partial<SnapshotManifest> = {},
): Promise<SnapshotManifest> {
  return saveSnapshot(manifests, { ...newSnapshot(SOURCE, TIME), rootEntry, ...changes });
}
