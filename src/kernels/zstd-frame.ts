import { corrupt } from './compress.ts';

const MAGIC = 0xfd2fb528;
/** The low half-byte is free. */
const SKIPPABLE = 0x184d2a5;
const BLOCK_MAXIMUM = 128 * 1024;
/** The largest window any Kopia wrote; a decoder that streams allocates as much. */
const WINDOW_MAXIMUM = 32 * 1024 * 1024;

export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** It yields at least and at most so many bytes, or it is damaged. */
  readonly least: number;
  readonly most: number;
}

/**
 * Walks the frames and block headers of a Zstandard stream (RFC 8878 section 3.1) without decoding, so that a decoder
 * can be given a buffer (Kopia's frames carry no content size) and one frame at a time (Deno's would stop after it).
 * Skippable frames are left out. Throws `corrupt` when the stream is cut off, needs a dictionary or a huge window.
 */
export function* zstdFrames(stream: Uint8Array): Generator<ZstdFrame> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length === 0) throw corrupt('zstd', 'empty');
  for (let start = 0, end: number; start < stream.length; start = end) {
    let frame: ZstdFrame | undefined;
    try {
      const magic = view.getUint32(start, true);
      if (magic >>> 4 === SKIPPABLE) {
        end = start + 8 + view.getUint32(start + 4, true);
      } else {
        if (magic !== MAGIC) throw corrupt('zstd', 'not a frame');
        const header = frameHeader(view, start + 4);
        const blocks = walkBlocks(view, header.end, Math.min(header.window, BLOCK_MAXIMUM));
        end = blocks.end + (header.checksum ? 4 : 0);
        frame = {
          start,
          end,
          least: header.contentSize ?? 0,
          most: Math.min(blocks.most, header.contentSize ?? Infinity),
        };
      }
    } catch (error) {
      if (error instanceof RangeError) throw corrupt('zstd', 'cut off', error);
      throw error;
    }
    if (end > stream.length) throw corrupt('zstd', 'cut off');
    if (frame !== undefined) yield frame;
  }
}

/** Frame header, its section 3.1.1.1; reads beyond the end throw RangeError. */
function frameHeader(view: DataView, start: number) {
  let at = start;
  const descriptor = view.getUint8(at++);
  if ((descriptor & 0x08) !== 0) throw corrupt('zstd', 'of an unknown form');
  const single = (descriptor & 0x20) !== 0;
  let window = 0;
  if (!single) {
    const byte = view.getUint8(at++);
    window = 2 ** (10 + (byte >> 3)) * (1 + (byte & 7) / 8);
  }
  for (const size = [0, 1, 2, 4][descriptor & 3], end = at + size; at < end; at++)
    if (view.getUint8(at) !== 0) throw corrupt('zstd', 'made with a dictionary');
  let contentSize: number | undefined;
  const sizeFlag = descriptor >> 6;
  if (sizeFlag === 0 && single) contentSize = view.getUint8(at);
  else if (sizeFlag === 1) contentSize = view.getUint16(at, true) + 256;
  else if (sizeFlag === 2) contentSize = view.getUint32(at, true);
  else if (sizeFlag === 3) contentSize = Number(view.getBigUint64(at, true));
  at += sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  if (!single && window > WINDOW_MAXIMUM)
    throw corrupt('zstd', `made with a window of ${window} bytes, which is too large`);
  return { end: at, window: single ? (contentSize ?? 0) : window, contentSize, checksum: (descriptor & 0x04) !== 0 };
}

/** Blocks, section 3.1.1.2: a raw or run-length block tells its size, a compressed one holds at most `maximum`. */
function walkBlocks(view: DataView, start: number, maximum: number) {
  let at = start;
  let most = 0;
  for (let last = false; !last;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const size = header >> 3;
    const type = (header >> 1) & 3;
    if (type === 3 || size > BLOCK_MAXIMUM) throw corrupt('zstd', 'damaged');
    most += type === 2 ? maximum : size;
    at += 3 + (type === 1 ? 1 : size);
    last = (header & 1) === 1;
  }
  return { end: at, most };
}
