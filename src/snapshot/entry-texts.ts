import { fromUtf8 } from '../bytes/gather.ts';
import { readDirectory } from './directory.ts';
import { encodeEntry } from './entry.ts';

const HEAD = '{"stream":"kopia:directory","entries":[{"name":"';
/** Inside a JSON text the quote is escaped, so this occurs only between two objects. */
const BORDER = '},{"name":"';
const END = '}],"summary":{"size":';
/** Longer streams are parsed: one string of their size would be too large. */
const MOST = 64 << 20;

/**
 * The texts of a directory's entries by name, without an object for each: the stream that Kopia writes is cut at the
 * borders of its entries, any other is parsed and written anew. Throws `corrupt` as `readDirectory` does.
 */
export function entryTexts(bytes: Uint8Array): Map<string, string> {
  const texts = bytes.length > MOST ? undefined : cut(fromUtf8(bytes));
  return texts ?? new Map(readDirectory(bytes).entries.map((entry) => [entry.name, encodeEntry(entry)]));
}

/** Undefined where the stream is not surely what it looks like. */
function cut(stream: string): Map<string, string> | undefined {
  const end = stream.lastIndexOf(END);
  // a list of failures, whose members could look like entries
  if (!stream.startsWith(HEAD) || end < 0 || stream.includes('"errors":[')) return undefined;
  const texts = new Map<string, string>();
  for (let start = HEAD.length - '{"name":"'.length; start <= end;) {
    const border = stream.indexOf(BORDER, start);
    const last = border < 0 || border > end;
    const text = stream.slice(start, (last ? end : border) + 1);
    const name = nameOf(text);
    if (name === undefined) return undefined;
    texts.set(name, text);
    if (last) return texts;
    start = border + 2;
  }
  return undefined;
}

/** The name that the text of an entry begins with. */
function nameOf(text: string): string | undefined {
  const from = '{"name":"'.length;
  const to = text.indexOf('"', from);
  if (to < 0) return undefined;
  const name = text.slice(from, to);
  if (!name.includes('\\')) return name;
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(from - 1))?.[0];
  try {
    return quoted === undefined ? undefined : (JSON.parse(quoted) as string);
  } catch {
    return undefined;
  }
}
