import { compressContent, withHeader } from '../content/crypto.ts';
import { cipherId } from '../content/id.ts';
import type { MemoryPiece } from '../kernels/types.ts';
import type { BatchResults } from './batch.ts';
import type { StageOutput } from './messages.ts';
import type { StageOptions } from './stage.ts';

/** Chunks that are hashed together at most, as many as the kernel takes at once. */
const MOST = 256;
/** Many small chunks are sealed while the cache still holds them; few big ones gather so that the lanes fill. */
const MANY = 8;
const SMALL_BYTES = 1 << 20;

interface Pending extends MemoryPiece {
  compression: number;
}

/** Hashes chunks in the kernel's memory side by side, asks whether each is known, else compresses, seals and emits it. */
export class Sealer {
  readonly #options: StageOptions;
  readonly #key: Uint8Array;
  #pending: Pending[] = [];
  #bytes = 0;
  #results!: BatchResults;
  #output!: StageOutput;
  readonly #sealed = new Scratch();
  readonly #packed = new Scratch();
  /** Chunks taken so far. */
  given = 0;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#key = new Uint8Array(options.crypto.hasher.size + 1);
  }

  /** Where the next chunks go; nothing may be pending but what a failed batch left. */
  begin(results: BatchResults, output: StageOutput): void {
    this.#pending = [];
    this.#bytes = 0;
    this.#results = results;
    this.#output = output;
  }

  /** Takes a chunk, whose bytes must stay until `settle`. */
  give(address: number, length: number, compression: number): void {
    this.#pending.push({ address, length, compression });
    this.#bytes += length;
    this.given++;
  }

  /** True when what is pending should be sealed before more comes. */
  get due(): boolean {
    const { length } = this.#pending;
    return length >= MOST || (length >= MANY && this.#bytes >= SMALL_BYTES);
  }

  async settle(): Promise<void> {
    const pending = this.#pending;
    const { crypto, compressContents } = this.#options;
    const { hasher } = crypto;
    this.#pending = [];
    this.#bytes = 0;
    if (!compressContents && pending.some(({ compression }) => compression !== 0)) {
      for (const piece of pending) await this.#compressed(piece);
      return;
    }
    for (let from = 0; from < pending.length; from += MOST) {
      const pieces = pending.slice(from, from + MOST);
      const many = pieces.length > 1 ? hasher.hashManyAt?.(pieces) : undefined;
      for (const [i, { address, length, compression }] of pieces.entries()) {
        const plain = this.#plain(address, length);
        const hash =
          many?.subarray(i * hasher.size, (i + 1) * hasher.size) ??
          hasher.hashAt?.(address, length) ??
          hasher.hash(plain);
        this.#results.chunk(hash, length, false);
        if (this.#isKnown(hash)) continue;
        // without compression nothing has to wait but a cipher that does
        const packed =
          compression !== 0 && compressContents
            ? await compressContent(crypto, plain, compression, (size) => this.#packed.take(size))
            : { data: plain, compression: 0 };
        const sealing = this.#seal(hash, length, packed.data, packed.compression);
        if (sealing !== undefined) await sealing;
      }
    }
  }

  #plain(address: number, length: number): Uint8Array {
    return this.#options.core.memory.subarray(address, address + length);
  }

  /** Object-level compression (spec/repository-format.md section 7.3): what is smaller by it is hashed as it then is. */
  async #compressed({ address, length, compression }: Pending): Promise<void> {
    const { crypto } = this.#options;
    let plain = this.#plain(address, length);
    let packed = false;
    if (compression !== 0) {
      const stream = (await crypto.compressors.byId(compression)).compress(plain);
      packed = stream.length + 4 < length;
      if (packed) plain = withHeader(compression, stream);
    }
    const hash = crypto.hasher.hash(plain);
    this.#results.chunk(hash, length, packed);
    if (!this.#isKnown(hash)) await this.#seal(hash, plain.length, plain, 0);
  }

  #isKnown(hash: Uint8Array): boolean {
    this.#key.set(hash, 1);
    return this.#options.known(this.#key);
  }

  /** A promise only where the cipher works asynchronously. */
  #seal(hash: Uint8Array, length: number, data: Uint8Array, compression: number): Promise<void> | undefined {
    const { cipher, ecc } = this.#options.crypto;
    const most = data.length + cipher.overhead;
    const buffer = ecc === undefined ? this.#output.space(most) : this.#sealed.take(most);
    const emit = (sealed: number) => {
      if (ecc === undefined) return this.#output.emit(hash, length, compression, sealed);
      const space = this.#output.space(ecc.encodedLength(sealed));
      this.#output.emit(hash, length, compression, ecc.encode(buffer.subarray(0, sealed), space).length);
    };
    const sealed = cipher.seal(cipherId(hash), data, buffer);
    if (typeof sealed !== 'number') return sealed.then(emit);
    emit(sealed);
    return undefined;
  }
}

/** Memory for bytes on their way, overwritten by the next ones: compressed ones, and sealed ones before error correction. */
class Scratch {
  #bytes = new Uint8Array(0);

  take(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
    return this.#bytes.subarray(0, length);
  }
}
