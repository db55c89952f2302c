import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'cache',
  help: 'look at and change the local cache: copies of index and format blobs',
  hidden: true,
  commands: [
    {
      name: 'clear',
      help: 'empty the cache',
      flags: [
        ...flags(`
          --partial E{contents,indexes,metadata,own-writes,blob-list} : only this kind; Cairn keeps but indexes of these
        `),
        ...json,
      ],
      run: () => import('../commands/cache/clear.ts'),
    },
    {
      name: 'info',
      help: 'show where the cache is, what it holds and its limit',
      flags: [
        ...flags(`
          --path B : only the path
        `),
        ...json,
      ],
      run: () => import('../commands/cache/info.ts'),
    },
    {
      name: 'prune',
      help: 'remove index blobs that the repository does not use any more, and what is over the limit',
      flags: json,
      run: () => import('../commands/cache/prune.ts'),
    },
    {
      name: 'set',
      help: 'change where and how much is cached',
      flags: [
        ...flags(`
          --cache-directory S : directory of caches
          --content-cache-size-mb I64 : MB of contents to cache; 0 turns the cache off
          --content-cache-size-limit-mb I64 : MB of contents never to exceed (Kopia only)
          --content-min-sweep-age D : least age before a cached content is dropped (Kopia only)
          --metadata-cache-size-mb I64 : MB of metadata to cache: the size of Cairn's cache
          --metadata-cache-size-limit-mb I64 : MB of metadata never to exceed
          --metadata-min-sweep-age D : least age before cached metadata is dropped (Kopia only)
          --index-min-sweep-age D : least age before a cached index is dropped (Kopia only)
          --max-list-cache-duration D : time a listing of blobs is kept (Kopia only)
        `),
        ...json,
      ],
      run: () => import('../commands/cache/set.ts'),
    },
    {
      name: 'sync',
      help: 'bring every index blob in use into the cache',
      flags: [
        ...flags(`
          --parallel I =16 : blobs to fetch at a time
        `),
        ...json,
      ],
      run: () => import('../commands/cache/sync.ts'),
    },
  ],
};
