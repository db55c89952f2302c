import { crc32 } from './crc32.ts';
import type { EccEngine, EccTables } from './ecc-engine.ts';
import { addScaled } from './ecc-field.ts';
import { PREFIX } from './ecc-geometry.ts';

/** The engine in plain TypeScript: the kernel's oracle, and its stand-in where WebAssembly has no SIMD. */
export class EccScalar implements EccEngine {
  readonly capacity = 256 * 1024;
  #plain = new Uint8Array(0);
  #records = new Uint8Array(0);

  plain(length: number): Uint8Array {
    if (this.#plain.length < length) this.#plain = new Uint8Array(length);
    return this.#plain.subarray(0, length);
  }

  records(length: number): Uint8Array {
    if (this.#records.length < length) this.#records = new Uint8Array(length);
    return this.#records.subarray(0, length);
  }

  encode(blocks: number, code: EccTables, shard: number) {
    const plain = this.#plain;
    const size = code.data * shard;
    const parity: Uint8Array[] = [];
    for (let block = 0; block < blocks; block++) parity.push(parityOf(plain.subarray(block * size), code, shard));
    return {
      data: toRecords([plain.subarray(0, blocks * size)], shard),
      parity: toRecords(parity, shard),
    };
  }

  check(count: number, shard: number) {
    const plain = this.plain(count * shard);
    const view = new DataView(this.#records.buffer);
    const bad: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = i * (PREFIX + shard);
      const body = this.#records.subarray(at + PREFIX, at + PREFIX + shard);
      plain.set(body, i * shard);
      if (view.getUint32(at) !== crc32(body)) bad.push(i);
    }
    return { plain, bad };
  }

  parity(code: EccTables, shard: number): Uint8Array {
    return parityOf(this.#plain, code, shard);
  }
}

function parityOf(plain: Uint8Array, { rows, parity }: EccTables, shard: number): Uint8Array {
  const result = new Uint8Array(parity * shard);
  rows.forEach((row, r) => {
    const out = result.subarray(r * shard, (r + 1) * shard);
    row.forEach((factor, d) => addScaled(out, plain.subarray(d * shard, (d + 1) * shard), factor));
  });
  return result;
}

function toRecords(parts: readonly Uint8Array[], shard: number): Uint8Array {
  const shards = parts.reduce((sum, part) => sum + part.length / shard, 0);
  const result = new Uint8Array(shards * (PREFIX + shard));
  const view = new DataView(result.buffer);
  let to = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; from += shard) {
      const body = part.subarray(from, from + shard);
      view.setUint32(to, crc32(body));
      result.set(body, to + PREFIX);
      to += PREFIX + shard;
    }
  }
  return result;
}
