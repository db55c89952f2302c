import { buzhashTable } from './buzhash.ts';

/** Exports of core.wasm: addresses as globals, functions over addresses and lengths (assembly/README.md). */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  readonly CONTENT: WebAssembly.Global<'i32'>;
  readonly CONTENT_LENGTH: WebAssembly.Global<'i32'>;
  readonly SCRATCH: WebAssembly.Global<'i32'>;
  readonly SCRATCH_LENGTH: WebAssembly.Global<'i32'>;
  readonly STATE: WebAssembly.Global<'i32'>;
  readonly DIGEST: WebAssembly.Global<'i32'>;
  readonly JOBS: WebAssembly.Global<'i32'>;
  readonly DIGESTS: WebAssembly.Global<'i32'>;
  readonly BUZHASH_TABLE: WebAssembly.Global<'i32'>;
  readonly CIPHER_KEY: WebAssembly.Global<'i32'>;
  readonly CIPHER_NONCE: WebAssembly.Global<'i32'>;
  readonly CIPHER_AAD: WebAssembly.Global<'i32'>;
  readonly CIPHER_TAG: WebAssembly.Global<'i32'>;
  buzhashInit(): void;
  buzhashScan(from: number, to: number, mask: number): number;
  rabinKarpInit(): void;
  rabinKarpScan(from: number, to: number, mask: number): number;
  blake2bUpdate(address: number, length: number): void;
  blake2bFinish(address: number, length: number): void;
  blake2bMany(count: number): void;
  blake2sUpdate(address: number, length: number): void;
  blake2sFinish(address: number, length: number): void;
  blake2sMany(count: number): void;
  blake3Update(address: number, length: number): void;
  blake3Finish(address: number, length: number): void;
  sha256Update(address: number, length: number): void;
  sha256Finish(address: number, length: number): void;
  chachaPolyStart(aadLength: number): void;
  chachaPolySeal(source: number, target: number, length: number): void;
  chachaPolyOpen(source: number, target: number, length: number): void;
  chachaPolyFinish(): void;
}

/**
 * One instance of core.wasm with its own memory, which never grows: a view of it stays valid. One a worker; nothing in
 * it outlives a call but what the host puts into the content area, so hashers, splitters and ciphers share one freely.
 */
export class CoreKernel {
  readonly exports: CoreExports;
  /** The whole memory. */
  readonly memory: Uint8Array;
  /** Where the host reads files to: room for the largest content of any splitter and one block of 256 KiB. */
  readonly contentAddress: number;
  /** 16 MiB + 256 KiB. */
  readonly contentCapacity: number;

  private constructor(exports: CoreExports) {
    this.exports = exports;
    this.memory = new Uint8Array(exports.memory.buffer);
    this.contentAddress = exports.CONTENT.value;
    this.contentCapacity = exports.CONTENT_LENGTH.value;
    new Uint32Array(exports.memory.buffer, exports.BUZHASH_TABLE.value, 256).set(buzhashTable);
    exports.buzhashInit();
    exports.rabinKarpInit();
  }

  static create(module: WebAssembly.Module): CoreKernel {
    return new CoreKernel(new WebAssembly.Instance(module).exports as unknown as CoreExports);
  }

  /** Address of data that lies in this memory, else undefined. */
  addressOf(data: Uint8Array): number | undefined {
    return data.buffer === this.memory.buffer ? data.byteOffset : undefined;
  }
}
