import type { ContentWriter } from '../content/types.ts';
import type { Splitter } from '../kernels/types.ts';
import { encodeIndirect, type IndirectEntry } from './indirect.ts';

/** How objects of one repository are written. */
export interface ObjectWriterOptions {
  contents: ContentWriter;
  /** A fresh splitter of the repository's default. */
  newSplitter(): Splitter;
  /** Header ID for index objects (the policy's metadata compression). */
  metadataCompression: number;
  /**
   * Object-level compression of index version 1 (section 7.3): gives the payload when compression makes it smaller.
   * Absent in repositories that compress at content level.
   */
  compressObject?(data: Uint8Array, compression: number): Promise<Uint8Array | undefined>;
}

/** Finished chunks of an object become its ID: the one chunk's, or that of an index object (section 13.3). */
export async function finishObject(
  options: ObjectWriterOptions,
  chunks: readonly IndirectEntry[],
  prefix: string,
): Promise<string> {
  if (chunks.length === 1) return chunks[0].object;
  const index = encodeIndirect(chunks);
  return 'I' + (await writeObject(options, index, prefix === '' ? 'x' : prefix, options.metadataCompression));
}

/** Writes one chunk; `Z` marks a payload that was compressed before it became a content. */
export async function writeChunk(
  options: ObjectWriterOptions,
  data: Uint8Array,
  prefix: string,
  compression: number,
): Promise<string> {
  if (options.compressObject !== undefined && prefix === '' && compression !== 0) {
    const payload = await options.compressObject(data, compression);
    if (payload !== undefined) return 'Z' + (await options.contents.write(payload, prefix, 0));
  }
  return options.contents.write(data, prefix, compression);
}

/** Writes bytes that are in memory as an object; returns its ID. */
export async function writeObject(
  options: ObjectWriterOptions,
  data: Uint8Array,
  prefix: string,
  compression: number,
  splitter: Splitter = options.newSplitter(),
): Promise<string> {
  const chunks: IndirectEntry[] = [];
  splitter.reset();
  let start = 0;
  while (start < data.length) {
    const rest = data.subarray(start);
    const cut = splitter.scan(rest, 0, rest.length);
    const length = cut < 0 ? rest.length : cut;
    chunks.push({ start, length, object: await writeChunk(options, rest.subarray(0, length), prefix, compression) });
    start += length;
  }
  if (chunks.length === 0)
    chunks.push({ start: 0, length: 0, object: await writeChunk(options, data, prefix, compression) });
  return finishObject(options, chunks, prefix);
}

/**
 * Writes a stream as an object, one chunk in memory; returns its ID and length. With `partSize` the splitter begins anew
 * after so many bytes, as in uploads of big files; a last part without bytes is an empty chunk.
 */
export async function writeStream(
  options: ObjectWriterOptions,
  source: AsyncIterable<Uint8Array>,
  prefix: string,
  compression: number,
  splitter: Splitter = options.newSplitter(),
  partSize = Infinity,
): Promise<{ id: string; length: number }> {
  const chunks: IndirectEntry[] = [];
  splitter.reset();
  const buffer = new Uint8Array(splitter.maximum + 1);
  let have = 0;
  let start = 0;
  let left = partSize;
  let partIsEmpty = true;
  const emit = async (length: number) => {
    chunks.push({ start, length, object: await writeChunk(options, buffer.slice(0, length), prefix, compression) });
    start += length;
    partIsEmpty = false;
    buffer.copyWithin(0, length, have);
    have -= length;
  };
  for await (const piece of source) {
    let at = 0;
    while (at < piece.length) {
      const take = Math.min(piece.length - at, buffer.length - have, left);
      buffer.set(piece.subarray(at, at + take), have);
      at += take;
      left -= take;
      let seen = have;
      have += take;
      for (;;) {
        const cut = splitter.scan(buffer, seen, have);
        if (cut < 0) break;
        await emit(cut);
        seen = 0;
      }
      if (left > 0) continue;
      if (have > 0) await emit(have);
      splitter.reset();
      left = partSize;
      partIsEmpty = true;
    }
  }
  if (have > 0 || partIsEmpty) await emit(have);
  return { id: await finishObject(options, chunks, prefix), length: start };
}
