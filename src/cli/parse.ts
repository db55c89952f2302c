/**
 * Command lines by commander: global flags first, then the selected group's tree, built from its table. Kopia's own
 * rules (spec/cli.md section 1) that commander lacks are a thin layer here: `--no-x` and `--x=false` for booleans,
 * counted repeats, values that begin with `-`, and Kopia's messages.
 */
import { Command, CommanderError, Option } from 'commander';
import { CairnError } from '../errors.ts';
import { suggest } from './suggest.ts';
import { findCommand, parseArguments, type CommandTable, type Flag } from './table.ts';
import { globalFlags } from './tables/global.ts';
import { parseBoolean } from './values.ts';

export type Texts = Map<string, string[]>;

/** One level of the command line. */
class Level extends Command {
  readonly own: readonly Flag[];
  readonly #byName = new Map<string, Flag>();

  constructor(name: string, own: readonly Flag[], texts: Texts) {
    super(name);
    this.own = own;
    this.exitOverride()
      .helpOption(false)
      .helpCommand(false)
      .allowExcessArguments(true)
      .configureOutput({
        writeErr: () => {},
        writeOut: () => {},
        outputError: () => {},
      });
    for (const flag of own) this.#register(flag, texts);
  }

  #register(flag: Flag, texts: Texts): void {
    const set = (text: string) => {
      const values = texts.get(flag.name);
      if (values === undefined) texts.set(flag.name, [text]);
      else if (flag.repeated) values.push(text);
      else throw new CairnError('usage', `flag '${flag.name}' cannot be repeated`);
    };
    for (const name of [flag.name, ...(flag.aliases ?? [])]) {
      this.#byName.set('--' + name, flag);
      const short = flag.short === undefined || name !== flag.name ? '' : `-${flag.short}, `;
      const boolean = flag.type === 'B';
      this.addOption(new Option(`${short}--${name}${boolean ? '' : ' <value>'}`));
      this.on('option:' + name, (value: string | null) => set(value ?? 'true'));
      if (!boolean && flag.type !== 'T') continue;
      this.addOption(new Option(`--no-${name}`));
      this.on('option:no-' + name, () => set('false'));
    }
    if (flag.short !== undefined) this.#byName.set('-' + flag.short, flag);
  }

  /** Puts the forms that commander does not know into ones it does. */
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const end = args.indexOf('--');
    const plain: string[] = [];
    for (let i = 0; i < args.length; i++) {
      const arg = args[i];
      const flag = end >= 0 && i >= end ? undefined : this.#byName.get(arg);
      if (flag?.type === 'T') {
        const value = parseBoolean(args[i + 1] ?? '');
        if (value !== undefined) i++;
        plain.push(`${arg}=${value ?? true}`);
      } else if (flag !== undefined && flag.type !== 'B' && /^-./.test(args[i + 1] ?? '--')) {
        throw missingValue(arg);
      } else plain.push(end >= 0 && i >= end ? arg : this.#booleanForm(arg));
    }
    return super.parseOptions(plain);
  }

  /** `--x=false` of a boolean as `--no-x`. */
  #booleanForm(arg: string): string {
    const m = /^--(no-)?([\w-]+)=(.*)$/s.exec(arg);
    if (m === null || this.#byName.get('--' + m[2])?.type !== 'B') return arg;
    const value = parseBoolean(m[3]);
    if (value === undefined) throw new CairnError('usage', `flag '--${m[2]}' takes true or false, got '${m[3]}'`);
    return `--${value === (m[1] === undefined) ? '' : 'no-'}${m[2]}`;
  }
}

function missingValue(flag: string): CairnError {
  return new CairnError('usage', `expected argument for flag '${flag}'`);
}

/** Splits the command line at its global flags; `rest` begins with the command's words. */
export function parseGlobals(argv: readonly string[], texts: Texts): { words: string[]; rest: string[] } {
  const end = argv.indexOf('--');
  const tail = end < 0 ? [] : argv.slice(end);
  const program = new Level('cairn', globalFlags, texts);
  const { operands, unknown } = translated(program, () =>
    program.parseOptions(argv.slice(0, end < 0 ? undefined : end)),
  );
  return { words: operands, rest: [...operands, ...unknown, ...tail] };
}

