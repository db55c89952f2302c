import { concatBytes, fromUtf8, utf8 } from '../bytes/gather.ts';
import { isObject, member, parseJson, type Json } from '../bytes/json.ts';
import { compareNames } from '../bytes/name.ts';
import { CairnError } from '../errors.ts';
import {
  emptySummary,
  encodeEntry,
  encodeSummary,
  parseEntry,
  parseSummary,
  type DirectorySummary,
  type DirEntry,
} from './entry.ts';
import { parseInBatches } from './directory-batches.ts';

export interface Directory {
  entries: DirEntry[];
  summary: DirectorySummary;
}

export const DIRECTORY_STREAM = 'kopia:directory';

/** Text encoded at a time, so that a directory of a million entries needs no string of its whole size. */
const FLUSH = 1 << 16;
const NOTHING = new Uint8Array();

/**
 * Reads a directory stream (spec/snapshots-and-policies.md section 3.1). Unknown keys are kept, keys may have any
 * letter case, `entries` may be null and bytes after the JSON value are ignored; anything else is `corrupt`.
 */
export function readDirectory(bytes: Uint8Array): Directory {
  const entries: DirEntry[] = [];
  const summary =
    parseInBatches(bytes, (batch) => {
      for (const item of batch) entries.push(parseEntry(item));
    }) ?? readWhole(bytes, entries);
  return { entries, summary: summary === undefined ? emptySummary() : parseSummary(summary) };
}

function readWhole(bytes: Uint8Array, entries: DirEntry[]): Json | undefined {
  const json = parseLeading(bytes);
  if (!isObject(json) || member(json, 'stream') !== DIRECTORY_STREAM)
    throw new CairnError('corrupt', `not a directory: the stream is not "${DIRECTORY_STREAM}"`);
  const list = member(json, 'entries') ?? [];
  if (!Array.isArray(list)) throw new CairnError('corrupt', 'damaged directory: "entries" is not a list');
  entries.length = 0;
  for (const item of list) entries.push(parseEntry(item));
  return member(json, 'summary') ?? undefined;
}

/** The JSON value at the start of the bytes, whatever follows it. */
function parseLeading(bytes: Uint8Array): Json {
  try {
    const text = fromUtf8(bytes);
    try {
      return parseJson(text);
    } catch {
      return parseJson(text.slice(0, objectEnd(text)));
    }
  } catch (cause) {
    throw new CairnError('corrupt', 'damaged directory: it is not JSON', { cause });
  }
}

/** Where the object that the text begins with ends; the text's length when it does not. */
function objectEnd(text: string): number {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}]/gs;
  let depth = 0;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '{') depth++;
    else if (token[0] === '}' && --depth === 0) return tokens.lastIndex;
  }
  return text.length;
}

/** Writes the stream, byte for byte as Kopia does, of entries in their stored order (see `sortEntries`). */
export function encodeDirectory(entries: readonly DirEntry[], summary: DirectorySummary): Uint8Array {
  const parts = directoryParts(entries, summary);
  return parts.length === 1 ? parts[0] : concatBytes(parts);
}

/** The same in pieces. `more` are the texts of entries that follow, joined by commas: a piece as it was given. */
export function directoryParts(
  entries: readonly DirEntry[],
  summary: DirectorySummary,
  more: Uint8Array = NOTHING,
): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const isEmpty = entries.length === 0 && more.length === 0;
  let text = `{"stream":"${DIRECTORY_STREAM}","entries":${isEmpty ? 'null' : '['}`;
  for (let i = 0; i < entries.length; i++) {
    text += (i === 0 ? '' : ',') + encodeEntry(entries[i]);
    if (text.length < FLUSH) continue;
    parts.push(utf8(text));
    text = '';
  }
  if (more.length > 0) {
    parts.push(utf8(entries.length === 0 ? text : text + ','), more);
    text = '';
  }
  text += `${isEmpty ? '' : ']'},"summary":${encodeSummary(summary)}}\n`;
  parts.push(utf8(text));
  return parts;
}

/** Kopia's order (section 3.2): directories, then the rest, each by the raw bytes of the names. */
export function sortEntries(entries: readonly DirEntry[]): DirEntry[] {
  return entries.toSorted((a, b) =>
    (a.type === 'd') === (b.type === 'd') ? compareNames(a.name, b.name) : a.type === 'd' ? -1 : 1,
  );
}
