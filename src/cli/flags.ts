/** The values of a command's flags: command line, then a variable that is not empty, then the default (rule 8). */
import { CairnError } from '../errors.ts';
import type { Environment } from '../ports.ts';
import type { Flag } from './table.ts';
import { parseValue, type FlagValue } from './values.ts';

/** `CAIRN_X` goes before Kopia's `KOPIA_X`. */
export function variableNames(env: string): string[] {
  return env.startsWith('KOPIA_') ? ['CAIRN_' + env.slice(6), env] : [env];
}

export class Flags {
  readonly #values = new Map<string, FlagValue[]>();
  readonly #known = new Map<string, Flag>();
  readonly #given = new Set<string>();

  /** `texts`: what the command line gave, by flag name. */
  constructor(
    scope: readonly Flag[],
    texts: ReadonlyMap<string, readonly string[]>,
    environment: Environment | undefined,
  ) {
    const missing: string[] = [];
    for (const flag of scope) {
      this.#known.set(flag.name, flag);
      const given = texts.get(flag.name) ?? fromEnvironment(flag, environment);
      if (given !== undefined) this.#given.add(flag.name);
      else if (flag.required) missing.push(`'--${flag.name}'`);
      const values = given ?? (flag.default === undefined ? [] : [flag.default]);
      this.#values.set(
        flag.name,
        values.map((text) => parseValue(flag, text)),
      );
    }
    if (missing.length > 0) throw new CairnError('usage', `required flag(s) ${missing.join(', ')} not provided`);
  }

  /** True when the command has such a flag. */
  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** True when the command line or a variable set it. */
  given(name: string): boolean {
    this.#flag(name);
    return this.#given.has(name);
  }

  bool(name: string): boolean {
    return this.#last(name, 'boolean') ?? false;
  }

  text(name: string): string | undefined {
    return this.#last(name, 'string');
  }

  texts(name: string): string[] {
    this.#flag(name);
    return this.#values.get(name) as string[];
  }

  /** I, I32 and F. */
  number(name: string): number | undefined {
    return this.#last(name, 'number');
  }

  /** I64, U, D (nanoseconds) and Y (bytes). */
  integer(name: string): bigint | undefined {
    return this.#last(name, 'bigint');
  }

  /** Every flag with the values it has, for checks over all of them. */
  *entries(): Iterable<[Flag, readonly FlagValue[]]> {
    for (const [name, flag] of this.#known) yield [flag, this.#values.get(name)!];
  }

  #flag(name: string): Flag {
    const flag = this.#known.get(name);
    if (flag === undefined) throw new CairnError('internal', `no flag '--${name}' in this command's table`);
    return flag;
  }

  #last<T>(name: string, type: string): T | undefined {
    this.#flag(name);
    const value = this.#values.get(name)!.at(-1);
    if (value !== undefined && typeof value !== type)
      throw new CairnError('internal', `flag '--${name}' is not a ${type}`);
    return value as T | undefined;
  }
}

function fromEnvironment(flag: Flag, environment: Environment | undefined): string[] | undefined {
  if (flag.env === undefined || environment === undefined) return undefined;
  for (const name of variableNames(flag.env)) {
    const text = environment.variable(name);
    if (text === undefined || text === '') continue;
    const values = flag.repeated ? text.split('\n').filter((line) => line !== '') : [text];
    try {
      values.forEach((value) => parseValue(flag, value));
    } catch (error) {
      throw new CairnError('usage', (error as Error).message, { hint: `the variable ${name} says so` });
    }
    return values;
  }
  return undefined;
}
