/** LZ4 frames (LZ4 frame format 1.6), read only: Kopia wrote them once and no longer does. */
import { CairnError } from '../errors.ts';
import type { Codecs } from './codecs.ts';
import { type Codec, corrupt, tooLong } from './compress.ts';

const MAGIC = 0x184d2204;
const LINKED_WINDOW = 65536;

export function lz4Codec(codecs: Codecs): Codec {
  return {
    compress() {
      throw new CairnError('unsupported', 'lz4 can be read but not written: Kopia has dropped it', {
        hint: 'choose another compression, such as s2-default or zstd-fastest',
      });
    },
    decompress: (stream, limit) => decompress(codecs, stream, limit),
  };
}

interface Header {
  readonly end: number;
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  readonly blockMaximum: number;
}

function decompress(codecs: Codecs, stream: Uint8Array, limit: number): Uint8Array {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const room = Math.min(limit, stream.length * 255);
  // The whole frame lies in the kernel's memory, since matches may reach into the block before.
  return codecs.run(stream.length, room, (kernel, from, to) => {
    codecs.write(from, stream);
    const check = (start: number, end: number) => {
      if (view.getUint32(end, true) !== kernel.xxh32(from + start, end - start) >>> 0)
        throw corrupt('lz4', 'damaged: a checksum differs');
    };
    let out = 0;
    try {
      const header = readHeader(view);
      if (stream[header.end - 1] !== ((kernel.xxh32(from + 4, header.end - 5) >>> 8) & 0xff))
        throw corrupt('lz4', 'damaged: its header checksum differs');
      let at = header.end;
      for (;;) {
        const word = view.getUint32(at, true);
        at += 4;
        if (word === 0) break;
        const size = word & 0x7fffffff;
        if (size > header.blockMaximum || at + size > stream.length) throw corrupt('lz4', 'damaged or cut off');
        if (word >>> 31 === 1) {
          if (size > room - out) throw tooLong('lz4', limit);
          codecs.view(to + out, size).set(stream.subarray(at, at + size));
          out += size;
        } else {
          const start = header.linked ? to + Math.max(0, out - LINKED_WINDOW) : to + out;
          const most = Math.min(room - out, header.blockMaximum);
          const length = kernel.lz4Decode(from + at, size, start, to + out, most);
          if (length === -2 && most === room - out) throw tooLong('lz4', limit);
          if (length < 0) throw corrupt('lz4', 'damaged');
          out += length;
        }
        at += size;
        if (header.blockChecksums) {
          check(at - size, at);
          at += 4;
        }
      }
      if (header.contentChecksum && view.getUint32(at, true) !== kernel.xxh32(to, out) >>> 0)
        throw corrupt('lz4', 'damaged: its checksum differs');
      at += header.contentChecksum ? 4 : 0;
      if (at !== stream.length) throw corrupt('lz4', 'damaged: bytes follow its end');
    } catch (error) {
      if (error instanceof RangeError) throw corrupt('lz4', 'cut off', error);
      throw error;
    }
    return codecs.view(to, out).slice();
  });
}

/** Frame descriptor; reads beyond the end throw RangeError. */
function readHeader(view: DataView): Header {
  if (view.getUint32(0, true) !== MAGIC) throw corrupt('lz4', 'not a frame');
  const flags = view.getUint8(4);
  const blockSize = (view.getUint8(5) >> 4) & 7;
  if (flags >> 6 !== 1 || (flags & 2) !== 0 || blockSize < 4) throw corrupt('lz4', 'of an unknown form');
  if ((flags & 1) !== 0) throw corrupt('lz4', 'made with a dictionary');
  const end = 7 + ((flags & 8) === 0 ? 0 : 8);
  if (end > view.byteLength) throw corrupt('lz4', 'cut off');
  return {
    end,
    linked: (flags & 0x20) === 0,
    blockChecksums: (flags & 0x10) !== 0,
    contentChecksum: (flags & 0x04) !== 0,
    blockMaximum: 1 << (8 + 2 * blockSize),
  };
}
