/** Zstandard by the reference library compiled to WebAssembly: the binary of @bokuweb/zstd-wasm without its glue. */
import { copyInto } from '../bytes/gather.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { corrupt, tooLong } from './compress.ts';
import type { ZstdEngine } from './zstd.ts';

/** The binary's exports; its linker gave them one-letter names. */
interface Exports {
  memory: WebAssembly.Memory;
  isError(result: number): number;
  compressBound(length: number): number;
  createCCtx(): number;
  compress(
    ctx: number,
    to: number,
    room: number,
    from: number,
    length: number,
    dict: 0,
    dictLength: 0,
    level: number,
  ): number;
  createDCtx(): number;
  decompress(ctx: number, to: number, room: number, from: number, length: number, dict: 0, dictLength: 0): number;
  malloc(length: number): number;
  free(address: number): void;
}

/** More than this is not kept between calls: WebAssembly memory never shrinks. */
const KEPT_MEMORY = 128 * 1024 * 1024;
const MEMORY_MAXIMUM = 1024 * 1024 * 1024;
const DESTINATION_TOO_SMALL = -70;

/** Contexts and buffers live as long as the instance: making them costs more than compressing a small content. */
export class ZstdWasm implements ZstdEngine {
  readonly #module: WebAssembly.Module;
  #exports: Exports | undefined;
  #compressor = 0;
  #decompressor = 0;
  #input = { at: 0, length: 0 };
  #output = { at: 0, length: 0 };

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  compress(data: Uint8Array, level: number): Uint8Array {
    return this.#run((zstd) => {
      const room = zstd.compressBound(data.length);
      const to = reserve(zstd, this.#output, room);
      const from = this.#put(zstd, data);
      this.#compressor ||= present(zstd.createCCtx());
      const length = zstd.compress(this.#compressor, to, room, from, data.length, 0, 0, level);
      if (zstd.isError(length)) throw new CairnError('internal', `zstd failed to compress (${length})`);
      return new Uint8Array(zstd.memory.buffer, to, length).slice();
    });
  }

  decompress(stream: Uint8Array, limit: number, into?: Uint8Array): Uint8Array {
    return this.#run((zstd) => {
      const to = reserve(zstd, this.#output, limit);
      const from = this.#put(zstd, stream);
      this.#decompressor ||= present(zstd.createDCtx());
      const length = zstd.decompress(this.#decompressor, to, limit, from, stream.length, 0, 0);
      if (length === DESTINATION_TOO_SMALL) throw tooLong('zstd', limit);
      if (zstd.isError(length)) throw corrupt('zstd', `damaged (${length})`);
      return copyInto(new Uint8Array(zstd.memory.buffer, to, length), into);
    });
  }

  #run(work: (zstd: Exports) => Uint8Array): Uint8Array {
    const zstd = (this.#exports ??= instantiate(this.#module));
    let kept = false;
    try {
      const result = work(zstd);
      kept = true;
      return result;
    } catch (error) {
      kept = isCairnError(error, 'corrupt'); // a trap may leave anything behind
      throw error;
    } finally {
      if (!kept || zstd.memory.buffer.byteLength > KEPT_MEMORY) this.#forget();
    }
  }

  #forget(): void {
    this.#exports = undefined;
    this.#compressor = this.#decompressor = 0;
    this.#input = { at: 0, length: 0 };
    this.#output = { at: 0, length: 0 };
  }

  #put(zstd: Exports, data: Uint8Array): number {
    const at = reserve(zstd, this.#input, data.length);
    new Uint8Array(zstd.memory.buffer, at, data.length).set(data);
    return at;
  }
}

function present(address: number): number {
  if (address === 0) throw new CairnError('internal', 'zstd has no memory left');
  return address;
}

/** Makes the buffer hold `length` bytes; what it held before is lost. */
function reserve(zstd: Exports, buffer: { at: number; length: number }, length: number): number {
  if (buffer.length >= length && buffer.at !== 0) return buffer.at;
  zstd.free(buffer.at);
  buffer.length = Math.ceil((length + 1) / 65536) * 65536;
  buffer.at = present(zstd.malloc(buffer.length));
  return buffer.at;
}

const stop = () => {
  throw new CairnError('internal', 'zstd stopped');
};

function instantiate(module: WebAssembly.Module): Exports {
  const grow = (wanted: number): number => {
    if (wanted >>> 0 > MEMORY_MAXIMUM) return 0; // the library then reports that it has no memory
    try {
      memory.grow(Math.ceil(((wanted >>> 0) - memory.buffer.byteLength) / 65536));
      return 1;
    } catch {
      return 0;
    }
  };
  // Ending the process, keeping it alive, stopping it, timers, more memory.
  const imports = { a: { a: stop, b: () => {}, c: stop, d: () => 0, e: grow } };
  const raw = new WebAssembly.Instance(module, imports).exports as Record<string, never>;
  const memory: WebAssembly.Memory = raw.f;
  (raw.g as () => void)();
  return {
    memory,
    isError: raw.h,
    compressBound: raw.i,
    createCCtx: raw.j,
    compress: raw.l,
    createDCtx: raw.n,
    decompress: raw.q,
    malloc: raw.s,
    free: raw.t,
  };
}
