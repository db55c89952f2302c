import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const table: CommandTable = {
  name: 'restore',
  help: 'restore files, folders or whole snapshots: restore ID[/PATH] TARGET',
  args: '<sources...>',
  flags: [
    ...flags(`
    --overwrite-directories B =true : use folders that are there
    --overwrite-files B =true : replace files that are there
    --overwrite-symlinks B =true : replace symbolic links that are there
    --write-sparse-files B =false : leave holes for runs of zeros
    --consistent-attributes B $KOPIA_RESTORE_CONSISTENT_ATTRIBUTES : fail when snapshots of the same object disagree
    --mode E{auto,local,zip,zip-nocompress,tar,tgz} =auto : folder or kind of archive (auto: by the target's name)
    --parallel I =8 : files at a time
    --skip-owners B : do not restore owners
    --skip-permissions B : do not restore permissions
    --skip-times B : do not restore times
    --ignore-permission-errors B =true : pass over owners, modes and times that may not be set
    --write-files-atomically B =false : sync each file before it gets its name
    --ignore-errors B : go on after errors
    --skip-existing B : leave files alone that have the same size and time
    --delete-extra B : remove what the snapshot does not hold
    --shallow I32 : write placeholders below this depth
    --shallow-minsize I32 : restore smaller files really
    --snapshot-time S =latest : latest, oldest, yesterday, last-month, 3d-ago, 2026-01-31 ...
    --flush-files B =false : sync files to the disk
  `),
    ...json,
  ],
  run: () => import('../commands/restore.ts'),
};
