/** Generated trees under generated policies: both programs choose the same files and write the same objects. */
import { cpSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { runtimeName } from '../runtime.ts';
import { Cli } from '../cli/harness.ts';
import { Chance, fillTree, makePolicy } from './generate.ts';
import { Kopia, kopiaBinary } from './kopia.ts';

const cases = process.env.CAIRN_TEST_LONG
  ? 300
  : runtimeName === 'node' && !process.versions.node.startsWith('20.')
    ? 20
    : 5;
/** Of the first tree; another one gives other trees. */
const seed = Number(process.env.CAIRN_TEST_SEED ?? 1);
const password = 'trees';

interface Snapshot {
  id: string;
  rootEntry: { obj: string; summ: { numFailed: number; numIgnoredErrors?: number; errors?: { path: string }[] } };
  stats: { [key: string]: number };
}

describe.skipIf(kopiaBinary === undefined)(
  'trees beside a real Kopia (skipped where none is on the PATH or named by KOPIA_BIN)',
  () => {
    const cli = new Cli();
    const tree = cli.path('parent', 'tree');
    const kopia = { a: new Kopia(cli.path('kopia-a'), password), b: new Kopia(cli.path('kopia-b'), password) };
    const cairn = { a: `--config-file=${cli.path('a.config')}`, b: `--config-file=${cli.path('b.config')}` };
    const as = ['--override-username=ann', '--override-hostname=alpha'];

    // two repositories with the same keys: in each another program is the first to store anything
    beforeAll(async () => {
      cli.variables.KOPIA_PASSWORD = password;
      kopia.a.must('repository', 'create', 'filesystem', `--path=${cli.path('a')}`, ...as);
      kopia.a.must('maintenance', 'set', '--enable-quick=false', '--enable-full=false');
      cpSync(cli.path('a'), cli.path('b'), { recursive: true });
      for (const name of ['a', 'b'] as const) {
        const connect = ['repository', 'connect', 'filesystem', `--path=${cli.path(name)}`, ...as];
        kopia[name].must(...connect, '--max-list-cache-duration=0s');
        await cli.ok(...connect, cairn[name]);
      }
    });

    async function cairnSnapshot(name: 'a' | 'b', ...more: string[]): Promise<Snapshot> {
      const { out, err } = await cli.run('snapshot', 'create', tree, '--json-verbose', '--json', cairn[name], ...more);
      expect(out, err).not.toBe('');
      return JSON.parse(out);
    }

    /** Undefined where it says that nothing changed, and saves nothing. */
    function kopiaSnapshot(name: 'a' | 'b'): Snapshot | undefined {
      const { stdout, stderr } = kopia[name].run('snapshot', 'create', tree, '--json-verbose', '--json');
      if (stderr.includes('Not saving snapshot')) return undefined;
      expect(stdout, stderr).not.toBe('');
      return JSON.parse(stdout);
    }

    /** What `ls -r` of a program says of a snapshot, without its root, sorted, for Kopia has no order. */
    const lines = (text: string) =>
      text
        .replaceAll(/^k[0-9a-f]+/gm, '')
        .split('\n')
        .toSorted();
    const contents = async (name: 'a' | 'b') =>
      (JSON.parse(await cli.ok('content', 'list', '--json', cairn[name])) as { [key: string]: unknown }[])
        // whether a short content grows by compression depends on the last byte of an encoder
        .filter(({ contentID, originalLength }) => !String(contentID).startsWith('m') && Number(originalLength) > 256)
        .map(({ contentID, originalLength, compression }) => `${contentID} ${originalLength} ${compression}`)
        .toSorted();

    /** What both count alike: Kopia counts the parts of a file as files, and excluded ones twice. */
    const counts = ({
      stats: { totalSize, cachedFiles, nonCachedFiles, errorCount, ignoredErrorCount },
    }: Snapshot) => ({
      totalSize,
      cachedFiles,
      nonCachedFiles,
      errorCount,
      ignoredErrorCount,
    });

    async function compare(byKopia: Snapshot | undefined, inKopia: 'a' | 'b', byCairn: Snapshot, inCairn: 'a' | 'b') {
      if (byKopia === undefined) return false;
      expect(lines(await cli.ok('ls', '-r', byCairn.rootEntry.obj, cairn[inCairn]))).toEqual(
        lines(kopia[inKopia].must('ls', '-r', byKopia.rootEntry.obj)),
      );
      const { errors = [], ...summary } = byCairn.rootEntry.summ;
      const { errors: expected = [], ...expectedSummary } = byKopia.rootEntry.summ;
      expect(summary).toEqual(expectedSummary);
      expect(errors.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
      // the words of errors are each program's own, and part of the directory
      if (errors.length === 0) expect(byCairn.rootEntry).toEqual(byKopia.rootEntry);
      return errors.length === 0;
    }

    // where other file systems begin without asking root to mount one
    it.skipIf(process.platform !== 'linux')('other file systems are left out where the policy says so', async () => {
      if (lstatSync('/dev').dev === lstatSync('/dev/shm').dev) return;
      const folder = mkdtempSync('/dev/shm/cairn-trees-');
      try {
        writeFileSync(join(folder, 'file'), 'on another file system');
        const rules = ['/*', '!/shm', '/shm/*', `!${folder.slice(4)}`];
        for (const oneFileSystem of [false, true]) {
          const text = JSON.stringify({ 'ann@alpha:/dev': { files: { ignore: rules, oneFileSystem } } });
          writeFileSync(cli.path('dev.json'), text);
          kopia.b.must('policy', 'import', '--from-file', cli.path('dev.json'));
          const byKopia = kopia.b.json('snapshot', 'create', '/dev') as Snapshot;
          const byCairn = JSON.parse(await cli.ok('snapshot', 'create', '/dev', '--json', cairn.b)) as Snapshot;
          const expected = oneFileSystem ? [''] : ['', '/shm/', `${folder.slice(4)}/`, `${folder.slice(4)}/file`];
          expect(lines(kopia.b.must('ls', '-r', byKopia.rootEntry.obj))).toEqual(expected);
          expect(lines(await cli.ok('ls', '-r', byCairn.rootEntry.obj, cairn.b))).toEqual(expected);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it.each(Array.from({ length: cases }, (_, at) => seed + at))('seed %i', async (seed) => {
      const chance = new Chance(seed);
      rmSync(tree, { recursive: true, force: true });
      mkdirSync(tree, { recursive: true });
      const made = fillTree(chance, tree);
      const below = [chance.of(made.folders), chance.of(made.folders), chance.of(made.files)].slice(chance.below(4));
      const targets = [
        ...['(global)', '@alpha', 'ann@alpha', `ann@alpha:${cli.path('parent')}`].filter(() => chance.once(2)),
        `ann@alpha:${tree}`,
        ...below.map((path) => `ann@alpha:${tree}${path}`),
      ];
      const file = cli.path('policies.json');
      const policies = Object.fromEntries(targets.map((target) => [target, makePolicy(chance)]));
      writeFileSync(file, JSON.stringify(policies));
      kopia.a.must('policy', 'import', '--from-file', file, '--delete-other-policies');
      await cli.ok('policy', 'import', '--from-file', file, '--delete-other-policies', cairn.b);
      const told = JSON.stringify(policies, undefined, 1);

      const effective: { retention: { [key: string]: unknown } } = JSON.parse(
        await cli.ok('policy', 'show', tree, '--json', cairn.b),
      );
      expect(effective, told).toEqual(kopia.a.json('policy', 'show', tree));
      const before = { a: await contents('a'), b: await contents('b') };
      const alone = { kopia: kopiaSnapshot('a'), cairn: await cairnSnapshot('b') };
      const same = await compare(alone.kopia, 'a', alone.cairn, 'b').catch((error: Error) => {
        error.message += `\nunder ${told}`;
        throw error;
      });
      if (alone.kopia !== undefined) expect(counts(alone.cairn)).toEqual(counts(alone.kopia));
      if (same) {
        const fresh = (all: string[], old: string[]) => all.filter((one) => !old.includes(one));
        expect(fresh(await contents('b'), before.b), told).toEqual(fresh(await contents('a'), before.a));
      }

      // each goes on where the other was, in turn the first to see what changed
      if (seed % 3 > 0) {
        const changed = made.files[chance.below(made.files.length)];
        writeFileSync(join(tree, changed), 'changed');
        writeFileSync(join(tree, 'added.txt'), 'added');
      }
      const name = seed % 2 === 0 ? 'a' : 'b';
      const hash = seed % 4 < 2 ? ['--force-hash=100'] : [];
      const next =
        name === 'a'
          ? { cairn: await cairnSnapshot(name, ...hash), kopia: kopiaSnapshot(name) }
          : { kopia: kopiaSnapshot(name), cairn: await cairnSnapshot(name, ...hash) };
      // whoever comes second finds the other's snapshot, and saves no identical one where the policy says so
      const unsaved = effective.retention.ignoreIdenticalSnapshots === true;
      const equal = await compare(next.kopia, name, next.cairn, name);
      if (next.kopia === undefined) expect(unsaved).toBe(true);
      if (name === 'b' && (equal || next.kopia === undefined)) expect(next.cairn.id === '').toBe(unsaved);
    });
  },
);
