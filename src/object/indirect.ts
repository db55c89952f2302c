import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { encodeJson, isObject, member, parseJson } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';

/** The index of an object of several chunks (spec/repository-format.md section 13.2). */
export interface IndirectEntry {
  start: number;
  length: number;
  object: string;
}

const STREAM = 'kopia:indirect';

export function parseIndirect(bytes: Uint8Array): IndirectEntry[] {
  const bad = (why: string, cause?: unknown) => new CairnError('corrupt', `damaged indirect object: ${why}`, { cause });
  let json;
  try {
    json = parseJson(fromUtf8(bytes));
  } catch (cause) {
    throw bad('it is not JSON', cause);
  }
  if (!isObject(json) || member(json, 'stream') !== STREAM) throw bad(`it is not a ${STREAM} stream`);
  const list = member(json, 'entries');
  if (!Array.isArray(list) || list.length === 0) throw bad('it has no entries');
  let at = 0;
  return list.map((item) => {
    if (!isObject(item)) throw bad('an entry is not an object');
    const start = member(item, 's') ?? 0;
    const length = member(item, 'l') ?? 0;
    const object = member(item, 'o');
    if (typeof start !== 'number' || typeof length !== 'number' || typeof object !== 'string' || length < 0)
      throw bad('an entry lacks its start, length or object');
    if (start !== at) throw bad(`an entry starts at ${start}, expected ${at}`);
    at += length;
    if (!Number.isSafeInteger(at)) throw bad('its length is out of range');
    return { start, length, object };
  });
}

/** Bytes as Kopia writes them: zero members left out, a final newline. */
export function encodeIndirect(entries: readonly IndirectEntry[]): Uint8Array {
  const list = entries.map(({ start, length, object }) => ({
    s: start || undefined,
    l: length || undefined,
    o: object,
  }));
  return utf8(encodeJson({ stream: STREAM, entries: list }) + '\n');
}
