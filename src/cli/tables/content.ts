import { flags, type CommandTable } from '../table.ts';
import { contentRange, json, safety } from './shared.ts';

export const table: CommandTable = {
  name: 'content',
  aliases: ['contents'],
  help: 'look at contents, the pieces that files are cut into',
  hidden: true,
  commands: [
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list contents',
      flags: [
        ...flags(`
          --long -l B : show sizes, times and packs
          --compression -c B : show compression
          --deleted B : also deleted ones
          --deleted-only B : only deleted ones
          --summary -s B : print totals
          --human -h B : sizes with units
        `),
        ...contentRange,
        ...json,
      ],
      run: () => import('../commands/content/list.ts'),
    },
    {
      name: 'show',
      aliases: ['cat'],
      help: 'print contents',
      args: '<id...>',
      flags: flags(`
        --json -j B : print JSON over several lines
        --unzip -z B : expand gzip first
      `),
      run: () => import('../commands/content/show.ts'),
    },
    {
      name: 'stats',
      help: 'count contents',
      flags: [
        ...flags(`
          --raw -r B : sizes in bytes
        `),
        ...contentRange,
        ...json,
      ],
      run: () => import('../commands/content/stats.ts'),
    },
    {
      name: 'verify',
      help: 'check that every content is where the index says',
      flags: [
        ...flags(`
          --parallel I =16 : packs at a time
          --full B : read everything
          --include-deleted B : also deleted ones
          --download-percent F : percent of contents to read
          --progress-interval D =3s : time between messages
        `),
        ...contentRange,
        ...json,
      ],
      run: () => import('../commands/content/verify.ts'),
    },
    {
      name: 'delete',
      aliases: ['remove', 'rm'],
      help: 'mark contents as deleted',
      hidden: true,
      args: '<id...>',
      run: () => import('../commands/content/delete.ts'),
    },
    {
      name: 'rewrite',
      help: 'store contents again in new packs',
      hidden: true,
      args: '[contentID...]',
      flags: [
        ...flags(`
          --parallelism I =16 : contents at a time
          --short B : those in short packs
          --format-version I =-1 : those of this format version
          --pack-prefix S : only those in packs whose names start so
          --dry-run -n B : only say what would be rewritten
        `),
        ...contentRange,
        ...safety,
      ],
      run: () => import('../commands/content/rewrite.ts'),
    },
  ],
};
