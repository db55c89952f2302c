import { release } from '../bytes/release.ts';
import type { SealedBatch, StageOutput } from './messages.ts';

/** Smallest buffer in which sealed bytes are gathered; what is smaller is a copy that nobody wants back. */
export const BUFFER = 1 << 20;
/** Numbers that tell about one content (messages.ts). */
export const NUMBERS = 3;

/** Gathers sealed contents in a buffer and hands it on when it is full; buffers come back for reuse. */
export class BatchOutput implements StageOutput {
  readonly #deliver: (batch: SealedBatch) => void;
  readonly #pool: BufferPool;
  readonly #hashSize: number;
  readonly #dense: boolean;
  #current: ArrayBuffer | undefined;
  #used = 0;
  #count = 0;
  #hashes: Uint8Array;
  #numbers: Uint32Array;

  /** `dense`: no buffer goes out less than half full. */
  constructor(hashSize: number, pool: BufferPool, deliver: (batch: SealedBatch) => void, dense = false) {
    this.#dense = dense;
    this.#hashSize = hashSize;
    this.#pool = pool;
    this.#deliver = deliver;
    this.#hashes = new Uint8Array(256 * hashSize);
    this.#numbers = new Uint32Array(256 * NUMBERS);
  }

  space(length: number): Uint8Array {
    if (this.#current !== undefined && this.#used + length > this.#current.byteLength) this.flush();
    if (this.#current !== undefined && length > this.#current.byteLength) {
      this.#pool.keep(this.#current);
      this.#current = undefined;
    }
    this.#current ??= this.#pool.take(length);
    return new Uint8Array(this.#current, this.#used, length);
  }

  emit(hash: Uint8Array, originalLength: number, compression: number, sealedLength: number): void {
    const at = this.#count++;
    if (at * NUMBERS >= this.#numbers.length) this.#grow();
    this.#hashes.set(hash, at * this.#hashSize);
    this.#numbers[at * NUMBERS] = sealedLength;
    this.#numbers[at * NUMBERS + 1] = originalLength;
    this.#numbers[at * NUMBERS + 2] = compression;
    this.#used += sealedLength;
  }

  #grow(): void {
    const hashes = new Uint8Array(this.#hashes.length * 2);
    const numbers = new Uint32Array(this.#numbers.length * 2);
    hashes.set(this.#hashes);
    numbers.set(this.#numbers);
    this.#hashes = hashes;
    this.#numbers = numbers;
  }

  flush(): void {
    const count = this.#count;
    if (this.#current === undefined || count === 0) return;
    // little in it must not hold a whole buffer on its way to the storage
    const little = this.#used <= (this.#dense ? this.#current.byteLength : BUFFER) / 2;
    const buffer = little ? this.#pool.copy(this.#current, this.#used) : this.#pool.send(this.#current);
    if (!little) this.#current = undefined;
    this.#used = 0;
    this.#count = 0;
    const hashes = this.#hashes.slice(0, count * this.#hashSize);
    this.#deliver({ buffer, hashes, numbers: this.#numbers.slice(0, count * NUMBERS) });
  }
}

/** A buffer that holds some of the largest contents of the usual splitters. */
const LARGE = 9 << 20;

/** Buffers for reuse, so that no fresh megabytes are allocated for every content. */
export class BufferPool {
  readonly #limit: number;
  readonly #free: ArrayBuffer[] = [];
  #freeBytes = 0;
  /** Bytes that were taken and not sent. */
  #held = 0;
  /** Bytes that were sent and will come back. */
  #sent = 0;
  #waiting: (() => void)[] = [];

  /** `limit`: bytes that may be out before `room` holds whoever needs more back. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  take(length: number): ArrayBuffer {
    const at = this.#free.findIndex((buffer) => buffer.byteLength >= length);
    // few sizes, so that a returned buffer fits the next content too
    const buffer =
      at >= 0
        ? this.#free.splice(at, 1)[0]
        : new ArrayBuffer(length <= BUFFER ? BUFFER : Math.max(LARGE, Math.ceil(length / BUFFER) * BUFFER));
    if (at >= 0) this.#freeBytes -= buffer.byteLength;
    this.#held += buffer.byteLength;
    return buffer;
  }

  /** What was taken goes on its way. */
  send(buffer: ArrayBuffer): ArrayBuffer {
    this.#held -= buffer.byteLength;
    this.#sent += buffer.byteLength;
    return buffer;
  }

  /** A copy of the first bytes goes on its way; it comes back like a buffer when it is as large as one. */
  copy(buffer: ArrayBuffer, length: number): ArrayBuffer {
    if (length >= BUFFER) this.#sent += length;
    return buffer.slice(0, length);
  }

  /** What was taken is not needed. */
  keep(buffer: ArrayBuffer): void {
    this.#held -= buffer.byteLength;
    this.#reuse(buffer);
  }

  /** What was sent came back. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength < BUFFER) return;
    this.#sent -= buffer.byteLength;
    this.#reuse(buffer);
    if (!this.#isFull) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** All of its buffers together stay within the limit; what is beyond goes back to the system. */
  #reuse(buffer: ArrayBuffer): void {
    if (this.#freeBytes + this.#held + this.#sent + buffer.byteLength > this.#limit) {
      release(new Uint8Array(buffer));
      return;
    }
    this.#free.push(buffer);
    this.#freeBytes += buffer.byteLength;
  }

  /** As much is out as may be, and some of it will come back: nobody waits for what it holds itself. */
  get #isFull(): boolean {
    return this.#sent > 0 && this.#held + this.#sent >= this.#limit;
  }

  /** Present while as much is out as may be. */
  room(): Promise<void> | undefined {
    return this.#isFull ? new Promise((resolve) => this.#waiting.push(resolve)) : undefined;
  }
}
