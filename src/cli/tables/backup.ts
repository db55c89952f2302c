import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'backup',
  help: 'back up folders; sets up a repository first where there is none',
  args: '<folder...>',
  flags: [
    ...flags(`
      --description S : description of the snapshot
      --tags S+ : key:value to store with the snapshot
      --verify-files-percent F =100 : percent of files to read back afterwards
    `),
    ...json,
  ],
  run: () => import('../commands/backup.ts'),
};
