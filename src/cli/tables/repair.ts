import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'repair',
  help: 'find damage, and mend what can be mended',
  flags: [
    ...flags(`
      --commit B : mend it; otherwise it is only listed
    `),
    ...json,
  ],
  run: () => import('../commands/repair.ts'),
};
