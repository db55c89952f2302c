import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'index',
  help: 'look at index blobs',
  hidden: true,
  commands: [
    {
      name: 'inspect',
      help: 'print the entries of index blobs',
      args: '[blobs...]',
      flags: flags(`
        --all B : all index blobs, replaced ones too
        --active B : index blobs in use
        --content-id S+ : only these contents
        --parallel I =8 : blobs at a time
      `),
      run: () => import('../commands/index/inspect.ts'),
    },
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list index blobs',
      flags: [
        ...flags(`
          --summary B : print totals
          --superseded B : also those that others replaced
          --sort E{time,size,name} =time : order
        `),
        ...json,
      ],
      run: () => import('../commands/index/list.ts'),
    },
  ],
};
