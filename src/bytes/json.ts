import { CairnError } from '../errors.ts';

/**
 * JSON as Go's encoding/json writes and reads it (spec/repository-format.md, Notation; snapshots-and-policies.md 3.4).
 * Writing: no spaces, keys in the order given, `<`, `>`, `&`, U+2028 and U+2029 escaped, bigint as a plain integer,
 * `undefined` members left out, bytes of a name that are not UTF-8 as `\ufffd`.
 * Reading: whole numbers beyond 2^53 become bigint, so that nothing is rounded.
 */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export type JsonObject = { [key: string]: Json | undefined };

const special = /["\\<>&\u0000-\u001f\u2028\u2029\ud800-\udfff]/;
const short: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A JSON string literal with Go's escapes. */
export function quoteJson(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) quoted += '\\ufffd';
    else if (char in short) quoted += short[char];
    else if (code < 0x20 || char === '<' || char === '>' || char === '&' || code === 0x2028 || code === 0x2029)
      quoted += '\\u' + code.toString(16).padStart(4, '0');
    else quoted += char;
  }
  return quoted + '"';
}

/** Deeper values are refused before they exhaust the stack; Kopia's own are a handful of levels deep. */
const MAX_DEPTH = 1000;

export function encodeJson(value: Json | undefined, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return quoteJson(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
  }
  if (value === null) return 'null';
  if (depth > MAX_DEPTH) throw new CairnError('corrupt', 'the JSON value is nested too deeply');
  if (Array.isArray(value)) return '[' + value.map((member) => encodeJson(member, depth + 1)).join(',') + ']';
  let text = '';
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    text += (text === '' ? '' : ',') + quoteJson(key) + ':' + encodeJson(member, depth + 1);
  }
  return '{' + text + '}';
}

/** The same value over several lines, as Go's MarshalIndent writes it. */
export function indentJson(value: Json | undefined, indent = '  ', prefix = ''): string {
  if (value === null || typeof value !== 'object') return encodeJson(value);
  const inner = prefix + indent;
  const parts = Array.isArray(value)
    ? value.map((member) => inner + indentJson(member, indent, inner))
    : Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => `${inner}${quoteJson(key)}: ${indentJson(member, indent, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return parts.length === 0 ? open + close : `${open}\n${parts.join(',\n')}\n${prefix}${close}`;
}

const bigInteger = /(?<![\w.+"-])-?\d{16,}(?![\d.eE])/;
const bigIntegers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const marker = '\u0000big:';

/**
 * Parses JSON text; throws SyntaxError on anything else. Only when a number of 16 or more digits occurs are numbers
 * looked at one by one.
 */
export function parseJson(text: string): Json {
  if (!bigInteger.test(text)) return JSON.parse(text) as Json;
  const marked = text.replace(bigIntegers, (token) =>
    token[0] !== '"' && /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token))
      ? `"\\u0000big:${token}"`
      : token,
  );
  return JSON.parse(marked, (_, value) =>
    typeof value === 'string' && value.startsWith(marker) && /^-?\d+$/.test(value.slice(marker.length))
      ? BigInt(value.slice(marker.length))
      : value,
  ) as Json;
}

/**
 * A member by its name in any letter case, as Go's decoder finds it; an exact match goes first.
 */
export function member(object: { readonly [key: string]: Json | undefined }, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = name.toLowerCase();
  for (const key of Object.keys(object)) if (key.toLowerCase() === wanted) return object[key];
  return undefined;
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number, such as Go's durations; undefined when the value is none. */
export function integer(value: Json | undefined): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}
