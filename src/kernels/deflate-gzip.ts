import { joinBytes } from '../bytes/gather.ts';
import type { Codecs } from './codecs.ts';
import { corrupt } from './compress.ts';
import { crc32 } from './crc32.ts';
import { inflate } from './deflate-inflate.ts';
import { writeDeflate } from './deflate-writer.ts';

const HEADER_CRC = 2;
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;

/** One member without a name; its time is zero, so that equal input gives equal bytes. */
export function writeGzip(data: Uint8Array): Uint8Array {
  const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
  const trailer = new Uint8Array(8);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, crc32(data), true);
  view.setUint32(4, data.length, true);
  return joinBytes([header, writeDeflate(data), trailer]);
}

/** All members of a gzip stream, each with its checksum and length checked; bytes after them are an error, as in Go. */
export function readGzip(codecs: Codecs, stream: Uint8Array, limit: number): Uint8Array {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const parts: Uint8Array[] = [];
  let length = 0;
  let at = 0;
  do {
    const { data, end } = inflate(codecs, stream, gzipHeader(stream, view, at), limit - length);
    if (end + 8 > stream.length) throw corrupt('gzip', 'cut off');
    if (view.getUint32(end, true) !== crc32(data)) throw corrupt('gzip', 'damaged: its checksum differs');
    if (view.getUint32(end + 4, true) !== data.length) throw corrupt('gzip', 'damaged: its length differs');
    parts.push(data);
    length += data.length;
    at = end + 8;
  } while (at < stream.length);
  return joinBytes(parts);
}

/** Section 2.3; returns where the compressed data begins. */
function gzipHeader(stream: Uint8Array, view: DataView, start: number): number {
  if (start + 18 > stream.length) throw corrupt('gzip', 'cut off');
  if (view.getUint32(start) >>> 8 !== 0x1f8b08) throw corrupt('gzip', 'not gzip');
  const flags = stream[start + 3];
  let at = start + 10;
  if (flags & EXTRA) at += 2 + view.getUint16(at, true);
  for (const flag of [NAME, COMMENT]) {
    if ((flags & flag) === 0) continue;
    while (at < stream.length && stream[at] !== 0) at++;
    at++;
  }
  if (flags & HEADER_CRC) at += 2;
  if (at >= stream.length) throw corrupt('gzip', 'cut off');
  return at;
}
