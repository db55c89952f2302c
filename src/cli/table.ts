/**
 * The declarative command tables: one per top-level command, in the notation of Kopia's reference. They feed the
 * parser, the help pages, the completion and the tests.
 *
 * A flag is one line, `--name [-x] TYPE[{a,b}] [=default] [$ENV] [h] [!] : help`. Types: B boolean, S text, I integer,
 * I32, I64, U unsigned, F float, D duration, Y byte size, E{..} one of, T `true` or `false`, XF/XD/XP existing file,
 * directory or either; a `+` after the type: may be given several times. `h` hidden, `!` required.
 */
import { CairnError } from '../errors.ts';
import type { Context } from './context.ts';

export type FlagType = 'B' | 'S' | 'I' | 'I32' | 'I64' | 'U' | 'F' | 'D' | 'Y' | 'E' | 'T' | 'XF' | 'XD' | 'XP';

export interface Flag {
  name: string;
  type: FlagType;
  help: string;
  repeated: boolean;
  hidden: boolean;
  required: boolean;
  short?: string;
  default?: string;
  env?: string;
  values?: readonly string[];
  /** Other spellings of the name that users of Kopia are used to; shown only with --help-full. */
  aliases?: readonly string[];
  /** Other spellings of values. */
  valueAliases?: Readonly<Record<string, string>>;
}

export interface Argument {
  name: string;
  required: boolean;
  repeated: boolean;
}

export type Verb = (context: Context) => Promise<number | void>;

export interface CommandTable {
  name: string;
  help: string;
  aliases?: readonly string[];
  hidden?: boolean;
  flags?: readonly Flag[];
  /** `<id...> [target]`. */
  args?: string;
  commands?: readonly CommandTable[];
  run?: () => Promise<{ run: Verb }>;
}

const line =
  /^--(?<name>[\w-]+)(?: -(?<short>\w))? (?<type>[A-Z]+\d*)(?:\{(?<values>[^}]*)\})?(?<repeated>\+)?(?: =(?:"(?<quoted>[^"]*)"|(?<plain>\S+)))?(?: \$(?<env>\w+))?(?<hidden> h)?(?<required> !)? : (?<help>.*)$/;

/** Reads flag lines; `extra` adds by flag name what a line cannot hold. */
export function flags(text: string, extra: Record<string, Partial<Flag>> = {}): Flag[] {
  return text
    .trim()
    .split('\n')
    .map((row) => {
      const m = line.exec(row.trim().replace(/ +/g, ' '))?.groups;
      if (m === undefined) throw new CairnError('internal', `bad line in a command table: ${row}`);
      return {
        name: m.name,
        type: m.type as FlagType,
        help: m.help,
        repeated: m.repeated !== undefined,
        hidden: m.hidden !== undefined,
        required: m.required !== undefined,
        short: m.short,
        default: m.quoted ?? m.plain,
        env: m.env,
        values: m.values?.split(','),
        ...extra[m.name],
      };
    });
}

export function parseArguments(text = ''): Argument[] {
  return [...text.matchAll(/([<[])([\w-]+)(\.\.\.)?[>\]]/g)].map((m) => ({
    name: m[2],
    required: m[1] === '<',
    repeated: m[3] !== undefined,
  }));
}

/** The command of that name or alias. */
export function findCommand(commands: readonly CommandTable[] = [], name: string): CommandTable | undefined {
  return commands.find((command) => command.name === name || command.aliases?.includes(name));
}
