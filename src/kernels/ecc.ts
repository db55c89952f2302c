/** Error correction around sealed bytes (spec/repository-format.md section 6). */
import { CairnError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import type { EccEngine, EccTables } from './ecc-engine.ts';
import { parityMatrix } from './ecc-field.ts';
import {
  decodeGeometry,
  type EccCode,
  type EccGeometry,
  eccParameters,
  type EccParameters,
  encodedLength,
  encodeGeometry,
  PREFIX,
} from './ecc-geometry.ts';
import { EccKernel } from './ecc-kernel.ts';
import { rebuild } from './ecc-repair.ts';
import { EccScalar } from './ecc-scalar.ts';
import type { Ecc } from './types.ts';

export const eccNames: readonly string[] = ['REED-SOLOMON-CRC32'];

/**
 * Error correction by Kopia's name with a space overhead of 1 to 100 percent. `module` is codecs.wasm; without it plain
 * TypeScript does the work. Throws `unknown-algorithm` and `invalid-argument`.
 */
export function createEcc(name: string, percent: number, module?: WebAssembly.Module): Ecc {
  if (!eccNames.includes(name))
    throw new CairnError('unknown-algorithm', `unknown error correction algorithm '${name}'`, {
      data: { name },
      hint: `one of ${eccNames.join(', ')}`,
    });
  if (!Number.isInteger(percent) || percent < 1 || percent > 100)
    throw new CairnError('invalid-argument', `error correction overhead must be 1 to 100 percent, not ${percent}`);
  const parameters = eccParameters(percent);
  if (module === undefined) return new ReedSolomon(parameters, new EccScalar(), () => 0);
  const kernel = new EccKernel(module);
  return new ReedSolomon(parameters, kernel, (rows) => kernel.addTables(rows));
}

class ReedSolomon implements Ecc {
  readonly #parameters: EccParameters;
  readonly #engine: EccEngine;
  readonly #addTables: (rows: Uint8Array[]) => number;
  readonly #tables = new Map<EccCode, EccTables>();

  constructor(parameters: EccParameters, engine: EccEngine, addTables: (rows: Uint8Array[]) => number) {
    this.#parameters = parameters;
    this.#engine = engine;
    this.#addTables = addTables;
  }

  encodedLength(length: number): number {
    return encodedLength(encodeGeometry(this.#parameters, length), length);
  }

  encode(data: Uint8Array, into?: Uint8Array): Uint8Array {
    const geometry = encodeGeometry(this.#parameters, data.length);
    const { code, shard, blocks } = geometry;
    const tables = this.#tablesOf(code);
    const record = PREFIX + shard;
    const parityLength = blocks * code.parity * record;
    const length = encodedLength(geometry, data.length);
    const result = into?.subarray(0, length) ?? new Uint8Array(length);
    const blockLength = code.data * shard;
    const step = Math.floor(this.#engine.capacity / blockLength);
    for (let block = 0; block < blocks; block += step) {
      const count = Math.min(step, blocks - block);
      const plain = this.#engine.plain(count * blockLength);
      fill(plain, data, block * blockLength);
      const records = this.#engine.encode(count, tables, shard);
      result.set(records.parity, block * code.parity * record);
      const at = parityLength + block * code.data * record;
      result.set(records.data.subarray(0, result.length - at), at);
    }
    return result;
  }

  decode(stored: Uint8Array): { data: Uint8Array; repaired: number } {
    const geometry = decodeGeometry(this.#parameters, stored.length);
    const { code, shard, blocks } = geometry;
    const record = PREFIX + shard;
    const dataStart = blocks * code.parity * record;
    if (stored.length <= dataStart + PREFIX) throw corrupt('cut off', stored);
    const blockLength = code.data * shard;
    const step = Math.floor(this.#engine.capacity / blockLength);
    // The buffer begins with the length of the data.
    const buffer = new Uint8Array(blocks * blockLength);
    let repaired = 0;
    for (let block = 0; block < blocks; block += step) {
      const start = dataStart + block * code.data * record;
      const end = Math.min(start + step * code.data * record, stored.length);
      // What lies beyond the stored bytes is known to be zero.
      const count = Math.max(0, Math.ceil((end - start) / record));
      if (count === 0) break;
      const records = this.#engine.records(count * record);
      records.fill(0, end - start);
      records.set(stored.subarray(start, end));
      const { plain, bad } = this.#engine.check(count, shard);
      buffer.set(plain, block * blockLength);
      for (let i = 0; i < bad.length;) {
        const inBlock = Math.floor(bad[i] / code.data);
        const missing: number[] = [];
        for (; i < bad.length && bad[i] < (inBlock + 1) * code.data; i++) missing.push(bad[i] - inBlock * code.data);
        this.#repair(stored, geometry, block + inBlock, buffer, missing);
        repaired += missing.length;
      }
    }
    const length = new DataView(buffer.buffer).getUint32(0);
    if (length > buffer.length - PREFIX) throw corrupt('damaged: its length is impossible', stored);
    return { data: buffer.subarray(PREFIX, PREFIX + length), repaired };
  }

  /** Rebuilds the data shards `missing` of a block in `buffer`. */
  #repair(stored: Uint8Array, geometry: EccGeometry, block: number, buffer: Uint8Array, missing: number[]): void {
    const { code, shard } = geometry;
    const record = PREFIX + shard;
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    const parity: Uint8Array[] = [];
    const good: number[] = [];
    for (let row = 0; row < code.parity; row++) {
      const at = (block * code.parity + row) * record;
      const body = stored.subarray(at + PREFIX, at + record);
      parity.push(body);
      if (view.getUint32(at) === crc32(body)) good.push(row);
    }
    if (missing.length > good.length)
      throw new CairnError('corrupt', 'too much is damaged for error correction to repair', {
        data: { block, damaged: missing.length, repairable: good.length },
        hint: 'restore the blob from another copy of the repository',
      });
    const bytes = buffer.subarray(block * code.data * shard, (block + 1) * code.data * shard);
    for (const i of missing) bytes.fill(0, i * shard, (i + 1) * shard);
    const tables = this.#tablesOf(code);
    this.#engine.plain(bytes.length).set(bytes);
    rebuild(bytes, missing, this.#engine.parity(tables, shard), parity, good, tables, shard);
  }

  #tablesOf(code: EccCode): EccTables {
    const known = this.#tables.get(code);
    if (known !== undefined) return known;
    const rows = parityMatrix(code.data, code.parity);
    const made = { ...code, rows, address: this.#addTables(rows) };
    this.#tables.set(code, made);
    return made;
  }
}

/** Fills `piece` with the bytes from `start` on of: length, data, zeros. */
function fill(piece: Uint8Array, data: Uint8Array, start: number): void {
  let at = 0;
  if (start === 0) {
    new DataView(piece.buffer, piece.byteOffset).setUint32(0, data.length);
    at = PREFIX;
  }
  const part = data.subarray(start + at - PREFIX, start + piece.length - PREFIX);
  piece.set(part, at);
  piece.fill(0, at + part.length);
}

function corrupt(why: string, stored: Uint8Array): CairnError {
  return new CairnError('corrupt', `data with error correction is ${why}`, { data: { length: stored.length } });
}
