/** Ignore patterns: from text to tokens (spec/snapshots-and-policies.md section 5.4, quirks included). */
import { nameToBytes } from '../bytes/name.ts';
import { CairnError } from '../errors.ts';

/** One step of a pattern; `text` holds no slash. */
export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'slash' | 'any' | 'star' | 'doubleStar' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly items: readonly ((char: number) => boolean)[] };

export interface PatternOptions {
  ignoreCase?: boolean;
  /** Directory the pattern is relative to: empty or `/a/b`. */
  base?: string;
}

export interface Pattern {
  readonly tokens: readonly Token[];
  /** Tokens of the base, before those of the pattern itself. */
  readonly baseLength: number;
  readonly directoriesOnly: boolean;
  readonly negated: boolean;
  readonly ignoreCase: boolean;
}

/** Go's white space, which is not JavaScript's. */
const SPACE = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const space = new RegExp(`^[${SPACE}]$`);
const outerSpace = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g');

export function trimSpace(text: string): string {
  return text.replace(outerSpace, '');
}

/** Bounds how deep a match can recurse. */
const MAX_STARS = 200;

const slash: Token = { kind: 'slash' };
const any: Token = { kind: 'any' };
const star: Token = { kind: 'star' };
const doubleStar: Token = { kind: 'doubleStar' };

/** Compiles one pattern; throws `invalid-argument` when its brackets or backslashes are not closed. */
export function compilePattern(source: string, options: PatternOptions = {}): Pattern {
  const ignoreCase = options.ignoreCase ?? false;
  let pattern = source.toWellFormed();
  const penultimateIsEscape = pattern.at(-2) === '\\' && pattern.charCodeAt(pattern.length - 1) < 0x80;
  if (!penultimateIsEscape && (pattern.length > 2 || nameToBytes(pattern).length > 2)) pattern = trimSpace(pattern);
  const base = (options.base ?? '').length > 1 ? options.base!.replace(/\/$/, '') : (options.base ?? '');

  const out = new TokenList();
  const scan = new Scanner(pattern, ignoreCase);
  while (space.test(scan.peek())) scan.read();
  const negated = scan.peek() === '!';
  if (negated) scan.read();
  const rooted = scan.peek() === '/';

  if (base !== '' && pattern !== '') {
    out.literal(base.toWellFormed());
    if (!rooted) out.push(slash);
  }
  const baseLength = out.tokens.length;
  if (!rooted && pattern !== '**' && pattern !== '') {
    const firstSlash = scan.indexOf('/');
    if (firstSlash === -1 || firstSlash === scan.length - 1 - scan.at) out.push(doubleStar, slash);
    else if (base === '') out.push(slash);
  }
  const directoriesOnly = scan.dropFinalSlash();

  for (let char = scan.read(); char !== ''; char = scan.read()) {
    if (char === '\\') out.literal(scan.escaped(), true);
    else if (char === '?') out.push(any);
    else if (char === '/') out.push(slash);
    else if (char === '*') out.push(readStars(scan));
    else if (char === '[') out.push(readSet(scan, ignoreCase));
    else out.literal(char);
  }
  const stars = out.tokens.filter(({ kind }) => kind === 'star' || kind === 'doubleStar').length;
  if (stars > MAX_STARS) throw scan.error(`has more than ${MAX_STARS} wildcards`);
  return { tokens: out.tokens, baseLength, directoriesOnly, negated, ignoreCase };
}

/** The characters of a pattern; a NUL ends it, as in Kopia. */
class Scanner {
  at = 0;
  private readonly pattern: string;
  private readonly ignoreCase: boolean;
  private chars: string[];

  constructor(pattern: string, ignoreCase: boolean) {
    this.pattern = pattern;
    this.ignoreCase = ignoreCase;
    this.chars = [...pattern];
  }

  get length(): number {
    return this.chars.length;
  }

  /** The character at an offset, empty outside. */
  peek(offset = 0): string {
    const char = this.chars[this.at + offset] ?? '';
    if (char === '\0') return '';
    return this.ignoreCase && /\p{Lu}/u.test(char) ? char.toLowerCase() : char;
  }

  read(): string {
    const char = this.peek();
    if (char !== '') this.at++;
    return char;
  }

