/** `list`, `show` and `diff`: top-level commands on objects. */
import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

export const list: CommandTable = {
  name: 'list',
  aliases: ['ls'],
  help: 'list a folder of a snapshot',
  args: '<object-path>',
  flags: [
    ...flags(`
    --long -l B : show mode, size, time and object ID
    --human-readable -h B : sizes with units
    --recursive -r B : also the folders below
    --show-object-id -o B : show object IDs
    --error-summary B =true : say what could not be backed up
  `),
    ...json,
  ],
  run: () => import('../commands/list.ts'),
};

export const show: CommandTable = {
  name: 'show',
  aliases: ['cat'],
  help: 'print a file of a snapshot',
  args: '<object-path>',
  run: () => import('../commands/show.ts'),
};

export const diff: CommandTable = {
  name: 'diff',
  aliases: ['compare'],
  help: 'compare two folders of snapshots',
  args: '<object-path1> <object-path2>',
  flags: [
    ...flags(`
    --files -f B : compare the files by a program
    --stats-only B : print only counts
    --diff-command S ="diff -u" $KOPIA_DIFF : the program
  `),
    ...json,
  ],
  run: () => import('../commands/diff.ts'),
};
