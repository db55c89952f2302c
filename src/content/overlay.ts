import { contentKey } from './id.ts';
import { EntryList, EntryNames } from './index/entries.ts';
import type { ContentInfo } from './types.ts';

/**
 * Contents that this process added since the index was loaded, in columns of bytes with an open-addressing table over
 * them: about 30 bytes a content beside its entry. An entry is replaced in place when its content is deleted or rewritten.
 */
export class Overlay {
  readonly entries: EntryList;
  #slots = new Int32Array(1024).fill(-1);

  constructor(keySize: number) {
    this.entries = new EntryList(keySize, new EntryNames());
  }

  #slot(key: Uint8Array): number {
    const mask = this.#slots.length - 1;
    // hash bytes are uniform; the prefix only spreads equal hashes of different classes
    let slot = ((key[1] | (key[2] << 8) | (key[3] << 16) | (key[4] << 24)) ^ (key[0] * 0x9e3779b1)) & mask;
    for (;;) {
      const at = this.#slots[slot];
      if (at < 0 || this.#equal(at, key)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equal(at: number, key: Uint8Array): boolean {
    const { keys, keySize } = this.entries;
    const start = at * keySize;
    for (let i = 0; i < keySize; i++) if (keys[start + i] !== key[i]) return false;
    return true;
  }

  /** Number of the entry of a key, or -1. */
  find(key: Uint8Array): number {
    return key.length === this.entries.keySize ? this.#slots[this.#slot(key)] : -1;
  }

  info(id: string): ContentInfo | undefined {
    const at = this.find(contentKey(id));
    return at < 0 ? undefined : this.entries.info(at);
  }

  /** Adds the entry or replaces the one of the same content; returns its number. Pack and format are numbers of `names`. */
  put(
    key: Uint8Array,
    timestamp: number,
    offset: number,
    deleted: boolean,
    packedLength: number,
    originalLength: number,
    pack: number,
    format: number,
  ): number {
    const { entries } = this;
    const slot = this.#slot(key);
    const at = this.#slots[slot];
    if (at >= 0) {
      entries.set(at, timestamp, offset, deleted, packedLength, originalLength, pack, format);
      return at;
    }
    const added = entries.push(key, timestamp, offset, deleted, packedLength, originalLength, pack, format);
    this.#slots[slot] = added;
    if (entries.count * 2 > this.#slots.length) this.#grow();
    return added;
  }

  /** The same for an entry in words. */
  putInfo(info: ContentInfo): number {
    const { names } = this.entries;
    return this.put(
      contentKey(info.id),
      info.timestamp,
      info.packOffset,
      info.deleted,
      info.packedLength,
      info.originalLength,
      names.pack(info.packBlob),
      names.format(info.compression, info.formatVersion),
    );
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let at = 0; at < this.entries.count; at++) this.#slots[this.#slot(this.entries.key(at))] = at;
  }
}
