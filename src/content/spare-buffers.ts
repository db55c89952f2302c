import { release } from '../bytes/release.ts';

/** Lengths are multiples of these, so that most requests fit most buffers. */
const STEP = 1 << 20;
const SMALL_STEP = 64 << 10;

/** Memory that is used again for what comes next. At most `limit` bytes of it wait. */
export class SpareBuffers {
  readonly #limit: number;
  readonly #buffers: ArrayBuffer[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The smallest that is long enough. */
  take(length: number): ArrayBuffer {
    if (length === 0) return new ArrayBuffer(0);
    let best = -1;
    for (const [at, { byteLength }] of this.#buffers.entries())
      if (byteLength >= length && (best < 0 || byteLength < this.#buffers[best].byteLength)) best = at;
    if (best < 0) {
      const step = length < STEP ? SMALL_STEP : STEP;
      return new ArrayBuffer(Math.ceil(length / step) * step);
    }
    const [buffer] = this.#buffers.splice(best, 1);
    this.#bytes -= buffer.byteLength;
    return buffer;
  }

  put(buffer: ArrayBuffer): void {
    if (buffer.byteLength === 0) return;
    if (this.#bytes + buffer.byteLength > this.#limit) {
      release(new Uint8Array(buffer));
      return;
    }
    this.#buffers.push(buffer);
    this.#bytes += buffer.byteLength;
  }
}
