/** Matching of paths against compiled patterns (spec/snapshots-and-policies.md section 5.5). */
import { type Pattern, type PatternOptions, type Token, compilePattern } from './pattern.ts';

/** How a part of the match ended; the aborts keep the search from trying what cannot succeed. */
const NO = 1;
const YES = 2;
const ABORT = 3;
const ABORT_TO_DOUBLE_STAR = 4;

/** After so many steps results are remembered, so that no pattern takes exponential time. */
const PATIENCE = 2000;

export class Matcher {
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  /** Set when the pattern is just a name at any depth below its base. */
  readonly name: string | undefined;
  /** Set when it is just `*` and an ending, at any depth below its base. */
  readonly suffix: string | undefined;
  private readonly tokens: readonly Token[];
  private readonly ignoreCase: boolean;
  private readonly minimum: number;
  private path = '';
  private steps = 0;
  private results: Uint8Array | undefined;

  constructor(pattern: Pattern) {
    this.tokens = pattern.tokens;
    this.negated = pattern.negated;
    this.directoriesOnly = pattern.directoriesOnly;
    this.ignoreCase = pattern.ignoreCase;
    this.minimum = minimumLength(pattern.tokens);
    [this.name, this.suffix] = shortcuts(pattern);
  }

  /**
   * True when the rule speaks for the path. A rule for directories only says nothing about other entries; a negated
   * one reads the other way round: false means "re-include".
   */
  matches(path: string, isDirectory: boolean): boolean {
    if (this.directoriesOnly && !isDirectory) return this.negated;
    return this.covers(path) !== this.negated;
  }

  /** True when the tokens consume the whole path, whatever the kind of rule. */
  covers(path: string): boolean {
    const text = path.toWellFormed();
    this.path = this.ignoreCase ? text.replace(/\p{Lu}/gu, (char) => char.toLowerCase()) : text;
    if (this.path.length < this.minimum) return false;
    this.steps = 0;
    this.results = undefined;
    return this.from(0, 0) === YES;
  }

  /** Matches the tokens from `first` on against the path from `start` on, once for each pair when that gets long. */
  private from(first: number, start: number): number {
    if (this.results === undefined) {
      if (++this.steps < PATIENCE) return this.run(first, start);
      this.results = new Uint8Array((this.tokens.length + 1) * (this.path.length + 1));
    }
    const results = this.results;
    const slot = first * (this.path.length + 1) + start;
    if (results[slot] === 0) results[slot] = this.run(first, start);
    return results[slot];
  }

  private run(first: number, start: number): number {
    const { path, tokens } = this;
    let at = start;
    for (let i = first; i < tokens.length; i++) {
      const token = tokens[i];
      if (token.kind === 'star' || token.kind === 'doubleStar') {
        const double = token.kind === 'doubleStar';
        if (i === tokens.length - 1) return double || path.indexOf('/', at) < 0 ? YES : NO;
        const beforeSlash = tokens[i + 1].kind === 'slash';
        if (!double && beforeSlash) {
          const slash = path.indexOf('/', at);
          // Kopia's quirk, kept: at the start of a (sub-)match the star cannot be empty here.
          if (slash < 0 || slash === start) return NO;
          at = slash;
          continue;
        }
        if (double && beforeSlash && i + 2 < tokens.length && this.from(i + 2, at) === YES) return YES;
        return this.afterStar(i, at, double);
      }
      if (at >= path.length) return ABORT;
      if (token.kind === 'text') {
        if (!path.startsWith(token.text, at)) return endsInside(path, at, token.text) ? ABORT : NO;
        at += token.text.length;
        continue;
      }
      const char = path.codePointAt(at)!;
      if (token.kind === 'set') {
        if (token.items.some((item) => item(char)) === token.negated) return NO;
      } else if ((char === 47) !== (token.kind === 'slash')) return NO;
      at += char > 0xffff ? 2 : 1;
    }
    return at >= path.length ? YES : NO;
  }

  /** Tries what follows the star at every later position. */
  private afterStar(star: number, at: number, double: boolean): number {
    const { path } = this;
    // Kopia's quirk, kept: the character looked at lags one behind, so a star may step over one slash.
    let behind = path.charCodeAt(at);
    while (at < path.length) {
      const result = this.from(star + 1, at);
      if (result !== NO) {
        if (!double || result !== ABORT_TO_DOUBLE_STAR) return result;
      } else if (!double && behind === 47) return ABORT_TO_DOUBLE_STAR;
      behind = path.charCodeAt(at);
      at += path.codePointAt(at)! > 0xffff ? 2 : 1;
    }
    return ABORT;
  }
}

/** True when the path ends before the text does, and agrees until then. */
function endsInside(path: string, at: number, text: string): boolean {
  return path.length - at < text.length && text.startsWith(path.slice(at));
}

/** Fewest code units a path must have; a slash after a double star may be skipped with it. */
function minimumLength(tokens: readonly Token[]): number {
  let length = 0;
  tokens.forEach((token, i) => {
    if (token.kind === 'text') length += token.text.length;
    else if (token.kind === 'any' || token.kind === 'set') length++;
    else if (token.kind === 'slash' && tokens[i - 1]?.kind !== 'doubleStar') length++;
  });
  return length;
}

function shortcuts({ tokens, baseLength, ignoreCase }: Pattern): [string | undefined, string | undefined] {
  const from = tokens[baseLength]?.kind === 'slash' ? baseLength + 1 : baseLength;
  const [first, slash, third, fourth] = tokens.slice(from);
  if (ignoreCase || first?.kind !== 'doubleStar' || slash?.kind !== 'slash') return [undefined, undefined];
  const rest = tokens.length - from;
  if (rest === 3 && third.kind === 'text' && !third.text.includes('/')) return [third.text, undefined];
  if (rest === 4 && third.kind === 'star' && fourth.kind === 'text' && !fourth.text.includes('/'))
    return [undefined, fourth.text];
  return [undefined, undefined];
}

export function compileMatcher(pattern: string, options?: PatternOptions): Matcher {
  return new Matcher(compilePattern(pattern, options));
}
