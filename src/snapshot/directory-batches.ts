import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { isObject, parseJson, type Json } from '../bytes/json.ts';

/** Streams below this size are parsed in one go. */
const SMALL = 4 << 20;
const BATCH = 1 << 20;
const prefix = utf8('{"stream":"kopia:directory","entries":[');
/** Inside a JSON text the quote is escaped, so these bytes only occur between two objects. */
const border = utf8('},{"name":"');

/**
 * Parses a big stream in the form that Kopia writes, some thousand entries at a time, so that neither the whole text
 * nor its whole JSON value is ever in memory. Returns the summary, or undefined when the stream is small or in another
 * form (batches already given are then void).
 */
export function parseInBatches(bytes: Uint8Array, each: (batch: readonly Json[]) => void): Json | undefined {
  if (bytes.length < SMALL || prefix.some((byte, i) => bytes[i] !== byte)) return undefined;
  let from = prefix.length;
  try {
    for (;;) {
      const cut = findBorder(bytes, from + BATCH);
      if (cut < 0) break;
      // a border inside a nested list leaves brackets open, which no parser accepts
      each(parseJson(`[${fromUtf8(bytes.subarray(from, cut))}]`) as readonly Json[]);
      from = cut + 1;
    }
    const last = parseJson(`{"entries":[${fromUtf8(bytes.subarray(from))}`);
    if (!isObject(last) || !Array.isArray(last.entries)) return undefined;
    each(last.entries);
    return last.summary ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Position of the comma of the first border at or after `at`; -1 when there is none. */
function findBorder(bytes: Uint8Array, at: number): number {
  for (let i = bytes.indexOf(border[0], at); i >= 0; i = bytes.indexOf(border[0], i + 1))
    if (border.every((byte, k) => bytes[i + k] === byte)) return i + 1;
  return -1;
}
