import { CairnError } from '../errors.ts';
import type { Compressor } from './types.ts';

/** What a family of compressors gives; `checkedCompressor` adds name, ID and errors. */
export interface Codec {
  compress(data: Uint8Array): Uint8Array;
  /** May throw anything on bad input, and allocates little more than `limit` bytes. `into` as for a `Compressor`. */
  decompress(stream: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
}

export function checkedCompressor(name: string, id: number, codec: Codec): Compressor {
  return {
    name,
    id,
    compress: (data) => codec.compress(data),
    decompress(stream, limit, into) {
      let data: Uint8Array;
      try {
        data = codec.decompress(stream, limit, into);
      } catch (error) {
        if (error instanceof CairnError) throw error;
        throw corrupt(name, `damaged, or longer than ${limit} bytes`, error);
      }
      if (data.length > limit) throw tooLong(name, limit);
      return data;
    },
  };
}

/** The error of compressed data that cannot be read. */
export function corrupt(name: string, why: string, cause?: unknown): CairnError {
  return new CairnError('corrupt', `${name} data is ${why}`, { cause, data: { compressor: name } });
}

export function tooLong(name: string, limit: number): CairnError {
  return corrupt(name, `longer than the ${limit} bytes expected`);
}
