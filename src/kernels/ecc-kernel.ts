import type { CodecsExports } from './codecs.ts';
import type { EccEngine, EccTables } from './ecc-engine.ts';
import { multiply, type Matrix } from './ecc-field.ts';
import { PREFIX } from './ecc-geometry.ts';

/** The engine on codecs.wasm (assembly/ecc), with an instance of its own; the memory never grows. */
export class EccKernel implements EccEngine {
  readonly capacity = 512 * 1024;
  readonly #kernel: CodecsExports;
  readonly #memory: Uint8Array;
  #nextTable: number;

  constructor(module: WebAssembly.Module) {
    this.#kernel = new WebAssembly.Instance(module).exports as unknown as CodecsExports;
    this.#memory = new Uint8Array(this.#kernel.memory.buffer);
    this.#nextTable = this.#kernel.ECC_TABLES.value;
  }

  /** Writes the nibble tables of these rows; returns their address. */
  addTables(rows: Matrix): number {
    const address = this.#nextTable;
    for (const row of rows)
      for (const factor of row)
        for (const shift of [0, 4])
          for (let nibble = 0; nibble < 16; nibble++)
            this.#memory[this.#nextTable++] = multiply(factor, nibble << shift);
    return address;
  }

  plain(length: number): Uint8Array {
    return this.#view(this.#kernel.ECC_PLAIN.value, length);
  }

  records(length: number): Uint8Array {
    return this.#view(this.#kernel.ECC_RECORDS.value, length);
  }

  encode(blocks: number, { data, parity, address }: EccTables, shard: number) {
    this.#kernel.eccEncode(blocks, data, parity, shard, address);
    return {
      data: this.records(blocks * data * (PREFIX + shard)),
      parity: this.#view(this.#kernel.ECC_PARITY_RECORDS.value, blocks * parity * (PREFIX + shard)),
    };
  }

  check(count: number, shard: number) {
    const bad: number[] = [];
    if (this.#kernel.eccCheck(count, shard) > 0) {
      const flags = this.#view(this.#kernel.ECC_PARITY.value, count);
      for (let i = 0; i < count; i++) if (flags[i] !== 0) bad.push(i);
    }
    return { plain: this.plain(count * shard), bad };
  }

  parity({ data, parity, address }: EccTables, shard: number): Uint8Array {
    this.#kernel.eccParity(data, parity, shard, address);
    return this.#view(this.#kernel.ECC_PARITY_RECORDS.value, parity * shard);
  }

  #view(address: number, length: number): Uint8Array {
    return this.#memory.subarray(address, address + length);
  }
}