export interface Selection {
  /** From the top-level command to the leaf. */
  path: CommandTable[];
  args: string[];
}

/** Parses what follows the group's name; the leaf's arguments are counted. */
export function parseCommand(group: CommandTable, rest: readonly string[], texts: Texts): Selection {
  let selection: Selection | undefined;
  const build = (table: CommandTable, path: readonly CommandTable[]): Level => {
    const level = new Level(table.name, table.flags ?? [], texts).aliases([...(table.aliases ?? [])]) as Level;
    const here = [...path, table];
    for (const sub of table.commands ?? []) level.addCommand(build(sub, here));
    if (table.commands === undefined)
      level.action(() => {
        selection = { path: here, args: level.args };
      });
    return level;
  };
  const root = build(group, []);
  translated(root, () => root.parse(rest, { from: 'user' }), rest);
  if (selection === undefined) throw new CairnError('internal', 'no command was selected');
  countArguments(selection);
  return selection;
}

function countArguments({ path, args }: Selection): void {
  const declared = parseArguments(path.at(-1)!.args);
  const missing = declared.find((argument, i) => argument.required && args.length <= i);
  if (missing !== undefined) throw new CairnError('usage', `required argument '${missing.name}' not provided`);
  if (args.length > declared.length && !declared.at(-1)?.repeated)
    throw new CairnError('usage', `unexpected ${args[declared.length]}`);
}

/** Runs commander and turns its errors into Kopia's messages. */
function translated<T>(root: Level, work: () => T, words: readonly string[] = []): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
    throw translate(root, error.code, quoted, words);
  }
}

function translate(root: Level, code: string, quoted: string, words: readonly string[]): CairnError {
  switch (code) {
    case 'commander.unknownOption':
      return unknownFlag(quoted, [...globalFlags, ...levelPath(root, words).flatMap((level) => level.own)]);
    case 'commander.optionMissingArgument':
      return missingValue(quoted.replace(/ <value>$/, '').replace(/^-\w, /, ''));
    case 'commander.unknownCommand':
      return new CairnError('usage', `expected command but got "${quoted}"`, didYouMean(quoted, commandNames(root)));
    case 'commander.help':
      return new CairnError(
        'usage',
        `must select a subcommand of '${levelPath(root, words)
          .map((level) => level.name())
          .join(' ')}'`,
      );
    default:
      return new CairnError('usage', code);
  }
}

function levels(root: Level): Level[] {
  return [root, ...(root.commands as Level[]).flatMap(levels)];
}

/** The levels that the words lead to. */
function levelPath(root: Level, words: readonly string[]): Level[] {
  const next = words.findIndex((word) => !word.startsWith('-'));
  const level = (root.commands as Level[]).find(
    (sub) => sub.name() === words[next] || sub.aliases().includes(words[next]),
  );
  return [root, ...(level === undefined ? [] : levelPath(level, words.slice(next + 1)))];
}

function commandNames(root: Level): string[] {
  return levels(root).flatMap((level) => [level.name(), ...level.aliases()]);
}

export function unknownFlag(arg: string, near: readonly Flag[]): CairnError {
  const text = arg.replace(/=.*$/s, '');
  if (!text.startsWith('--')) {
    const known = new Set(near.map((flag) => flag.short));
    const letter =
      text
        .slice(1)
        .split('')
        .find((c) => !known.has(c)) ?? text[1];
    return new CairnError('usage', `unknown short flag '-${letter}'`);
  }
  const names = near.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])]).map((name) => '--' + name);
  return new CairnError('usage', `unknown long flag '${text}'`, didYouMean(text, names));
}

export function didYouMean(word: string, names: Iterable<string>): { hint?: string } {
  const found = suggest(word, names);
  return found.length === 0 ? {} : { hint: `did you mean ${found.map((name) => `'${name}'`).join(' or ')}?` };
}

/** The tables that the words name, as far as they do. */
export function walkWords(group: CommandTable, words: readonly string[]): CommandTable[] {
  const path = [group];
  for (const word of words) {
    const next = findCommand(path.at(-1)!.commands, word);
    if (next === undefined) break;
    path.push(next);
  }
  return path;
}
