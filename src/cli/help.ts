/** Help pages, made from the tables. */
import { variableNames } from './flags.ts';
import { parseArguments, type CommandTable, type Flag } from './table.ts';

const COLUMN = 32;

/** Breaks text into lines of `width`, the first after `first` characters, the others indented to the column. */
function wrap(head: string, text: string, width: number): string {
  const lines: string[] = [];
  let line = head.length >= COLUMN ? head : head.padEnd(COLUMN);
  if (head.length >= COLUMN) {
    lines.push(head);
    line = ' '.repeat(COLUMN);
  }
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(COLUMN) + word;
    } else line += (empty ? '' : ' ') + word;
    empty = false;
  }
  return [...lines, line].map((row) => row.trimEnd() + '\n').join('');
}

function flagHead(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  if (flag.type === 'B') return `  ${short}--[no-]${flag.name}`;
  const choices = flag.values?.join('|') ?? '';
  const value = choices !== '' && choices.length <= 30 ? choices : placeholder(flag);
  return `  ${short}--${flag.name}=${value}${flag.repeated ? ' ...' : ''}`;
}

function placeholder({ name, type }: Flag): string {
  const byType: Partial<Record<Flag['type'], string>> = {
    D: 'DURATION',
    Y: 'SIZE',
    I: 'N',
    I32: 'N',
    I64: 'N',
    U: 'N',
    F: 'N',
  };
  return byType[type] ?? name.split('-').at(-1)!.toUpperCase();
}

function flagHelp(flag: Flag): string {
  const fallback =
    flag.default === undefined || (flag.type === 'B' && flag.default === 'false') ? '' : ` (default: ${flag.default})`;
  const env = flag.env === undefined ? '' : ` ($${variableNames(flag.env).at(-1)})`;
  return flag.help + fallback + env;
}

function flagList(title: string, flags: readonly Flag[], full: boolean, width: number): string {
  const shown = flags.filter((flag) => full || !flag.hidden);
  if (shown.length === 0) return '';
  const rows = shown.flatMap((flag) => [
    wrap(flagHead(flag), flagHelp(flag), width),
    ...(full ? (flag.aliases ?? []).map((alias) => wrap(`      --${alias}`, `the same as --${flag.name}`, width)) : []),
  ]);
  return `\n${title}:\n${rows.join('')}`;
}

/** `list [<flags>] [source]`. */
export function synopsis(command: CommandTable): string {
  const required = (command.flags ?? [])
    .filter((flag) => flag.required)
    .map((flag) => ` --${flag.name}=${placeholder(flag)}`);
  const optional = (command.flags ?? []).some((flag) => !flag.required) ? ' [<flags>]' : '';
  const sub = command.commands === undefined ? '' : ' <command> [<args> ...]';
  return command.name + required.join('') + optional + sub + (command.args === undefined ? '' : ` ${command.args}`);
}

function commandList(commands: readonly CommandTable[], full: boolean, width: number, prefix = ''): string {
  return commands
    .filter((command) => full || !command.hidden)
    .map((command) =>
      command.commands === undefined
        ? wrap(`  ${prefix}${command.name}${parseArguments(command.args).map(argument).join('')}`, command.help, width)
        : commandList(command.commands, full, width, `${prefix}${command.name} `),
    )
    .join('');
}

function argument({ name, required, repeated }: { name: string; required: boolean; repeated: boolean }): string {
  const text = name + (repeated ? '...' : '');
  return required ? ` <${text}>` : ` [${text}]`;
}

/** The page of the whole program. */
export function programHelp(
  groups: readonly CommandTable[],
  globals: readonly Flag[],
  full: boolean,
  width: number,
): string {
  return (
    `usage: cairn [<flags>] <command> [<args> ...]\n\n` +
    `Cairn: backups that Kopia can read, and the reverse. Begin with 'cairn backup FOLDER'.\n` +
    `\nCommands${full ? '' : ' (--help-full shows all)'}:\n` +
    commandList(groups, full, width) +
    wrap('  help [command...]', 'show help for a command', width) +
    flagList('Flags', globals, full, width)
  );
}

/** The page of one command. */
export function commandHelp(
  path: readonly CommandTable[],
  globals: readonly Flag[],
  full: boolean,
  width: number,
): string {
  const command = path.at(-1)!;
  const above = path.slice(0, -1);
  const parents = above.map((table) => table.name + ' ').join('');
  return (
    `usage: cairn ${parents}${synopsis(command)}\n\n${command.help[0].toUpperCase()}${command.help.slice(1)}.\n` +
    (command.aliases === undefined ? '' : `Also: ${command.aliases.join(', ')}\n`) +
    (command.commands === undefined ? '' : `\nCommands:\n${commandList(command.commands, true, width)}`) +
    flagList('Flags', command.flags ?? [], full, width) +
    above.map((table) => flagList(`Flags of '${table.name}'`, table.flags ?? [], full, width)).join('') +
    flagList('Flags of every command', globals, full, width)
  );
}
