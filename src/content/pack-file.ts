import { concatBytes } from '../bytes/gather.ts';
import { crc32, readU32, readUvarint, uvarint, writeU32 } from '../bytes/integer.ts';
import { utf8 } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import { hmacSha256 } from '../kernels/derive.ts';

/**
 * The parts of a pack that are not contents (spec/repository-format.md section 8):
 * `[format bytes] preamble(32) contents... padding local-index postamble`.
 */

export const PREAMBLE = 32;
const ALIGNMENT = 4096;

/** Random padding is never empty: 1..4096 bytes up to the next multiple of 4096. */
export function paddingLength(length: number): number {
  return ALIGNMENT - (length % ALIGNMENT);
}

export interface Postamble {
  /** Hash of the plain local index: the encryptor's id. */
  id: Uint8Array;
  offset: number;
  length: number;
}

/** Section 8.5; the last byte is the length of everything before it. */
export function encodePostamble({ id, offset, length }: Postamble): Uint8Array {
  const body = concatBytes([uvarint(1), uvarint(id.length), id, uvarint(offset), uvarint(length)]);
  const end = new Uint8Array(5);
  writeU32(end, 0, crc32(body));
  end[4] = body.length + 4;
  return concatBytes([body, end]);
}

/** Finds the postamble at the end of a pack (or of its last bytes). */
export function decodePostamble(tail: Uint8Array): Postamble {
  const bad = (why: string) => new CairnError('corrupt', `damaged pack postamble: ${why}`);
  const length = tail[tail.length - 1] ?? 0;
  if (length < 5 || length + 1 > tail.length) throw bad('its length is impossible');
  const whole = tail.subarray(tail.length - 1 - length, tail.length - 1);
  const body = whole.subarray(0, length - 4);
  if (crc32(body) !== readU32(whole, length - 4)) throw bad('its checksum does not match');
  let at = 0;
  const next = () => {
    const read = readUvarint(body, at);
    if (read === undefined) throw bad('it is cut off');
    at = read.next;
    return read.value;
  };
  const version = next();
  if (version !== 1) throw bad(`its version is ${version}`);
  const idLength = next();
  if (at + idLength > body.length) throw bad('it is cut off');
  const id = body.slice(at, at + idLength);
  at += idLength;
  const offset = next();
  return { id, offset, length: next() };
}

/** Recoverable copy of kopia.repository that begins each pack of a repository without password change (section 8.2). */
export function formatBytes(repositoryBlob: Uint8Array): Uint8Array {
  const body = concatBytes([repositoryBlob, hmacSha256(utf8('kopia-repository'), repositoryBlob)]);
  if (body.length > 65000) throw new CairnError('internal', 'kopia.repository is too long to be embedded in packs');
  const length = Uint8Array.of(body.length & 255, body.length >> 8);
  return concatBytes([length, body, length]);
}
