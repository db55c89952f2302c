/** Every line of docs/differences.md is held by a test, named here by its file and title. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectDirectory } from '../runtime.ts';

/** What Kopia does, as the document says it: the file below test/, and the title of the test. */
const held: [kopia: string, file: string, title: string][] = [
  [
    'a folder is restored with the newest time',
    'restore/local',
    'are set before a file gets its name, links and folders',
  ],
  ['`snapshot verify` stops at the first error', 'snapshot/verify', 'stops at the error limit, 0 for never'],
  ['one damaged index blob', 'fixtures/damaged', 'opens without the damaged index blob and names it'],
  ['an unknown `encryption`', 'fixtures/damaged', 'is refused as by Kopia, with a hint'],
  ['an interrupted `change-password`', 'format/change-password', 'survives a crash at every call'],
  ['scrypt (0.3 s) at every command', 'cli/verbs', 'a stored key spares the derivation'],
  ["a file's data that cannot be written", 'upload/storage', 'ends the run instead of counting as a failed file'],
  ['special files are dropped', 'upload/files', 'are left out and counted, or failures where the policy says so'],
  ['`restore` follows symbolic links', 'restore/local', 'lead nowhere: not as folders, not as files, not as links'],
  ['`policy set` takes broken patterns', 'policy/edit', 'refuses what cannot be meant, naming the flag'],
  ['`policy set --clear-ignore --add-ignore=x`', 'policy/edit', 'clears, then adds'],
  ['`ls` prints in random order', 'cli/verbs', 'list, show and diff look inside'],
  ['an action that sends a folder elsewhere', 'upload/actions', 'run around a folder in a directory of their own'],
  ['a renamed placeholder', 'upload/stream', 'stand for what they name, for ignore rules too'],
  ['placeholders of folders hold', 'cli/care', 'leaves placeholders, snapshots them as what they stand for'],
  ['`snapshot fix` loses failures', 'snapshot/fix', 'keeps failures that are recorded right in a directory'],
  [
    '`snapshot migrate` drops tags and pins',
    'repository/migrate',
    'gives the objects that an upload into the destination',
  ],
  ['`snapshot move-history` of a source', 'snapshot/history', 'refuses what would mix sources, or move a source onto'],
  ['`snapshot delete` removes pinned', 'cli/care', 'delete spares pinned ones unless told otherwise'],
  ["tar holds Go's mode numbers", 'restore/archive', 'holds modes, owners, exact times, long names and links'],
  ['`--flag=false` sets the flag', 'cli/parse', 'a flag given as false is not set'],
  ['exit code 1 for everything', 'cli/output', '%s: %i, like Kopia %i'],
  ['contents, metadata, indexes and blob lists', 'cli/cache', "writes Kopia's keys, in millions of bytes and seconds"],
  ['`cache`, `benchmark` and the low-level verbs', 'cli/own-json', 'content stats, content verify'],
  ['cached index blobs that are not in use', 'cli/cache', 'prune takes what no longer counts'],
  ['verbs that change snapshots and policies', 'cli/verbs-json', 'set tells target, changes and the whole policy'],
  ['progress ends at 100 %', 'cli/care', 'progress shows no time left when the tree grew'],
  ["sizes for each source's snapshots", 'cli/repository-stats', 'counts every snapshot as original, equal files once'],
  ['`policy set` sorts ignore rules', 'policy/edit', 'keeps the order of rules where it carries meaning'],
  ['`policy set --snapshot-time=08:00`', 'policy/edit', 'takes the hours 08 and 09'],
  ['the word `none` given for an action', 'policy/edit', 'removes an action by the word that the help names'],
  ['of two policies for one target', 'policy/store', 'takes the newest where two writers met'],
  [
    '`restore --ignore-errors` leaves',
    'restore/restore',
    'is counted when errors are ignored; everything else is whole',
  ],
  ['errors that a snapshot records', 'compat/trees', 'seed %i'],
  ['`snapshot create --json` prints nothing', 'cli/care', 'identical snapshots are not saved where the policy says so'],
];

const lines = readFileSync(join(projectDirectory, 'docs/differences.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.slice(2));

describe('docs/differences.md', () => {
  it.each(lines.map((line) => line.split(' |')[0].trim()))('%s', (line) => {
    const tests = held.filter(([kopia]) => line.startsWith(kopia));
    expect(tests, 'test/docs/differences.test.ts names no test for this line').toHaveLength(1);
    const [[, file, title]] = tests;
    const source = readFileSync(join(projectDirectory, 'test', `${file}.test.ts`), 'utf8').replaceAll("\\'", "'");
    const titles = [...source.matchAll(/\bit(?:\.\w+\([^]*?\))*\(\s*(['"`])(.*?)\1,/g)].map((match) => match[2]);
    expect(
      titles.some((one) => one.startsWith(title)),
      `test/${file}.test.ts has no test "${title}"`,
    ).toBe(true);
  });

  it('is all that this test knows', () => {
    expect(held.filter(([kopia]) => !lines.some((line) => line.startsWith(kopia)))).toEqual([]);
  });
});
