import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'blob',
  help: 'look at blobs, the files of the storage',
  hidden: true,
  commands: [
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list blobs',
      flags: [
        ...flags(`
          --prefix S : only names that start so
          --exclude-prefix S+ : no names that start so
          --min-size I64 : only this size or more
          --max-size I64 : only this size or less
          --data-only B : only packs
        `),
        ...json,
      ],
      run: () => import('../commands/blob/list.ts'),
    },
    {
      name: 'show',
      aliases: ['cat'],
      help: 'print blobs',
      args: '<blobID...>',
      flags: flags(`
        --decrypt B : decrypt index blobs, logs and packs' own indexes
      `),
      run: () => import('../commands/blob/show.ts'),
    },
    {
      name: 'stats',
      help: 'count blobs',
      flags: flags(`
        --raw -r B : sizes in bytes
        --prefix S : only names that start so
      `),
      run: () => import('../commands/blob/stats.ts'),
    },
  ],
};
