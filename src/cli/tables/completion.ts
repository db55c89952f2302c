import type { CommandTable } from '../table.ts';

export const table: CommandTable = {
  name: 'completion',
  help: 'print a completion script for bash, zsh, fish or powershell',
  args: '<shell>',
  run: () => import('../commands/completion.ts'),
};
