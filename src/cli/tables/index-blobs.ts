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
      flags: [
        ...flags(`
          --all B : all index blobs, replaced ones too
          --active B : index blobs in use
          --content-id S+ : only these contents
          --parallel I =8 : blobs at a time
        `),
        ...json,
      ],
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
    {
      name: 'epoch',
      help: 'look at epochs',
      hidden: true,
      commands: [
        { name: 'list', help: 'list epochs', flags: json, run: () => import('../commands/index/epoch-list.ts') },
      ],
    },
    {
      name: 'optimize',
      help: 'merge index blobs',
      hidden: true,
      flags: flags(`
        --max-small-blobs I =1 : leave as many small index blobs alone
        --drop-deleted-older-than D : drop contents that were deleted longer ago
        --drop-contents S+ : drop these contents
        --all B : merge large index blobs too
      `),
      run: () => import('../commands/index/optimize.ts'),
    },
    {
      name: 'recover',
      help: 'find contents again in their packs after index blobs were lost',
      flags: flags(`
        --blob-prefixes S+ : only packs whose names start so
        --blobs S+ : only these packs
        --parallel I =1 : packs at a time
        --ignore-errors B : go on past packs that cannot be read
        --delete-indexes B : delete the old index blobs when the new one is written
        --commit B : write what was found
      `),
      run: () => import('../commands/index/recover.ts'),
    },
  ],
};
