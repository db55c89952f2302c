import type { Codecs } from './codecs.ts';
import { corrupt, tooLong } from './compress.ts';

/** How many bytes a stream of this length can yield: each symbol takes two bits at least and yields up to 258 bytes. */
export function inflatedBound(length: number, limit: number): number {
  return Math.min(limit, length * 1032);
}

/**
 * Inflates the raw DEFLATE stream that begins at `from`; `end` is the offset after its last byte.
 * Throws `corrupt` when it is bad or yields more than `limit` bytes.
 */
export function inflate(codecs: Codecs, stream: Uint8Array, from: number, limit: number) {
  const length = stream.length - from;
  const room = inflatedBound(length, limit);
  return codecs.run(length, room, (kernel, input, output) => {
    codecs.write(input, stream.subarray(from));
    const result = kernel.inflate(input, length, output, room);
    if (result === -2) throw tooLong('deflate', limit);
    if (result < 0) throw corrupt('deflate', result === -3 ? 'cut off' : 'damaged');
    return { data: codecs.view(output, result).slice(), end: from + kernel.inflateConsumed() };
  });
}
