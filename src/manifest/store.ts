import { toHex } from '../bytes/hex.ts';
import { utf8 } from '../bytes/gather.ts';
import { encodeJson, type Json } from '../bytes/json.ts';
import type { ContentInfo, ContentReader, ContentWriter } from '../content/types.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { Compressors } from '../kernels/compressors.ts';
import type { Clock, Random } from '../ports.ts';
import { encodeManifestContent, parseManifestContent, type ManifestEntry } from './content.ts';
import type { Labels, ManifestMetadata, ManifestReader, ManifestWriter } from './types.ts';

const PREFIX = 'm';
const GZIP = 0x1000;
/** Header ID that Kopia asks for when it writes manifest contents. */
const ZSTD_FASTEST = 0x1101;
/** A writer that loads this many manifest contents compacts them. */
const COMPACT_AT = 16;
/** Inflated size of one manifest content at most. */
const LIMIT = 512 << 20;

interface Contents extends ContentReader {
  entries(letter?: string): Iterable<ContentInfo>;
  /** Damage that hides part of the index. */
  readonly problems: readonly CairnError[];
  refresh(): Promise<void>;
}

export interface ManifestOptions {
  contents: Contents;
  compressors: Compressors;
}

/** Manifests of an open repository, loaded when first asked for. */
export class ManifestStore implements ManifestReader {
  readonly options: ManifestOptions;
  protected loaded: { items: Map<string, ManifestEntry>; contentIds: string[] } | undefined;

  constructor(options: ManifestOptions) {
    this.options = options;
  }

  /** Drops what was loaded, so that the next call sees the refreshed index. */
  forget(): void {
    this.loaded = undefined;
  }

  protected async load(): Promise<Map<string, ManifestEntry>> {
    for (let attempt = 0; this.loaded === undefined; attempt++) {
      try {
        this.loaded = await this.#load();
      } catch (error) {
        // another program may have compacted the manifests meanwhile
        if (!isCairnError(error, 'content-not-found') || attempt > 2) throw error;
        await this.options.contents.refresh();
      }
    }
    return this.loaded.items;
  }

  async #load() {
    const { contents, compressors } = this.options;
    const contentIds: string[] = [];
    for (const info of contents.entries(PREFIX)) if (!info.deleted) contentIds.push(info.id);
    const gzip = await compressors.byId(GZIP);
    const items = new Map<string, ManifestEntry>();
    await contents.readMany(contentIds, (id, data) => {
      if (data instanceof Error)
        throw isCairnError(data, 'content-not-found')
          ? data
          : new CairnError('corrupt', `manifests cannot be read: ${data.message}`, {
              cause: data,
              data: { content: id },
              hint: 'snapshots and policies may be in it; repair the storage, or restore its pack from a copy',
            });
      for (const entry of parseManifestContent(gzip.decompress(data, LIMIT))) {
        const known = items.get(entry.id);
        if (known === undefined || entry.modified > known.modified) items.set(entry.id, entry);
      }
    });
    for (const [id, entry] of items) if (entry.deleted) items.delete(id);
    return { items, contentIds };
  }

  /** Items as this reader sees them; writers add their own. */
  protected async current(): Promise<Map<string, ManifestEntry>> {
    return this.load();
  }

  async find(labels: Labels): Promise<ManifestMetadata[]> {
    const found: ManifestMetadata[] = [];
    for (const entry of (await this.current()).values())
      if (Object.entries(labels).every(([key, value]) => entry.labels[key] === value)) found.push(metadata(entry));
    return found.sort((a, b) => (a.modified < b.modified ? -1 : a.modified > b.modified ? 1 : a.id < b.id ? -1 : 1));
  }

  async get(id: string): Promise<{ metadata: ManifestMetadata; data: Json }> {
    const entry = (await this.current()).get(id);
    if (entry === undefined)
      throw new CairnError('manifest-not-found', `manifest ${id}: not found`, {
        data: { id },
        hint: "'cairn manifest list' shows all",
      });
    return { metadata: metadata(entry), data: entry.data };
  }
}

function metadata(entry: ManifestEntry): ManifestMetadata {
  return {
    id: entry.id,
    labels: entry.labels,
    modified: entry.modified,
    length: utf8(encodeJson(entry.data)).length,
  };
}

/** Manifests with pending changes over the committed ones; `flush` writes them as one content. */
export class ManifestWriteStore extends ManifestStore implements ManifestWriter {
  readonly #writer: ContentWriter;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pending = new Map<string, ManifestEntry>();

  constructor(options: ManifestOptions, writer: ContentWriter, clock: Clock, random: Random) {
    super(options);
    this.#writer = writer;
    this.#clock = clock;
    this.#random = random;
  }

  protected override async current(): Promise<Map<string, ManifestEntry>> {
    const items = new Map(await this.load());
    for (const [id, entry] of this.#pending) {
      if (entry.deleted) items.delete(id);
      else items.set(id, entry);
    }
    return items;
  }

  async put(labels: Labels, data: Json): Promise<string> {
    if (!labels.type) throw new CairnError('invalid-argument', "a manifest needs the label 'type'");
    const bytes = new Uint8Array(16);
    this.#random(bytes);
    const id = toHex(bytes);
    this.#pending.set(id, { id, labels, modified: this.#clock.now(), deleted: false, data });
    return id;
  }

  async delete(id: string): Promise<void> {
    const known = (await this.current()).get(id);
    if (known === undefined) return;
    const now = this.#clock.now();
    const modified = now > known.modified ? now : known.modified + 1n;
    this.#pending.set(id, { id, labels: {}, modified, deleted: true, data: null });
  }

  /** Writes pending items as one content (before the packs are flushed); compacts when there are many contents. */
  async writePending(): Promise<void> {
    if (this.#pending.size === 0) return;
    await this.load();
    if (this.loaded!.contentIds.length >= COMPACT_AT) {
      // what others deleted and compacted since must not come back
      await this.options.contents.refresh();
      this.forget();
      await this.load();
    }
    const { items, contentIds } = this.loaded!;
    // while part of the index is unreadable, a deletion marker may be the only word against an item that comes back
    const compact = contentIds.length >= COMPACT_AT && this.options.contents.problems.length === 0;
    const pending = new Map(this.#pending);
    const merged = new Map(items);
    for (const [id, entry] of pending) {
      if (entry.deleted) merged.delete(id);
      else merged.set(id, entry);
    }
    const entries = compact ? [...merged.values()] : [...pending.values()];
    const gzip = await this.options.compressors.byId(GZIP);
    const written = await this.#writer.write(gzip.compress(encodeManifestContent(entries)), PREFIX, ZSTD_FASTEST);
    if (compact) for (const id of contentIds) if (id !== written) await this.#writer.delete(id);
    this.loaded = { items: merged, contentIds: compact ? [written] : [...contentIds, written] };
    for (const [id, entry] of pending) if (this.#pending.get(id) === entry) this.#pending.delete(id);
  }
}
