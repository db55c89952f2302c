import { join } from 'node:path';
import { expect, it } from 'vitest';
import { variableNames } from '../../src/cli/flags.ts';
import { synopsis } from '../../src/cli/help.ts';
import type { CommandTable, Flag } from '../../src/cli/table.ts';
import { globalFlags } from '../../src/cli/tables/global.ts';
import { groups } from '../../src/cli/tables/index.ts';
import { projectDirectory } from '../runtime.ts';

function flagLine(flag: Flag): string {
  const value = flag.type === 'B' ? '' : `=${flag.values?.join('\\|') ?? flag.name.split('-').at(-1)!.toUpperCase()}`;
  const long = flag.values !== undefined && flag.values.length > 6;
  const names = `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}`;
  const notes = [
    long ? `one of ${flag.values!.join(', ')}` : '',
    flag.repeated ? 'may be given several times' : '',
    flag.default === undefined || flag.default === 'false' ? '' : `default ${flag.default}`,
    flag.env === undefined ? '' : `$${variableNames(flag.env).at(-1)}`,
  ].filter((note) => note !== '');
  const text = `- \`${names}${long ? '=NAME' : value.replaceAll('\\|', '|')}\`: ${flag.help}`;
  return text + (notes.length === 0 ? '' : ` (${notes.join('; ')})`) + '\n';
}

const flagLines = (flags: readonly Flag[] = []) =>
  flags
    .filter((flag) => !flag.hidden)
    .map(flagLine)
    .join('');

function section(path: readonly CommandTable[]): string {
  const command = path.at(-1)!;
  if (command.hidden) return '';
  const parents = path.slice(0, -1).map(({ name }) => name + ' ');
  const also =
    command.aliases === undefined ? '' : ` Also: ${command.aliases.map((name) => `\`${name}\``).join(', ')}.`;
  const title = `cairn ${parents.join('')}`;
  const head =
    path.length === 1
      ? `## ${command.name}\n\n`
      : command.commands === undefined
        ? ''
        : `### \`${title}${command.name}\`\n\n`;
  const usage =
    command.commands === undefined ? `${path.length === 1 ? '' : '### '}\`${title}${synopsis(command)}\`\n\n` : '';
  const help = `${command.help[0].toUpperCase()}${command.help.slice(1)}.${also}\n`;
  const lines = flagLines(command.flags);
  return (
    `\n${head}${usage}${help}${lines === '' ? '' : `\n${lines}`}` +
    (command.commands ?? []).map((each) => section([...path, each])).join('')
  );
}

it('docs/commands.md says what the command tables say (vitest -u writes it anew)', async () => {
  const tables = await Promise.all(groups.map((group) => group.load()));
  const page =
    `# Commands\n\n` +
    `All commands and their flags. Durations are like \`90s\` or \`24h\`, sizes like \`20MB\` or \`64KiB\`; a flag without a value is switched off by \`--no-NAME\`. \`cairn help COMMAND\` shows the same, \`--help-full\` the flags that are seldom needed, too.\n` +
    tables.map((table) => section([table])).join('') +
    `\n## Flags of every command\n\n${flagLines(globalFlags)}`;
  await expect(page).toMatchFileSnapshot(join(projectDirectory, 'docs/commands.md'));
});
