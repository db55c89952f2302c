import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'find',
  help: 'find files in snapshots by name: find "*.pdf"',
  args: '<glob>',
  flags: [
    ...flags(`
      --source S+ : only snapshots of these sources
      --all -a B : also those of other users and hosts
      --ignore-case -i B : capital and small letters are the same
      --repeated B : tell a file again in every snapshot that holds it
    `),
    ...json,
  ],
  run: () => import('../commands/find.ts'),
};