  /** The character after a backslash. */
  escaped(): string {
    const char = this.read();
    if (char === '') throw this.error('ends with a backslash; write \\\\ for a backslash itself');
    return char;
  }

  /** Offset of the next such character. */
  indexOf(char: string): number {
    const found = this.chars.indexOf(char, this.at);
    return found < 0 ? -1 : found - this.at;
  }

  slice(from: number, to: number): string {
    return this.chars.slice(this.at + from, this.at + to).join('');
  }

  dropFinalSlash(): boolean {
    if (this.chars.at(-1) !== '/') return false;
    this.chars.pop();
    return true;
  }

  error(what: string): CairnError {
    return new CairnError('invalid-argument', `invalid pattern "${this.pattern}": it ${what}`, {
      data: { pattern: this.pattern },
    });
  }
}

class TokenList {
  readonly tokens: Token[] = [];

  push(...tokens: Token[]): void {
    this.tokens.push(...tokens);
  }

  /** Adds characters to the text token at the end; slashes become separators unless `plain`. */
  literal(text: string, plain = false): void {
    for (const piece of plain ? [text] : text.split(/(\/)/)) {
      const last = this.tokens.at(-1);
      if (piece === '/' && !plain) this.tokens.push(slash);
      else if (piece !== '' && last?.kind === 'text')
        this.tokens[this.tokens.length - 1] = { kind: 'text', text: last.text + piece };
      else if (piece !== '') this.tokens.push({ kind: 'text', text: piece });
    }
  }
}

/** Two or more stars cross directories only at the start of the text, or as a whole part after a slash. */
function readStars(scan: Scanner): Token {
  if (scan.peek() !== '*') return star;
  const before = scan.peek(-2);
  while (scan.peek() === '*') scan.read();
  return before === '' || (before === '/' && (scan.peek() === '/' || scan.peek() === '')) ? doubleStar : star;
}

const classes: Record<string, RegExp> = {
  alnum: /[\p{L}\p{Nd}]/u,
  alpha: /\p{L}/u,
  ascii: /[\0-\x7f]/u,
  blank: /[\p{Zs}\t]/u,
  cntrl: /\p{Cc}/u,
  digit: /\p{Nd}/u,
  graph: /[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/u,
  lower: /\p{Ll}/u,
  print: /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u,
  punct: /[\p{P}\p{S}]/u,
  space,
  upper: /\p{Lu}/u,
  xdigit: /[A-Fa-f\p{Nd}]/u,
};

/** Reads what follows `[`, up to and with the closing bracket. */
function readSet(scan: Scanner, ignoreCase: boolean): Token {
  const items: ((char: number) => boolean)[] = [];
  let char = scan.read();
  const negated = char === '!';
  if (negated) char = scan.read();
  for (; char !== ']' && char !== ''; char = scan.read()) {
    if (char === '\\') char = scan.escaped();
    const from = char.codePointAt(0)!;
    if (scan.peek() === '-' && scan.peek(1) !== ']' && scan.peek(1) !== '') {
      scan.read();
      let end = scan.read();
      if (end === '\\') end = scan.escaped();
      const to = end.codePointAt(0)!;
      items.push((code) => code >= from && code <= to);
    } else if (char === '[' && scan.peek() === ':') {
      const name = readClass(scan);
      if (name === undefined) {
        items.push((code) => code === from);
        continue;
      }
      const wanted = ignoreCase && name === 'upper' ? /[\p{Lu}\p{Ll}]/u : classes[name];
      items.push((code) => wanted.test(String.fromCodePoint(code)));
    } else items.push((code) => code === from);
  }
  if (char !== ']') throw scan.error("has a '[' without ']'");
  return { kind: 'set', negated, items };
}

/**
 * Reads `:name:]` and returns the name. Kopia's quirk, kept: it compares an offset with a position, so a class that
 * stands further back in the pattern than its name is long is no class (undefined), but plain characters.
 */
function readClass(scan: Scanner): string | undefined {
  const close = scan.indexOf(']');
  if (close === -1) throw scan.error("has a '[' without ']'");
  if (close - 1 <= scan.at || scan.peek(close - 1) !== ':') return undefined;
  const name = scan.slice(1, close - 1).toLowerCase();
  if (!Object.hasOwn(classes, name)) throw scan.error(`names an unknown character class [:${name}:]`);
  scan.at += close + 1;
  return name;
}
