import { Buffer } from 'node:buffer';
import { sep } from 'node:path';
import { hasRawBytes, nameToBytes } from '../../src/bytes/name.ts';

/** What `node:fs` takes for a path: the text itself, or bytes when a name in it is not valid UTF-8. */
export function systemPath(path: string): string | Buffer {
  return hasRawBytes(path) ? bytesPath(path) : path;
}

export function bytesPath(path: string): Buffer {
  const bytes = nameToBytes(path);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** True when decoding may have lost bytes, so that the name must be asked for again as bytes. */
export function looksAltered(name: string): boolean {
  return name.includes('\ufffd');
}

export function nameJoin(directory: string, name: string): string {
  return directory.endsWith(sep) ? directory + name : directory + sep + name;
}
