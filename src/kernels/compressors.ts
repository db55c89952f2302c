/** The compressors of the format by name and by header ID (spec/repository-format.md section 7.1). */
import { CairnError } from '../errors.ts';
import type { Native, Ports, WasmName } from '../ports.ts';
import { Codecs } from './codecs.ts';
import { checkedCompressor, type Codec } from './compress.ts';
import { deflateCodec, gzipCodec, kernelDeflate, nativeDeflate } from './deflate.ts';
import { lz4Codec } from './lz4.ts';
import { s2Codec } from './s2.ts';
import type { Compressor } from './types.ts';
import { nativeZstd, zstdCodec } from './zstd.ts';
import { ZstdWasm } from './zstd-wasm.ts';

export interface CompressorInfo {
  readonly name: string;
  /** Header ID, as in index entries and before every compressed payload. */
  readonly id: number;
  /** Kopia still reads and writes it but advises against it. */
  readonly deprecated: boolean;
  /** False where it can only be read. */
  readonly writable: boolean;
}

type Family = 'gzip' | 'zstd' | 's2' | 'lz4' | 'deflate';

/**
 * Levels of zlib and zstd, patience of S2. Any valid stream may stand under a name, so they were chosen by measuring text, code and
 * binaries: the fastest whose sizes stay within 6 % of Kopia's. (zstd's level 1 is up to 39 % above `zstd-fastest`;
 * level 1 of the zlib in Deno and Bun 25 % above the best-speed names.)
 */
const rows: readonly [name: string, id: number, family: Family, level: number][] = [
  ['gzip', 0x1000, 'gzip', 6],
  ['gzip-best-speed', 0x1001, 'gzip', 2],
  ['gzip-best-compression', 0x1002, 'gzip', 9],
  ['zstd', 0x1100, 'zstd', 3],
  ['zstd-fastest', 0x1101, 'zstd', 2],
  ['zstd-better-compression', 0x1102, 'zstd', 5],
  ['zstd-best-compression', 0x1103, 'zstd', 8],
  ['s2-default', 0x1200, 's2', 6],
  ['s2-better', 0x1201, 's2', 8],
  ['s2-parallel-4', 0x1202, 's2', 6],
  ['s2-parallel-8', 0x1203, 's2', 6],
  ['pgzip', 0x1300, 'gzip', 6],
  ['pgzip-best-speed', 0x1301, 'gzip', 2],
  ['pgzip-best-compression', 0x1302, 'gzip', 9],
  ['lz4', 0x1400, 'lz4', 0],
  ['deflate-default', 0x1500, 'deflate', 6],
  ['deflate-best-speed', 0x1501, 'deflate', 2],
  ['deflate-best-compression', 0x1502, 'deflate', 9],
];

interface Row extends CompressorInfo {
  readonly family: Family;
  readonly level: number;
}

const table: readonly Row[] = rows.map(([name, id, family, level]) => ({
  name,
  id,
  family,
  level,
  deprecated: name === 'lz4' || name === 'zstd-best-compression',
  writable: family !== 'lz4',
}));

/** Every name, in the order of header IDs. */
export const compressorNames: readonly string[] = table.map((row) => row.name);

function rowByName(name: string): Row {
  const row = table.find((each) => each.name === name);
  if (row !== undefined) return row;
  throw new CairnError('unknown-algorithm', `unknown compression algorithm '${name}'`, {
    data: { name },
    hint: `one of ${compressorNames.join(', ')}`,
  });
}

function rowById(id: number): Row {
  const row = table.find((each) => each.id === id);
  if (row !== undefined) return row;
  throw new CairnError('unknown-algorithm', `unknown compression header ID 0x${id.toString(16)}`, { data: { id } });
}

/** Throws `unknown-algorithm` when there is no such name. */
export function compressorByName(name: string): CompressorInfo {
  return rowByName(name);
}

/** Throws `unknown-algorithm` when there is no such header ID. */
export function compressorById(id: number): CompressorInfo {
  return rowById(id);
}

/** Makes compressors, loading the WebAssembly modules they need at their first use and only once. */
export class Compressors {
  readonly #native: Native;
  readonly #wasm: Ports['wasm'];
  readonly #made = new Map<number, Promise<Compressor>>();
  readonly #loaded = new Map<WasmName, Promise<unknown>>();

  constructor(ports: Pick<Ports, 'native' | 'wasm'>) {
    this.#native = ports.native;
    this.#wasm = ports.wasm;
  }

  /** Rejects with `unknown-algorithm` when there is no such name. */
  async byName(name: string): Promise<Compressor> {
    return this.#get(rowByName(name));
  }

  /** Rejects with `unknown-algorithm` when there is no such header ID. */
  async byId(id: number): Promise<Compressor> {
    return this.#get(rowById(id));
  }

  #get(row: Row): Promise<Compressor> {
    return once(this.#made, row.id, async () => checkedCompressor(row.name, row.id, await this.#codec(row)));
  }

  async #codec({ family, level }: Row): Promise<Codec> {
    if (family === 'zstd') return zstdCodec(nativeZstd(this.#native) ?? (await this.#load('zstd', ZstdWasm)), level);
    if (family === 's2') return s2Codec(await this.#load('codecs', Codecs), level);
    if (family === 'lz4') return lz4Codec(await this.#load('codecs', Codecs));
    const engine = nativeDeflate(this.#native) ?? kernelDeflate(await this.#load('codecs', Codecs));
    return family === 'gzip' ? gzipCodec(engine, level) : deflateCodec(engine, level);
  }

  #load<T>(name: WasmName, Engine: new (module: WebAssembly.Module) => T): Promise<T> {
    return once(this.#loaded as Map<WasmName, Promise<T>>, name, async () => new Engine(await this.#wasm(name)));
  }
}

/** Remembers what is being made, but not a failure. */
function once<K, V>(known: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
    value.catch(() => known.delete(key));
  }
  return value;
}
