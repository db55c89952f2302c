/** Rules of ignore files and of policies (spec/snapshots-and-policies.md section 5.3). */
import { nameFromBytes } from '../bytes/name.ts';
import { CairnError } from '../errors.ts';
import { trimSpace } from './pattern.ts';
import { type Matcher, compileMatcher } from './wcmatch.ts';

/** A line of this many bytes or more ends the reading, silently, as in Kopia. */
const LINE_LIMIT = 65536;

/**
 * Compiles the lines of an ignore file in `directory` (empty for the root, else `/a/b`).
 * A bad pattern is `invalid-argument` naming file and line.
 */
export function parseIgnoreFile(data: Uint8Array, name: string, directory: string): Matcher[] {
  const rules: Matcher[] = [];
  for (let start = 0, number = 1; start < data.length; number++) {
    const newline = data.indexOf(10, start);
    const end = newline < 0 ? data.length : newline;
    if (end - start >= LINE_LIMIT) break;
    const line = nameFromBytes(data.subarray(start, data[end - 1] === 13 && end > start ? end - 1 : end));
    if (!line.startsWith('#') && trimSpace(line) !== '') {
      rules.push(compileRule(line, directory, `${directory}/${name} line ${number}`));
    }
    start = end + 1;
  }
  return rules;
}

export function compileRule(rule: string, directory: string, where: string): Matcher {
  try {
    return compileMatcher(rule, { base: directory });
  } catch (error) {
    if (!(error instanceof CairnError)) throw error;
    throw new CairnError(error.code, `${where}: ${error.message}`, { data: { ...error.data, where }, cause: error });
  }
}
