import type { SealedBatch, StageOutput } from './messages.ts';

/** Sealed bytes gathered in one buffer before it is handed on. */
export const BATCH = 1 << 20;

/** Gathers sealed contents in a buffer and hands it on when it is full; buffers come back for reuse. */
export class BatchOutput implements StageOutput {
  readonly #deliver: (batch: SealedBatch) => void;
  readonly #buffer: (length: number) => ArrayBuffer;
  #current: SealedBatch | undefined;
  #used = 0;

  constructor(buffer: (length: number) => ArrayBuffer, deliver: (batch: SealedBatch) => void) {
    this.#buffer = buffer;
    this.#deliver = deliver;
  }

  space(length: number): Uint8Array {
    if (this.#current !== undefined && this.#used + length > this.#current.buffer.byteLength) this.flush();
    this.#current ??= { buffer: this.#buffer(Math.max(length, BATCH)), contents: [] };
    return new Uint8Array(this.#current.buffer, this.#used, length);
  }

  emit(hash: Uint8Array, originalLength: number, compression: number, sealedLength: number): void {
    this.#current!.contents.push({ hash, start: this.#used, length: sealedLength, originalLength, compression });
    this.#used += sealedLength;
  }

  emitBytes(hash: Uint8Array, originalLength: number, compression: number, sealed: Uint8Array): void {
    // the bytes were made from the space that was handed out last, so they are copied before they are placed
    const copy = sealed.slice();
    this.space(copy.length).set(copy);
    this.emit(hash, originalLength, compression, copy.length);
  }

  flush(): void {
    const batch = this.#current;
    this.#current = undefined;
    this.#used = 0;
    if (batch !== undefined && batch.contents.length > 0) this.#deliver(batch);
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
