import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { compareNames } from '../bytes/name.ts';
import { readDirectory } from './directory.ts';
import { encodeEntry } from './entry.ts';

const HEAD = '{"stream":"kopia:directory","entries":[{"name":"';
/** Inside a JSON text the quote is escaped, so this occurs only between two objects. */
const BORDER = '},{"name":"';
const NAME = '{"name":"';
const DIRECTORY = ',"type":"d",';
const END = '}],"summary":{"size":';
/** Longer streams are parsed: one string of their size would be too large. */
const MOST = 64 << 20;

/** The entries of a directory object as they are written in it. */
export interface EntryTexts {
  /** The text of each entry by its name. */
  readonly texts: ReadonlyMap<string, string>;
  /**
   * Where the bytes hold all entries that are no directories, in the order that `sortEntries` gives them and as
   * `encodeDirectory` joins them; undefined where it is not surely so.
   */
  readonly files?: { start: number; end: number; count: number };
}

/**
 * The texts of a directory's entries by name, without an object for each: the stream that Kopia writes is cut at the
 * borders of its entries, any other is parsed and written anew. Throws `corrupt` as `readDirectory` does.
 */
export function entryTexts(bytes: Uint8Array): EntryTexts {
  const cutTexts = bytes.length > MOST ? undefined : cut(fromUtf8(bytes), bytes.length);
  if (cutTexts !== undefined) return cutTexts;
  const { entries } = readDirectory(bytes);
  const texts = new Map(entries.map((entry) => [entry.name, encodeEntry(entry)]));
  return entries.length === 0 ? { texts, files: { start: 0, end: 0, count: 0 } } : { texts };
}

/** Undefined where the stream is not surely what it looks like. */
function cut(stream: string, bytes: number): EntryTexts | undefined {
  const end = stream.lastIndexOf(END) + 1;
  // a list of failures, whose members could look like entries
  if (!stream.startsWith(HEAD) || end === 0 || stream.includes('"errors":[')) return undefined;
  const texts = new Map<string, string>();
  let first = end;
  let count = 0;
  let ordered = true;
  let before: string | undefined;
  for (let start = HEAD.length - NAME.length; start < end;) {
    const border = stream.indexOf(BORDER, start);
    const last = border < 0 || border >= end;
    const text = stream.slice(start, last ? end : border + 1);
    const named = nameEnd(text);
    const name = named < 0 ? undefined : nameOf(text, named);
    if (name === undefined) return undefined;
    texts.set(name, text);
    const isDirectory = text.startsWith(DIRECTORY, named);
    if (!isDirectory && count++ === 0) first = start;
    if (count > 0) {
      if (isDirectory || (before !== undefined && compareNames(before, name) >= 0)) ordered = false;
      before = name;
    }
    if (last) {
      const files = ordered ? { ...byteRange(stream, bytes, first, end), count } : undefined;
      return { texts, files };
    }
    start = border + 2;
  }
  return undefined;
}

/** Where a part of the text lies in its bytes. */
function byteRange(stream: string, bytes: number, start: number, end: number): { start: number; end: number } {
  if (bytes === stream.length) return { start, end };
  return { start: utf8(stream.slice(0, start)).length, end: bytes - utf8(stream.slice(end)).length };
}

/** Where the name that the text of an entry begins with ends, after its quote; -1 where it does not. */
function nameEnd(text: string): number {
  const end = text.indexOf('"', NAME.length) + 1;
  const escape = text.indexOf('\\', NAME.length);
  if (escape < 0 || escape > end) return end > 0 ? end : -1;
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(NAME.length - 1))?.[0];
  return quoted === undefined ? -1 : NAME.length - 1 + quoted.length;
}

function nameOf(text: string, end: number): string | undefined {
  const name = text.slice(NAME.length, end - 1);
  if (!name.includes('\\')) return name;
  try {
    return JSON.parse(text.slice(NAME.length - 1, end)) as string;
  } catch {
    return undefined;
  }
}
