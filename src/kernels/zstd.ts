/** Zstandard (RFC 8878) by the runtime, else by zstd-wasm.ts. */
import { joinBytes } from '../bytes/gather.ts';
import type { Native } from '../ports.ts';
import { type Codec, corrupt, tooLong } from './compress.ts';
import { zstdFrames } from './zstd-frame.ts';

export interface ZstdEngine {
  compress(data: Uint8Array, level: number): Uint8Array;
  /** One frame; throws when it is bad or yields more than `limit` bytes. `into` as for a `Compressor`. */
  decompress(frame: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
}

export function zstdCodec(engine: ZstdEngine, level: number): Codec {
  return {
    compress: (data) => engine.compress(data, level),
    decompress(stream, limit, into) {
      const parts: Uint8Array[] = [];
      let left = limit;
      for (const { start, end, least, most } of zstdFrames(stream)) {
        if (least > left) throw tooLong('zstd', limit);
        const data = engine.decompress(stream.subarray(start, end), Math.min(most, left), into?.subarray(limit - left));
        if (data.length < least) throw corrupt('zstd', 'damaged');
        parts.push(data);
        left -= data.length;
      }
      return joinBytes(parts);
    },
  };
}

/** The runtime's own; undefined where it has none. */
export function nativeZstd(native: Native): ZstdEngine | undefined {
  if (native.zstdCompress === undefined || native.zstdDecompress === undefined) return undefined;
  return {
    compress: (data, level) => native.zstdCompress!(data, level),
    decompress: (stream, limit, into) => native.zstdDecompress!(stream, limit, into),
  };
}
