import type { BlobStorage, PutOptions } from '../blob/storage.ts';
import { toSeconds } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { compressContent, sealBytes } from './crypto.ts';
import { cipherId, contentIdOf, contentKey } from './id.ts';
import { IndexWriter } from './index-writer.ts';
import { sealNamedBlob } from './named-blob.ts';
import { OpenPack } from './open-pack.ts';
import { Overlay } from './overlay.ts';
import { newSessionId, sessionMarker } from './session.ts';
import type { ContentStore } from './store.ts';
import type { ContentInfo, ContentWriter, EachContent, ReadManyOptions } from './types.ts';

export interface WriterOptions {
  clock: Clock;
  user: string;
  host: string;
  /** `version` of the repository: format byte of new entries. */
  formatVersion: number;
  indexVersion: number;
  maxPackSize: number;
  /** Retention options of a put of this blob. */
  putOptions(id: string): PutOptions | undefined;
  /** Copy of the format blob that begins each pack, where the repository has that (section 8.2). */
  formatCopy: Uint8Array | undefined;
  refreshFrequency: bigint;
}

/** Packs that are being put at once; more hold the writer back. */
const PUTS = 3;

/**
 * Writes contents into packs (spec/repository-format.md sections 8.3, 12, 15.1). Order on storage: session marker, packs,
 * index blobs, removal of the marker; a content becomes visible to others only by the index. The first failed put ends
 * the writer: nothing later can make its contents visible.
 */
export class WriteManager implements ContentWriter {
  readonly store: ContentStore;
  readonly #options: WriterOptions;
  readonly #storage: BlobStorage;
  readonly #overlay: Overlay;
  readonly #index: IndexWriter;
  readonly #open: { p?: OpenPack; q?: OpenPack } = {};
  readonly #puts = new Set<Promise<void>>();
  /** Packs that are closed and not yet put. */
  readonly #finishing = new Set<OpenPack>();
  /** Overlay entries whose pack is stored but no index names yet. */
  #unindexed = new Set<number>();
  #session: { id: string; marker: Promise<string> } | undefined;
  #failure: unknown;
  #lastFlush: number;
  #flushing: Promise<void> | undefined;
  /** Bytes stored in packs so far, and contents that were new. */
  readonly written = { contents: 0, packedBytes: 0, originalBytes: 0 };

  constructor(store: ContentStore, options: WriterOptions) {
    this.store = store;
    this.#options = options;
    this.#storage = store.storage;
    this.#overlay = new Overlay(store.crypto.hasher.size + 1);
    this.#index = new IndexWriter(store, options);
    this.#lastFlush = options.clock.monotonic();
  }

  info(id: string): ContentInfo | undefined {
    return this.#overlay.info(id) ?? this.store.info(id);
  }

  /** True when a content is stored and not deleted, so that it need not be written. */
  knows(key: Uint8Array): boolean {
    const added = this.#overlay.find(key);
    if (added >= 0) return !this.#overlay.entries.deleted(added);
    const at = this.store.index.find(key);
    return at >= 0 && !this.store.index.entries.deleted(at);
  }

  async read(id: string): Promise<Uint8Array> {
    const info = this.#overlay.info(id);
    if (info === undefined) return this.store.read(id);
    await this.#finishPackOf(info);
    return this.store.openContent(info, await this.store.readPacked(info));
  }

