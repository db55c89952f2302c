import type { SealedBatch, StageOutput } from './messages.ts';

/** Sealed bytes gathered in one buffer before it is handed on. */
export const BATCH = 1 << 20;
/** Numbers that tell about one content (messages.ts). */
export const NUMBERS = 3;

/** Gathers sealed contents in a buffer and hands it on when it is full; buffers come back for reuse. */
export class BatchOutput implements StageOutput {
  readonly #deliver: (batch: SealedBatch) => void;
  readonly #buffer: (length: number) => ArrayBuffer;
  readonly #hashSize: number;
  #current: ArrayBuffer | undefined;
  #used = 0;
  #count = 0;
  #hashes: Uint8Array;
  #numbers: Uint32Array;

  constructor(hashSize: number, buffer: (length: number) => ArrayBuffer, deliver: (batch: SealedBatch) => void) {
    this.#hashSize = hashSize;
    this.#buffer = buffer;
    this.#deliver = deliver;
    this.#hashes = new Uint8Array(256 * hashSize);
    this.#numbers = new Uint32Array(256 * NUMBERS);
  }

  space(length: number): Uint8Array {
    if (this.#current !== undefined && this.#used + length > this.#current.byteLength) this.flush();
    this.#current ??= this.#buffer(Math.max(length, BATCH));
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

  emitBytes(hash: Uint8Array, originalLength: number, compression: number, sealed: Uint8Array): void {
    // the bytes were made from the space that was handed out last, so they are copied before they are placed
    const copy = sealed.slice();
    this.space(copy.length).set(copy);
    this.emit(hash, originalLength, compression, copy.length);
  }

  flush(): void {
    const buffer = this.#current;
    const count = this.#count;
    this.#current = undefined;
    this.#used = 0;
    this.#count = 0;
    if (buffer === undefined || count === 0) return;
    const hashes = this.#hashes.slice(0, count * this.#hashSize);
    this.#deliver({ buffer, hashes, numbers: this.#numbers.slice(0, count * NUMBERS) });
  }
}

/** Buffers for reuse, so that no fresh megabytes are allocated for every content. */
export class BufferPool {
  readonly #free: ArrayBuffer[] = [];
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  take(length: number): ArrayBuffer {
    const at = this.#free.findIndex((buffer) => buffer.byteLength >= length);
    if (at >= 0) return this.#free.splice(at, 1)[0];
    // sizes in steps, so that a returned buffer fits the next content too
    return new ArrayBuffer(Math.ceil(length / BATCH) * BATCH);
  }

  give(buffer: ArrayBuffer): void {
    if (this.#free.length < this.#keep) this.#free.push(buffer);
  }
}
