import { flags, type CommandTable } from '../table.ts';
import { table as restore } from './restore.ts';
import { careCommands } from './snapshot-care.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'snapshot',
  aliases: ['snap'],
  help: 'make, list, check and remove snapshots',
  commands: [
    {
      name: 'create',
      help: 'back up files and folders',
      args: '[source...]',
      flags: [
        ...flags(`
          --all B : every source of this user and host that was backed up before
          --upload-limit-mb I64 =0 : stop after so many MiB
          --checkpoint-interval D h : time between checkpoints, 45m at most
          --description S : description of the snapshot
          --fail-fast B $KOPIA_SNAPSHOT_FAIL_FAST : stop at the first error
          --force-hash F =0 : percent of unchanged files to read all the same
          --parallel I =0 : files read at a time, 0 as the policy says
          --start-time S : start time to store: 2006-01-02 15:04:05 UTC
          --end-time S : end time to store
          --force-enable-actions B h : run actions
          --force-disable-actions B h : run no actions
          --stdin-file S : standard input becomes this file below the source
          --tags S+ : key:value to store with the snapshot
          --pin S+ : pin that keeps the snapshot from expiring
          --flush-per-source B h : write out after each source
          --override-source S : source to store, user@host:/path
          --send-snapshot-report B =true : send a notification
          --hint-streaming-reads B =false h : keep files out of the page cache
          --log-dir-detail I : detail of folders in the log, 0 to 10
          --log-entry-detail I : detail of files in the log, 0 to 10
          --dry-run B : only tell what would be stored
        `),
        ...json,
      ],
      run: () => import('../commands/snapshot/create.ts'),
    },
    {
      name: 'delete',
      help: 'remove snapshots',
      args: '[id...]',
      flags: [
        ...flags(`
        --all-snapshots-for-source B : the arguments are sources
        --all B : every snapshot of this user and host
        --ignore-pins B : pinned ones too
        --delete B : really do it
        --unsafe-ignore-source B h : the same as --delete
      `),
        ...json,
      ],
      run: () => import('../commands/snapshot/delete.ts'),
    },
    {
      name: 'list',
      aliases: ['ls'],
      help: 'list snapshots',
      args: '[source]',
      flags: [
        ...flags(`
          --incomplete -i B : also those that were not finished
          --human-readable B =true : sizes with units
          --delta -d B : show the change of size
          --manifest-id -m B : show the manifest ID
          --retention B =true : show why a snapshot is kept
          --mtime B : show the modification time
          --owner B : show the owner
          --show-identical -l B : show identical snapshots one by one
          --storage-stats B : show what each snapshot added
          --reverse B : newest first
          --errors B : name what could not be stored
          --all -a B : also those of other users and hosts
          --max-results -n I : so many per source at most
          --tags S+ : only those with this tag, key:value
        `),
        ...json,
      ],
      run: () => import('../commands/snapshot/list.ts'),
    },
    {
      name: 'pin',
      help: 'add or remove pins, which keep snapshots from expiring',
      args: '<id...>',
      flags: [
        ...flags(`
        --add S+ : pins to add
        --remove S+ : pins to remove
      `),
        ...json,
      ],
      run: () => import('../commands/snapshot/pin.ts'),
    },
    restore,
    {
      name: 'verify',
      help: 'check that snapshots can be restored',
      args: '[snapshot-ids...]',
      flags: [
        ...flags(`
          --max-errors I =0 : stop after so many errors, 0 for never
          --directory-id S+ : folders to check
          --file-id S+ : files to check
          --all-sources B h : accepted, no effect
          --sources S+ : only snapshots of these sources
          --parallel I =8 : accepted, no effect
          --file-queue-length I =20000 : files waiting to be checked
          --file-parallelism I : files checked at a time
          --verify-files-percent F =0 : percent of files to read in full
        `),
        ...json,
      ],
      run: () => import('../commands/snapshot/verify.ts'),
    },
    ...careCommands,
  ],
};
