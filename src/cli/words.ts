import { CairnError } from '../errors.ts';

/**
 * The words of a command line, divided as a POSIX shell does it, without a shell: `'...'` is taken as it is, in `"..."`
 * a backslash counts before `"` and `\`, elsewhere before anything; no variables, patterns or pipes. On Windows a
 * backslash is part of paths and counts before `"` only.
 */
export function splitWords(line: string, windows: boolean): string[] {
  const escape = windows ? /^\\(")/ : /^\\([^])/;
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    const escaped =
      quote === "'" ? undefined : (quote === '' ? escape : /^\\(["\\])/).exec(line.slice(at, at + 2))?.[1];
    if (escaped !== undefined) {
      word = (word ?? '') + escaped;
      at++;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new CairnError('usage', `a quote is not closed: ${quote}`);
  if (word !== undefined) words.push(word);
  return words;
}
