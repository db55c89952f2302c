import type { BlobAppender, BlobStorage, PutOptions } from '../blob/storage.ts';
import { concatBytes } from '../bytes/gather.ts';
import { toHex } from '../bytes/hex.ts';
import { CairnError } from '../errors.ts';
import type { Random } from '../ports.ts';
import { sealBytes, type ContentCrypto } from './crypto.ts';
import type { EntryList } from './index/entries.ts';
import { writeIndex } from './index/write.ts';
import { encodePostamble, paddingLength, PREAMBLE } from './pack-file.ts';

/** Bytes gathered before they are handed to a growing temporary file. */
const APPEND_AT = 1 << 20;
/** Bytes that may wait for the storage before whoever brings more is held back. */
const WAITING = 16 << 20;

/**
 * A pack being filled. Where the storage can grow a blob under a temporary name, bytes leave memory as they come; else
 * they are held until the pack is whole. The blob appears only by `finish`.
 */
export class OpenPack {
  readonly id: string;
  length = 0;
  /** Numbers of this pack's entries in the overlay. */
  readonly entries: number[] = [];
  /** Number of its name in the overlay, once it has one. */
  number: number | undefined;
  readonly #storage: BlobStorage;
  readonly #random: Random;
  #parts: Uint8Array[] = [];
  #held = 0;
  #appender: BlobAppender | undefined;
  /** Some of it was handed to a growing temporary file; the rest must go there, too. */
  #grows = false;
  /** Nothing is drained any more: what is held is being put as a whole. */
  #whole = false;
  /** Appends in order, one after the other. */
  #tail: Promise<void> = Promise.resolve();
  #failure: unknown;
  #waiting = 0;
  #releases: (() => void)[] = [];

  constructor(
    storage: BlobStorage,
    random: Random,
    kind: 'p' | 'q',
    sessionId: string,
    formatCopy: Uint8Array | undefined,
  ) {
    this.#storage = storage;
    this.#random = random;
    this.id = kind + toHex(this.#draw(16)) + '-' + sessionId;
    if (formatCopy !== undefined) this.#push(formatCopy);
    this.#push(this.#draw(PREAMBLE));
  }

  #draw(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#random(bytes);
    return bytes;
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    this.length += bytes.length;
  }

  /** Appends sealed bytes, which the pack owns from now on; returns their offset. */
  append(sealed: Uint8Array): number {
    const offset = this.length;
    this.#push(sealed);
    if (this.#storage.begin !== undefined && this.#held >= APPEND_AT) this.#drain();
    return offset;
  }

  #drain(): void {
    const parts = this.#parts;
    const releases = this.#releases;
    const size = this.#held;
    this.#parts = [];
    this.#releases = [];
    this.#held = 0;
    this.#grows = true;
    this.#waiting += size;
    this.#tail = this.#tail.then(async () => {
      try {
        if (this.#failure !== undefined) return;
        this.#appender ??= await this.#storage.begin!(this.id);
        await this.#appender.append(parts);
      } catch (error) {
        this.#failure = error;
      } finally {
        this.#waiting -= size;
        for (const release of releases) release();
      }
    });
  }

  /** Present while more bytes wait to be appended to a growing temporary file than memory should hold. */
  settled(): Promise<void> | undefined {
    return this.#waiting < WAITING ? undefined : this.#tail;
  }

  /** Resolves when the bytes appended so far are stored and their memory may be used again; soon, where a blob can grow. */
  stored(): Promise<void> {
    if (this.#held > 0 && this.#storage.begin !== undefined && !this.#whole) this.#drain();
    if (this.#held === 0) return this.#tail;
    return new Promise((resolve) => this.#releases.push(resolve));
  }

  /** Adds padding, local index and postamble, and makes the blob appear. */
  async finish(
    overlay: EntryList,
    indexVersion: number,
    crypto: ContentCrypto,
    options: PutOptions | undefined,
  ): Promise<void> {
    this.#push(this.#draw(paddingLength(this.length)));
    const numbers = Uint32Array.from(this.entries).sort((a, b) => overlay.compareKeys(a, overlay, b));
    const index = concatBytes([writeIndex(overlay, numbers, indexVersion), this.#draw(32)]);
    const id = crypto.hasher.hash(index);
    const sealed = await sealBytes(crypto, id, index);
    const postamble = encodePostamble({ id, offset: this.length, length: sealed.length });
    this.#push(sealed);
    this.#push(postamble);
    // what was handed on meanwhile decides, without a pause between looking and doing
    let stored;
    if (this.#grows) {
      this.#drain();
      await this.#tail;
      if (this.#failure !== undefined) throw this.#failure;
      stored = await this.#appender!.commit(options);
    } else {
      this.#whole = true;
      stored = await this.#storage.put(this.id, this.#parts, options).finally(() => this.#forget());
    }
    // a buffer that was given away too early would leave a hole here
    if (stored.length !== this.length)
      throw new CairnError('io', `${this.id}: only ${stored.length} of ${this.length} bytes were stored`);
  }

  #forget(): void {
    this.#parts = [];
    this.#held = 0;
    for (const release of this.#releases.splice(0)) release();
  }

  /** Throws away what was written. */
  async abort(): Promise<void> {
    // what is handed on from here on begins no file again
    this.#failure ??= new CairnError('canceled', `${this.id} was thrown away`);
    await this.#tail;
    this.#forget();
    await this.#appender?.abort();
  }
}
