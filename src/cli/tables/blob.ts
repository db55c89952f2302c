import { flags, type CommandTable } from '../table.ts';
import { json, safety } from './shared.ts';

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
      flags: [
        ...flags(`
          --raw -r B : sizes in bytes
          --prefix S : only names that start so
        `),
        ...json,
      ],
      run: () => import('../commands/blob/stats.ts'),
    },
    {
      name: 'delete',
      aliases: ['remove', 'rm'],
      help: 'delete blobs',
      hidden: true,
      args: '<blobIDs...>',
      run: () => import('../commands/blob/delete.ts'),
    },
    {
      name: 'gc',
      help: 'delete packs that no index names',
      hidden: true,
      flags: [
        ...flags(`
          --delete S : 'yes' deletes them
          --parallel I =16 : deletions at a time
          --prefix S : only names that start so
        `),
        ...safety,
      ],
      run: () => import('../commands/blob/gc.ts'),
    },
    {
      name: 'shards',
      help: 'folders of sharded storages',
      hidden: true,
      commands: [
        {
          name: 'modify',
          aliases: ['reshard'],
          help: 'spread the files over other folders',
          hidden: true,
          flags: flags(`
            --i-am-sure-kopia-is-not-running B ! : nothing may use the repository meanwhile
            --path XD ! : the folder of the repository
            --default-shards S : lengths of folder names such as 1,3, or flat
            --override S+ : prefix=n1,n2 for names that start so
            --remove-override S+ : prefix whose override goes
            --unsharded-length I : names up to this length lie in the root
            --dry-run B : only say what would be moved
          `),
          run: () => import('../commands/blob/shards.ts'),
        },
      ],
    },
  ],
};
