/** The verbs of `snapshot` that keep snapshots in order. */
import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

const rewrite = flags(`
  --manifest-id S+ : snapshots to work on
  --source S+ : sources whose snapshots to work on
  --commit B : store the result; else only tell what would change
  --parallel I : files of a folder looked at side by side (8)
  --invalid-directory-handling E{fail,stub,keep} =stub : what becomes of folders that cannot be read
`);

const history = flags(`
  --dry-run -n B : only tell what would be done
  --policies B : policies of the source too, where the destination has none
`);

export const careCommands: readonly CommandTable[] = [
  {
    name: 'copy-history',
    help: 'copy the snapshots of a source to another source',
    args: '<source> [destination]',
    flags: [...history, ...json],
    run: () => import('../commands/snapshot/copy-history.ts'),
  },
  {
    name: 'estimate',
    help: 'tell what a snapshot would hold and how long it would take',
    args: '<source>',
    flags: [
      ...flags(`
        --show-files B : name some files of each size
        --quiet -q B : do not name the folders on the way
        --upload-speed F =10 : Mbit per second to reckon with
        --max-examples-per-bucket I =10 : files named of each size
      `),
      ...json,
    ],
    run: () => import('../commands/snapshot/estimate.ts'),
  },
  {
    name: 'expire',
    help: 'remove the snapshots that the policies do not keep',
    args: '[path...]',
    flags: [
      ...flags(`
        --all B : of all sources
        --delete B : really do it
      `),
      ...json,
    ],
    run: () => import('../commands/snapshot/expire.ts'),
  },
  {
    name: 'fix',
    help: 'repair snapshots',
    commands: [
      {
        name: 'invalid-files',
        help: 'take damaged files and folders out of snapshots',
        flags: [
          ...rewrite,
          ...flags(`
            --invalid-file-handling E{fail,stub,keep,remove} =stub : what becomes of damaged files
            --verify-files-percent F =0 : percent of files to read in full
          `),
          ...json,
        ],
        run: () => import('../commands/snapshot/fix-invalid-files.ts'),
      },
      {
        name: 'remove-files',
        help: 'take files out of snapshots by name or object',
        flags: [
          ...rewrite,
          ...flags(`
            --object-id S+ : objects to remove
            --filename S+ : names to remove, * and ? are wildcards
          `),
          ...json,
        ],
        run: () => import('../commands/snapshot/fix-remove-files.ts'),
      },
    ],
  },
  {
    name: 'migrate',
    help: 'copy snapshots from another repository',
    flags: [
      ...flags(`
        --source-config XF ! : connection file of the other repository
        --sources S+ : sources to copy
        --all B : all sources
        --policies B =true : policies too
        --overwrite-policies B : replace policies that are here
        --latest-only B : only the newest snapshot of each source
        --parallel I =1 : sources at a time
        --apply-ignore-rules B : leave out what the rules leave out now
      `),
      ...json,
    ],
    run: () => import('../commands/snapshot/migrate.ts'),
  },
  {
    name: 'move-history',
    help: 'move the snapshots of a source to another source',
    args: '<source> [destination]',
    flags: [...history, ...json],
    run: () => import('../commands/snapshot/move-history.ts'),
  },
  {
    name: 'versions',
    help: 'list the versions of a file or folder through time',
    args: '<path>',
    flags: json,
    run: () => import('../commands/snapshot/versions.ts'),
  },
];
