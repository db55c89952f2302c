/** Exports of codecs.wasm: functions over addresses and lengths (assembly/compress and assembly/ecc). */
export interface CodecsExports {
  readonly memory: WebAssembly.Memory;
  readonly HEAP: WebAssembly.Global<'i32'>;
  inflate(from: number, length: number, to: number, room: number): number;
  inflateConsumed(): number;
  readonly ECC_PARITY: WebAssembly.Global<'i32'>;
  readonly ECC_TABLES: WebAssembly.Global<'i32'>;
  readonly ECC_PLAIN: WebAssembly.Global<'i32'>;
  readonly ECC_RECORDS: WebAssembly.Global<'i32'>;
  readonly ECC_PARITY_RECORDS: WebAssembly.Global<'i32'>;
  readonly CASTAGNOLI: WebAssembly.Global<'i32'>;
  /** The tables hold one polynomial at a time. */
  usePolynomial(polynomial: number): void;
  crc(at: number, length: number): number;
  s2Encode(from: number, length: number, to: number, patience: number): number;
  s2Decode(from: number, length: number, to: number, room: number): number;
  lz4Decode(from: number, length: number, start: number, to: number, room: number): number;
  xxh32(at: number, length: number): number;
  eccEncode(blocks: number, data: number, parity: number, shard: number, tables: number): void;
  eccParity(data: number, parity: number, shard: number, tables: number): void;
  eccCheck(count: number, shard: number): number;
}

/** Kernels may read and write this many bytes beyond what they are given. */
const SLACK = 64;
/** More is not kept between calls: WebAssembly memory never shrinks. */
const KEPT_MEMORY = 64 * 1024 * 1024;

/** An instance of codecs.wasm whose memory holds one input and one output at a time and grows as they need. */
export class Codecs {
  readonly #module: WebAssembly.Module;
  #exports: CodecsExports | undefined;
  #memory = new Uint8Array(0);

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Calls `work` with the addresses of an input and an output area of at least these lengths; nested calls are wrong. */
  run<T>(input: number, output: number, work: (kernel: CodecsExports, from: number, to: number) => T): T {
    const kernel = (this.#exports ??= new WebAssembly.Instance(this.#module).exports as unknown as CodecsExports);
    const from = kernel.HEAP.value;
    const to = align(from + input + SLACK);
    const missing = to + output + SLACK - kernel.memory.buffer.byteLength;
    if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65536));
    if (this.#memory.buffer !== kernel.memory.buffer) this.#memory = new Uint8Array(kernel.memory.buffer);
    try {
      return work(kernel, from, to);
    } finally {
      if (this.#memory.length > KEPT_MEMORY) {
        this.#exports = undefined;
        this.#memory = new Uint8Array(0);
      }
    }
  }

  /** Inside `run` only: copies bytes into the memory. */
  write(at: number, data: Uint8Array): void {
    this.#memory.set(data, at);
  }

  /** Inside `run` only: a view of the memory. */
  view(at: number, length: number): Uint8Array {
    return this.#memory.subarray(at, at + length);
  }
}

function align(address: number): number {
  return (address + 63) & -64;
}
