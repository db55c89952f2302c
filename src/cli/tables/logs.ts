import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

const selection = flags(`
  --all B : all logs
  --latest -n I : this many of the newest
  --younger-than D : only logs younger than this
  --older-than D : only logs older than this
`);

export const logs: CommandTable = {
  name: 'logs',
  aliases: ['log'],
  help: 'look at the logs that the repository holds',
  hidden: true,
  commands: [
    {
      name: 'cleanup',
      help: 'delete old logs',
      flags: flags(`
        --max-age D =720h : age of logs to keep
        --max-count I =10000 : logs to keep
        --max-total-size-mb I64 =1024 : MiB of logs to keep
        --dry-run B : only say what would be deleted
      `),
      run: () => import('../commands/logs/cleanup.ts'),
    },
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list logs',
      flags: [...selection, ...json],
      run: () => import('../commands/logs/list.ts'),
    },
    {
      name: 'show',
      aliases: ['cat'],
      help: 'print logs, the newest unless others are chosen',
      args: '[session-id...]',
      flags: selection,
      run: () => import('../commands/logs/show.ts'),
    },
  ],
};

export const session: CommandTable = {
  name: 'session',
  help: 'look at write sessions',
  hidden: true,
  commands: [
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list sessions that are writing or were stopped',
      flags: json,
      run: () => import('../commands/session/list.ts'),
    },
  ],
};