  async readMany(ids: Iterable<string>, each: EachContent, options?: ReadManyOptions): Promise<void> {
    const stored: string[] = [];
    for (const id of ids) {
      if (this.#overlay.info(id) === undefined) stored.push(id);
      else await each(id, await this.read(id).catch((error: Error) => error));
    }
    await this.store.readMany(stored, each, options);
  }

  async write(data: Uint8Array, prefix: string, compression: number): Promise<string> {
    this.#check();
    const { crypto } = this.store;
    const hash = crypto.hasher.hash(data);
    const id = contentIdOf(prefix, hash);
    const key = contentKey(id);
    if (this.knows(key)) return id;
    const compressed = await compressContent(crypto, data, this.#options.indexVersion >= 2 ? compression : 0);
    const sealed = await sealBytes(crypto, cipherId(hash), compressed.data);
    await this.add(key, sealed, data.length, compressed.compression);
    return id;
  }

  /**
   * Takes a content that was sealed elsewhere, unless it is known by now; the bytes belong to the pack from here on.
   * Returns a promise when the caller must wait before it brings more.
   */
  add(key: Uint8Array, sealed: Uint8Array, originalLength: number, compression: number): Promise<void> | undefined {
    this.#check();
    if (this.knows(key)) return undefined;
    // an entry that is there is a deleted one: the new one must be younger
    const timestamp = Math.max(toSeconds(this.#options.clock.now()), this.#timestamp(key) + 1);
    this.#append(key, sealed, originalLength, compression, timestamp, false);
    return this.#backpressure();
  }

  /** Time of the newest entry of a key, or -1. */
  #timestamp(key: Uint8Array): number {
    const added = this.#overlay.find(key);
    if (added >= 0) return this.#overlay.entries.timestamp(added);
    const at = this.store.index.find(key);
    return at >= 0 ? this.store.index.entries.timestamp(at) : -1;
  }

  #append(
    key: Uint8Array,
    sealed: Uint8Array,
    originalLength: number,
    compression: number,
    timestamp: number,
    deleted: boolean,
  ): void {
    const kind = key[0] === 0 ? 'p' : 'q';
    const pack = (this.#open[kind] ??= this.#openPack(kind));
    const offset = pack.append(sealed);
    const { names } = this.#overlay.entries;
    pack.number ??= names.pack(pack.id);
    const format = names.format(compression, this.#options.formatVersion);
    pack.entries.push(
      this.#overlay.put(key, timestamp, offset, deleted, sealed.length, originalLength, pack.number, format),
    );
    this.written.contents++;
    this.written.packedBytes += sealed.length;
    this.written.originalBytes += originalLength;
    if (pack.length >= this.#options.maxPackSize) this.#finish(kind);
  }

  /**
   * Stores the sealed bytes of a known content again, in another pack (section 12: rewrite; undelete when `deleted` is
   * false). Returns a promise when the caller must wait before it brings more.
   */
  replace(info: ContentInfo, sealed: Uint8Array, deleted = info.deleted): Promise<void> | undefined {
    this.#check();
    const { originalLength, compression } = info;
    const timestamp = Math.max(toSeconds(this.#options.clock.now()), info.timestamp + 1);
    this.#append(contentKey(info.id), sealed, originalLength, compression, timestamp, deleted);
    return this.#backpressure();
  }

  async delete(id: string): Promise<void> {
    this.#check();
    const info = this.info(id);
    if (info === undefined || info.deleted) return;
    await this.#finishPackOf(info);
    const timestamp = Math.max(toSeconds(this.#options.clock.now()), info.timestamp + 1);
    this.#unindexed.add(this.#overlay.putInfo({ ...info, deleted: true, timestamp }));
  }

  #openPack(kind: 'p' | 'q'): OpenPack {
    const { crypto } = this.store;
    if (this.#session === undefined) {
      const id = newSessionId(this.#options.clock.now(), crypto.random);
      this.#session = { id, marker: this.#writeMarker(id) };
      this.#session.marker.catch(() => {});
    }
    return new OpenPack(this.#storage, crypto.random, kind, this.#session.id, this.#options.formatCopy);
  }

  async #writeMarker(sessionId: string): Promise<string> {
    const { clock, user, host } = this.#options;
    const { id, data } = await sealNamedBlob(
      this.store.crypto,
      's',
      sessionId,
      sessionMarker(sessionId, clock.now(), user, host),
    );
    await this.#storage.put(id, data, this.#options.putOptions(id));
    return id;
  }

  /** Closes the open pack of a kind and puts it in the background. */
  #finish(kind: 'p' | 'q'): void {
    const pack = this.#open[kind];
    if (pack === undefined) return;
    this.#open[kind] = undefined;
    const marker = this.#session!.marker;
    const put = (async () => {
      await marker;
      await pack.finish(
        this.#overlay.entries,
        this.#options.indexVersion,
        this.store.crypto,
        this.#options.putOptions(pack.id),
      );
      for (const number of pack.entries) this.#unindexed.add(number);
    })();
    const tracked = put.catch(async (error: unknown) => {
      this.#failure ??= error;
      // what is half-written goes away at once: the disk may be full of it
      await Promise.all([pack.abort(), this.#open.p?.abort(), this.#open.q?.abort()]).catch(() => {});
    });
    this.#puts.add(tracked);
    this.#finishing.add(pack);
    void tracked.finally(() => {
      this.#puts.delete(tracked);
      this.#finishing.delete(pack);
    });
  }

  async #finishPackOf(info: ContentInfo): Promise<void> {
    for (const kind of ['p', 'q'] as const) if (this.#open[kind]?.id === info.packBlob) this.#finish(kind);
    await Promise.all(this.#puts);
    this.#check();
  }

  #backpressure(): Promise<void> | undefined {
    if (this.#puts.size > PUTS) return Promise.race(this.#puts);
    return this.#open.p?.settled();
  }

  /** Resolves when the file data given so far has left memory for the storage. */
  async stored(): Promise<void> {
    // what was given last may lie in a pack that is being finished, too
    const packs = this.#open.p === undefined ? [...this.#finishing] : [this.#open.p, ...this.#finishing];
    await Promise.all(packs.map((pack) => pack.stored()));
  }

  /** True when ten minutes passed since the last flush, so that the next calm moment should be used for one. */
  get flushDue(): boolean {
    return this.#options.clock.monotonic() - this.#lastFlush > 600_000;
  }

  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    this.#flushing = this.#flush().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    this.#check();
    this.#finish('p');
    this.#finish('q');
    const session = this.#session;
    this.#session = undefined;
    await Promise.all(this.#puts);
    this.#check();
    const marker = await session?.marker;
    const numbers = this.#takeUnindexed();
    if (numbers.length > 0) {
      try {
        const sessionId = session?.id ?? newSessionId(this.#options.clock.now(), this.store.crypto.random);
        await this.#index.write(this.#overlay.entries, numbers, sessionId);
      } catch (error) {
        this.#failure ??= error;
        throw error;
      }
    }
    if (marker !== undefined) await this.#storage.delete(marker);
    this.#lastFlush = this.#options.clock.monotonic();
  }

  /** What the next index names; a content that was written again since waits for its new pack. */
  #takeUnindexed(): Uint32Array {
    const { entries } = this.#overlay;
    const unfinished = new Set([...Object.values(this.#open), ...this.#finishing].map((pack) => pack?.id));
    const numbers = [...this.#unindexed].filter((at) => !unfinished.has(entries.packName(at)));
    this.#unindexed = new Set();
    return Uint32Array.from(numbers);
  }

  /** Stops without making anything visible: open packs are thrown away, packs already put are left to maintenance. */
  async abandon(): Promise<void> {
    this.#failure ??= new CairnError('canceled', 'the write session was abandoned');
    await Promise.all([...this.#puts, this.#open.p?.abort(), this.#open.q?.abort()]);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
