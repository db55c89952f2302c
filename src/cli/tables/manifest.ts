import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'manifest',
  help: 'look at manifests: snapshots, policies and other small items',
  hidden: true,
  commands: [
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list manifests',
      flags: [
        ...flags(`
          --filter S+ : only with this label, key:value
          --sort S+ : labels to sort by
        `),
        ...json,
      ],
      run: () => import('../commands/manifest/list.ts'),
    },
    {
      name: 'show',
      help: 'print manifests',
      args: '<item...>',
      flags: json,
      run: () => import('../commands/manifest/show.ts'),
    },
    {
      name: 'delete',
      aliases: ['remove', 'rm'],
      help: 'delete manifests',
      hidden: true,
      args: '<item...>',
      run: () => import('../commands/manifest/delete.ts'),
    },
  ],
};
