/** Whatever Kopia's `--json` tells of a repository, Cairn's tells under the same keys; low-level text is the same text. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Cli } from '../cli/harness.ts';
import { Kopia, kopiaBinary, onNewestNode } from './kopia.ts';

/** Every key of a value with the way to it, `rootEntry.summ.size`; items of an array count as one. */
function keysOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysOf(item, path + '[]'));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [`${path}.${key}`, ...keysOf(member, `${path}.${key}`)]);
}

describe.skipIf(kopiaBinary === undefined || !onNewestNode)(
  'what verbs print beside a real Kopia (on the newest Node; skipped where no kopia is on the PATH or named by KOPIA_BIN)',
  () => {
    const cli = new Cli();
    const kopia = new Kopia(cli.path('kopia'), 'keys');
    const tree = cli.path('tree');
    const filesystem = ['filesystem', `--path=${cli.path('repo')}`];
    const connect = ['--override-username=ann', '--override-hostname=alpha', '--description=of two programs'];
    const both = async (...argv: string[]) => {
      kopia.must(...argv);
      await cli.ok(...argv);
    };

    beforeAll(async () => {
      cli.variables.KOPIA_PASSWORD = 'keys';
      for (const name of ['', 'sub']) {
        mkdirSync(cli.path('tree', name), { recursive: true });
        writeFileSync(cli.path('tree', name, 'text'), `${name} easy to compress `.repeat(1000));
      }
      kopia.must('repository', 'create', ...filesystem, ...connect, '--ecc=REED-SOLOMON-CRC32', '--create-only');
      await both(
        'repository',
        'connect',
        ...filesystem,
        ...connect,
        '--max-list-cache-duration=0s',
        '--enable-actions',
      );
      await both('repository', 'throttle', 'set', '--upload-bytes-per-second=100000000', '--concurrent-reads=9');
      const everything = [
        '--compression=zstd --keep-latest=7 --keep-hourly=1 --keep-daily=1 --keep-weekly=1 --keep-monthly=1 --keep-annual=1',
        '--ignore-identical-snapshots=false --add-ignore=*.tmp --add-dot-ignore=.ignore --ignore-cache-dirs=true',
        '--max-file-size=1000000 --one-file-system=true --ignore-file-errors=true --ignore-dir-errors=true',
        '--ignore-unknown-types=false --snapshot-interval=1h --snapshot-time=10:11 --run-missed=true',
        '--snapshot-time-crontab=1_2_*_*_* --compression-min-size=10 --compression-max-size=10000000',
        '--add-only-compress=.txt --add-never-compress=.zip --metadata-compression=none --splitter=FIXED-1M',
        '--before-folder-action=a --after-folder-action=b --before-snapshot-root-action=c --after-snapshot-root-action=d',
        '--max-parallel-snapshots=2 --max-parallel-file-reads=3 --parallel-upload-above-size-mib=100',
        '--log-dir-snapshotted=1 --log-dir-ignored=2 --log-entry-snapshotted=3 --log-entry-ignored=4',
        '--log-entry-cache-hit=5 --log-entry-cache-miss=6 --enable-volume-shadow-copy=when-available --inherit=false',
      ].flatMap((line) => line.split(' ').map((flag) => flag.replaceAll('_', ' ')));
      kopia.must('policy', 'set', 'bob@beta', ...everything);
      kopia.must('policy', 'set', '--global', '--compression=zstd');
      kopia.must('snapshot', 'create', tree, '--tags=job:keys', '--pin=one', '--description=first');
      writeFileSync(cli.path('tree', 'more'), 'another file');
      kopia.must('snapshot', 'create', tree);
      const [deleted] = kopia.must('content', 'list', '--non-prefixed').split('\n');
      kopia.must('content', 'delete', deleted, '--dangerous-commands=enabled');
    }, 60_000);

    it.each([
      'blob list',
      'content list --deleted',
      'content list --prefixed',
      'index list',
      'index list --superseded',
      'manifest list',
      'repository status',
      'repository throttle get',
      'policy list',
      'policy show --global',
      'policy show bob@beta',
      'snapshot list --all',
      'snapshot list --all --storage-stats',
      'snapshot list --all --json-verbose',
      'snapshot verify',
      'snapshot create TREE',
      'snapshot create TREE --json-verbose',
    ])('%s', async (command) => {
      const argv = command.split(' ').map((word) => (word === 'TREE' ? tree : word));
      const theirs = keysOf(kopia.json(...argv));
      const ours = new Set(keysOf(JSON.parse(await cli.ok(...argv, '--json'))));
      expect(theirs.length).toBeGreaterThan(0);
      expect([...new Set(theirs)].filter((key) => !ours.has(key))).toEqual([]);
    });

    it.each([
      'blob list',
      'blob stats',
      'blob stats --raw --prefix=x',
      'content list --long',
      'content list --compression --deleted',
      'content list --summary --human',
      'content stats',
      'content stats --raw',
      'index list --summary',
      'index inspect --active',
      'index epoch list',
      'manifest list',
      'session list',
      'repository throttle get',
      'policy list',
    ])('%s: the same lines', async (command) => {
      const argv = [...command.split(' '), '--timezone=utc'];
      const lines = (text: string) => text.trimEnd().split('\n').toSorted();
      expect(lines(await cli.ok(...argv))).toEqual(lines(kopia.must(...argv)));
    });

    it('content show: the same JSON', async () => {
      const manifests = kopia.must('content', 'list', '--prefix=k').trim().split('\n');
      const [id] = manifests.filter((name) => kopia.run('content', 'show', '--json', name).status === 0);
      expect(await cli.ok('content', 'show', '--json', id)).toBe(kopia.must('content', 'show', '--json', id));
    });
  },
);
