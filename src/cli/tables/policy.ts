import { flags, type CommandTable } from '../table.ts';
import { compressors, json, policyTarget, splitters } from './shared.ts';

const tri = 'true,false,inherit';
const snappy = { valueAliases: { snappy: 's2-default' } };

/** Flags of `policy set` that are no settings. */
export const outputFlags = [
  ...flags(`
    --dry-run B : only tell what would be set
  `),
  ...json,
];

export const table: CommandTable = {
  name: 'policy',
  aliases: ['policies'],
  help: 'what is backed up, how, and how long it is kept',
  commands: [
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list policies',
      flags: json,
      run: () => import('../commands/policy/list.ts'),
    },
    {
      name: 'delete',
      aliases: ['remove', 'rm'],
      help: 'remove policies',
      args: '[target...]',
      flags: [
        ...policyTarget,
        ...flags(`
          --dry-run -n B : only say what would be done
        `),
        ...json,
      ],
      run: () => import('../commands/policy/delete.ts'),
    },
    {
      name: 'edit',
      help: 'change policies in an editor',
      args: '[target...]',
      flags: [...policyTarget, ...json],
      run: () => import('../commands/policy/edit.ts'),
    },
    {
      name: 'export',
      help: 'write policies to a file or to standard output',
      args: '[target...]',
      flags: [
        ...policyTarget,
        ...flags(`
          --to-file S : file to write
          --overwrite B : replace the file
          --json B : no effect, the result is always JSON
          --json-indent B h : print JSON over several lines
        `),
      ],
      run: () => import('../commands/policy/export.ts'),
    },
    {
      name: 'import',
      help: 'read policies from a file or from standard input',
      args: '[target...]',
      flags: [
        ...policyTarget,
        ...flags(`
          --from-file S : file to read
          --allow-unknown-fields B : keep what Cairn does not know
          --delete-other-policies B : remove all policies that are not in the file
        `),
        ...json,
      ],
      run: () => import('../commands/policy/import.ts'),
    },
    {
      name: 'set',
      help: 'change policies',
      args: '[target...]',
      flags: [
        ...policyTarget,
        ...flags(
          `
          --inherit T+ : take what is not set here from above
          --before-folder-action S =- : command before a folder ('-': as it is, empty: none)
          --after-folder-action S =- : command after a folder
          --before-snapshot-root-action S =- : command before a snapshot
          --after-snapshot-root-action S =- : command after a snapshot
          --action-command-timeout D =5m : time an action may take
          --action-command-mode E{essential,optional,async} =essential : what a failed action means
          --persist-action-script B : keep the script itself in the policy
          --compression E{${compressors}} : compressor of files
          --compression-min-size S : bytes of the smallest file to compress
          --compression-max-size S : bytes of the largest file to compress
          --add-only-compress S+ : compress only files with this extension
          --remove-only-compress S+ : undo that
          --clear-only-compress B : undo all of that
          --add-never-compress S+ : never compress files with this extension
          --remove-never-compress S+ : undo that
          --clear-never-compress B : undo all of that
          --metadata-compression E{${compressors}} : compressor of folders
          --splitter E{${splitters},inherit} : how files are cut
          --ignore-file-errors E{${tri}} : pass over files that cannot be read
          --ignore-dir-errors E{${tri}} : pass over folders that cannot be read
          --ignore-unknown-types E{${tri}} : pass over devices, sockets and the like
          --add-ignore S+ : rule for files to leave out
          --remove-ignore S+ : rule to drop
          --clear-ignore B : drop all rules
          --add-dot-ignore S+ : name of files that hold rules
          --remove-dot-ignore S+ : name to drop
          --clear-dot-ignore B : drop all names
          --max-file-size S : bytes of the largest file to back up
          --one-file-system E{${tri}} : stay on the file system of the source
          --ignore-cache-dirs E{${tri}} : leave out folders marked as caches
          --log-dir-snapshotted S : detail of stored folders in the log, 0 to 10
          --log-dir-ignored S : detail of ignored folders
          --log-entry-snapshotted S : detail of stored files
          --log-entry-ignored S : detail of ignored files
          --log-entry-cache-hit S : detail of unchanged files
          --log-entry-cache-miss S : detail of changed files
          --keep-latest S : newest snapshots to keep
          --keep-hourly S : hourly snapshots to keep
          --keep-daily S : daily snapshots to keep
          --keep-weekly S : weekly snapshots to keep
          --keep-monthly S : monthly snapshots to keep
          --keep-annual S : annual snapshots to keep
          --ignore-identical-snapshots S : make no snapshot when nothing changed
          --snapshot-interval D+ : time between snapshots
          --snapshot-time S+ : times of day, HH:mm,HH:mm
          --snapshot-time-crontab S : crontab expressions, separated by ';'
          --run-missed E{${tri}} : make up for a missed time
          --manual B : only when asked
          --enable-volume-shadow-copy E{never,always,when-available,inherit} : Windows: read from a shadow copy
          --max-parallel-file-reads S : files read at a time
          --max-parallel-snapshots S : snapshots at a time
          --parallel-upload-above-size-mib S : MiB from which a file is read in parts
        `,
          {
            compression: snappy,
            'metadata-compression': snappy,
            'snapshot-time-crontab': { aliases: ['scheduling-cron'] },
          },
        ),
        ...outputFlags,
      ],
      run: () => import('../commands/policy/set.ts'),
    },
    {
      name: 'show',
      aliases: ['get'],
      help: 'show what applies to a target, and where it comes from',
      args: '[target...]',
      flags: [...policyTarget, ...json],
      run: () => import('../commands/policy/show.ts'),
    },
  ],
};
