/** The verbs that keep snapshots in order, end to end on real files. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/bytes/gather.ts';
import { Cli } from './harness.ts';
import { CapturedTerminal } from './terminal.ts';

async function connected(): Promise<Cli> {
  const cli = new Cli();
  cli.variables.KOPIA_PASSWORD = 'pw';
  mkdirSync(cli.path('src', 'sub'), { recursive: true });
  writeFileSync(cli.path('src', 'a.txt'), 'hello\n', { mode: 0o640 });
  writeFileSync(cli.path('src', 'sub', 'b.tmp'), 'tmp');
  await cli.ok('repository', 'create', 'filesystem', `--path=${cli.path('repo')}`);
  return cli;
}

const snapshot = async (cli: Cli, ...more: string[]) =>
  JSON.parse(await cli.ok('snapshot', 'create', cli.path('src'), '--json', ...more)) as {
    id: string;
    rootEntry: { obj: string };
  };
const listed = async (cli: Cli, ...more: string[]) =>
  JSON.parse(await cli.ok('snapshot', 'list', '--json', ...more)) as {
    id: string;
    startTime: string;
    pins?: string[];
    source: { host: string; path: string };
  }[];
const rootOf = (id: { rootEntry: { obj: string } }) => id.rootEntry.obj;

describe('retention', () => {
  it('is applied after every snapshot, and by expire, which asks first; pins stay', async () => {
    const cli = await connected();
    await cli.ok(
      'policy',
      'set',
      cli.path('src'),
      ...['latest=3', 'hourly=0', 'daily=0', 'weekly=0', 'monthly=0', 'annual=0'].map((keep) => `--keep-${keep}`),
    );
    const first = await snapshot(cli, '--pin=keep');
    for (let i = 0; i < 4; i++) await snapshot(cli);
    expect((await listed(cli)).map(({ pins }) => pins)).toEqual([['keep'], undefined, undefined, undefined]);
    await cli.ok('policy', 'set', cli.path('src'), '--keep-latest=1');
    expect(await cli.run('snapshot', 'expire')).toMatchObject({ code: 1 });
    expect((await cli.run('snapshot', 'expire', '--all')).err).toContain(
      `2 snapshot(s) of ann@alpha:${cli.path('src')} would be deleted. Pass --delete to do it.`,
    );
    expect(await listed(cli)).toHaveLength(4);
    expect(JSON.parse(await cli.ok('snapshot', 'expire', cli.path('src'), '--delete', '--json'))).toHaveLength(2);
    expect((await listed(cli)).map(({ id }) => id)).toContain(first.id);
    expect((await cli.run('snapshot', 'expire', '--all')).err).toContain('Nothing to delete for');
  });

  it('delete spares pinned ones unless told otherwise; --all is everything of this user and host', async () => {
    const cli = await connected();
    const { id } = await snapshot(cli, '--pin=keep');
    await snapshot(cli);
    expect(await cli.run('snapshot', 'delete', id, '--delete')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is pinned: keep'),
    });
    expect(await cli.run('snapshot', 'delete')).toMatchObject({ code: 1 });
    expect((await cli.run('snapshot', 'delete', '--all')).err).toContain('Would delete snapshot');
    expect(await listed(cli)).toHaveLength(2);
    await cli.ok('snapshot', 'delete', '--all', '--delete');
    expect((await listed(cli)).map((item) => item.id)).toEqual([id]);
    await cli.ok('snapshot', 'delete', id, '--delete', '--ignore-pins');
    expect(await listed(cli)).toEqual([]);
  });
});

describe('sources', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await connected();
  });

  it('standard input becomes a file, and the source manual', async () => {
    const terminal = new CapturedTerminal();
    terminal.stdin = utf8('piped in');
    const { code, out } = await cli.on(terminal, 'snapshot', 'create', '/srv/dumps', '--stdin-file=all.sql', '--json');
    expect(code).toBe(0);
    expect(await cli.ok('show', `${JSON.parse(out).rootEntry.obj}/all.sql`)).toBe('piped in');
    expect(JSON.parse(await cli.ok('policy', 'show', '/srv/dumps', '--json')).scheduling.manual).toBe(true);
    expect(await cli.run('snapshot', 'create', '/a', '/b', '--stdin-file=x')).toMatchObject({ code: 1 });
  });

  it('identical snapshots are not saved where the policy says so', async () => {
    await cli.ok('policy', 'set', cli.path('src'), '--ignore-identical-snapshots=true');
    await snapshot(cli);
    const { err } = await cli.run('snapshot', 'create', cli.path('src'));
    expect(err).toContain('Not saving snapshot because no files have been changed since previous snapshot');
    expect((await snapshot(cli)).id).toBe('');
    expect(await listed(cli, cli.path('src'))).toHaveLength(1);
    await cli.ok('policy', 'set', cli.path('src'), '--ignore-identical-snapshots=inherit');
  });

  it.skipIf(process.platform === 'win32')('actions run only where they are enabled', async () => {
    writeFileSync(cli.path('hook.sh'), `#!/bin/sh\necho "$KOPIA_ACTION" >> ${cli.path('log')}\n`);
    chmodSync(cli.path('hook.sh'), 0o755);
    await cli.ok('policy', 'set', cli.path('src'), `--before-snapshot-root-action=${cli.path('hook.sh')}`);
    expect((await cli.run('snapshot', 'create', cli.path('src'))).err).toContain('does not run');
    expect(existsSync(cli.path('log'))).toBe(false);
    await snapshot(cli, '--force-enable-actions');
    expect(readFileSync(cli.path('log'), 'utf8')).toBe('before-snapshot-root\n');
    await cli.ok('policy', 'set', cli.path('src'), '--before-snapshot-root-action=');
  });

  it('progress shows no time left when the tree grew beyond what was expected', async () => {
    const summary = async () => {
      const { err } = await cli.run('snapshot', 'create', cli.path('src'), '--progress-format=json');
      return JSON.parse(err.split('\n').findLast((line) => line.includes('"summary"'))!);
    };
    await summary();
    expect(await summary()).toMatchObject({ secondsLeft: 0 });
    writeFileSync(cli.path('src', 'grown'), new Uint8Array(100_000));
    const grown = await summary();
    expect(grown.hashedBytes).toBeGreaterThan(grown.estimatedBytes);
    expect(grown).not.toHaveProperty('secondsLeft');
    rmSync(cli.path('src', 'grown'));
  });

  it('estimate and dry run tell what would be stored, in Kopia’s words', async () => {
    await cli.ok('policy', 'set', cli.path('src'), '--add-ignore=*.tmp');
    const text = await cli.ok('snapshot', 'estimate', cli.path('src'), '--show-files');
    expect(text).toBe(
      'Snapshot includes 1 file(s), total size 6 B\n   0 B   ...  1 KB:       1 files, total size 6 B\n - a.txt - 6 B\n\n' +
        'Snapshot excludes 1 file(s), total size 3 B\n   0 B   ...  1 KB:       1 files, total size 3 B\n - sub/b.tmp - 3 B\n' +
        'Snapshot excludes no directories.\n\nEstimated upload time: 0s at 10 Mbit/s\n',
    );
    expect(JSON.parse(await cli.ok('snapshot', 'estimate', cli.path('src'), '--json'))).toMatchObject({
      included: { files: 1 },
      schema: 1,
    });
    expect(await cli.run('snapshot', 'estimate', cli.path('nothing'))).toMatchObject({ code: 1 });
    const before = await listed(cli);
    expect(await cli.ok('snapshot', 'create', cli.path('src'), '--dry-run')).toContain('nothing is stored');
    expect(await listed(cli)).toEqual(before);
    await cli.ok('policy', 'set', cli.path('src'), '--clear-ignore');
  });
});

describe('history', () => {
  it('copies and moves, finds files and their versions', async () => {
    const cli = await connected();
    const source = cli.path('src');
    await snapshot(cli);
    writeFileSync(cli.path('src', 'a.txt'), 'changed\n');
    await snapshot(cli);
    expect((await cli.run('snapshot', 'copy-history', source, '@beta', '-n')).err).toContain(
      'would be copied to ann@beta:',
    );
    await cli.ok('snapshot', 'copy-history', source, '@beta');
    expect((await listed(cli)).map(({ source: { host } }) => host)).toEqual(['alpha', 'alpha', 'beta', 'beta']);
    expect(await cli.run('snapshot', 'move-history', source, source)).toMatchObject({ code: 1 });
    const moved = JSON.parse(await cli.ok('snapshot', 'move-history', `ann@beta:${source}`, `bob@gamma:/x`, '--json'));
    expect(moved.snapshots.map(({ destination }: { destination: string }) => destination)).toEqual([
      'bob@gamma:/x',
      'bob@gamma:/x',
    ]);
    const found = await cli.ok('find', '*.txt');
    expect(found.match(/a\.txt/g)).toHaveLength(2);
    expect(found).not.toContain('gamma');
    expect(JSON.parse(await cli.ok('find', 'b.tmp', '--all', '--json'))).toMatchObject([
      { path: 'sub/b.tmp', schema: 1 },
      { path: 'sub/b.tmp' },
    ]);
    expect(await cli.run('find', '[a')).toMatchObject({ code: 1 });
    const versions = JSON.parse(await cli.ok('snapshot', 'versions', cli.path('src', 'a.txt'), '--json'));
    expect(versions.map(({ changes }: { changes: string[] }) => changes[0])).toEqual(['created', 'content']);
    expect((await cli.ok('snapshot', 'versions', cli.path('src', 'sub', 'b.tmp'))).trimEnd()).toMatch(
      /created \(2 snapshots until .*\)$/,
    );
    expect(await cli.run('snapshot', 'versions', '/no/such')).toMatchObject({ code: 1 });
  });

  it('fix takes files out, after --commit only', async () => {
    const cli = await connected();
    const first = await snapshot(cli);
    expect(await cli.run('snapshot', 'fix', 'remove-files')).toMatchObject({ code: 1 });
    expect((await cli.run('snapshot', 'fix', 'remove-files', '--filename=*.tmp')).err).toContain(
      '1 of 1 snapshots would change. Pass --commit to do it.',
    );
    expect((await listed(cli))[0].id).toBe(first.id);
    const result = JSON.parse(
      await cli.ok('snapshot', 'fix', 'remove-files', '--filename=*.tmp', '--commit', '--json'),
    );
    expect(result).toMatchObject({
      committed: true,
      snapshots: [{ id: first.id }],
      entries: [{ path: 'sub/b.tmp', action: 'remove' }],
    });
    expect(await cli.ok('list', '-r', result.snapshots[0].newId)).not.toContain('b.tmp');
    expect((await cli.run('snapshot', 'fix', 'invalid-files', '--verify-files-percent=100')).err).toContain(
      'No changes.',
    );
    await cli.ok('snapshot', 'verify', '--verify-files-percent=100');
  });

  it('migrate brings snapshots and policies from another repository', async () => {
    const cli = await connected();
    const { id } = await snapshot(cli, '--tags=a:b');
    await cli.ok('policy', 'set', cli.path('src'), '--keep-latest=7');
    const other = new Cli();
    other.variables.KOPIA_PASSWORD = 'other password';
    await other.ok('repository', 'create', 'filesystem', `--path=${other.path('repo')}`);
    const config = cli.path('home', '.config', 'cairn', 'repository.config');
    expect(await other.run('snapshot', 'migrate', `--source-config=${config}`)).toMatchObject({ code: 1 });
    const result = JSON.parse(await other.ok('snapshot', 'migrate', `--source-config=${config}`, '--all', '--json'));
    expect(result.snapshots).toMatchObject([{ id, action: 'copied' }]);
    expect(await listed(other)).toMatchObject([{ tags: { 'tag:a': 'b' } }]);
    expect(JSON.parse(await other.ok('policy', 'show', cli.path('src'), '--json')).retention.keepLatest).toBe(7);
    await other.ok('snapshot', 'verify', '--verify-files-percent=100');
    expect((await other.run('snapshot', 'migrate', `--source-config=${config}`, '--all')).err).toContain(
      'Already there',
    );
  });
});

describe('policies as files', () => {
  it('export, import and what import refuses', async () => {
    const cli = await connected();
    await cli.ok('policy', 'set', cli.path('src'), '--keep-latest=5', '--add-ignore=*.tmp');
    const text = await cli.ok('policy', 'export', cli.path('src'));
    expect(Object.keys(JSON.parse(text))).toEqual([`ann@alpha:${cli.path('src')}`]);
    const file = cli.path('policies.json');
    await cli.ok('policy', 'export', '--to-file', file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toEqual(['(global)', `ann@alpha:${cli.path('src')}`]);
    expect(await cli.run('policy', 'export', '--to-file', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('exists already'),
    });
    await cli.ok('policy', 'export', '--to-file', file, '--overwrite', '--json-indent', '--global');
    await cli.ok('policy', 'import', '--from-file', file, '--delete-other-policies');
    expect(JSON.parse(await cli.ok('policy', 'list', '--json'))).toHaveLength(1);
    const terminal = new CapturedTerminal();
    terminal.stdin = utf8(text);
    expect((await cli.on(terminal, 'policy', 'import')).code).toBe(0);
    expect(JSON.parse(await cli.ok('policy', 'show', cli.path('src'), '--json')).retention.keepLatest).toBe(5);
    for (const bad of ['{"not a target":{}}', '{"(global)":{"nonsense":1}}', '{"(global)":', '[]']) {
      writeFileSync(file, bad);
      expect(await cli.run('policy', 'import', '--from-file', file)).toMatchObject({ code: 1 });
    }
    expect(await cli.run('policy', 'import', '--from-file', cli.path('none'))).toMatchObject({ code: 1 });
  });

  it.skipIf(process.platform === 'win32')('edit runs the editor, asks, and leaves no file', async () => {
    const cli = await connected();
    const editor = (script: string) => {
      writeFileSync(cli.path('editor'), `#!/bin/sh\n${script}\n`);
      chmodSync(cli.path('editor'), 0o755);
      cli.variables.EDITOR = cli.path('editor');
    };
    const edit = (...answers: string[]) => {
      const terminal = new CapturedTerminal();
      terminal.answers = answers;
      return cli.on(terminal, 'policy', 'edit', cli.path('src'));
    };
    const left = () =>
      readdirSync(cli.ports().environment!.temporaryDirectory()).filter((name) => name.startsWith('cairn-policy-'));
    editor(`sed -i 's/"retention": {}/"retention": {"keepLatest": 9}/' "$1"`);
    expect((await edit('n')).err).toContain('Not saved.');
    expect((await edit('y')).err).toContain('Updated policy');
    expect(JSON.parse(await cli.ok('policy', 'show', cli.path('src'), '--json')).retention.keepLatest).toBe(9);
    editor('true');
    expect((await edit()).err).toContain('unchanged');
    editor('echo garbage > "$1"');
    expect((await edit('n')).code).toBe(0);
    expect(await edit()).toMatchObject({ code: 1 });
    editor('exit 3');
    expect(await edit()).toMatchObject({ code: 130, err: expect.stringContaining('ended with status 3') });
    cli.variables.EDITOR = '/no/such/editor';
    expect(await edit()).toMatchObject({ code: 1, err: expect.stringContaining('cannot start the editor') });
    expect(left()).toEqual([]);
  });
});

describe('restore', () => {
  let cli: Cli;
  let root: string;
  beforeAll(async () => {
    cli = await connected();
    root = rootOf(await snapshot(cli));
  });

  it('writes archives by name or by mode, to a file or to standard output', async () => {
    for (const name of ['x.zip', 'x.tar', 'x.tgz', 'x.tar.gz'])
      expect((await cli.run('restore', root, name)).code).toBe(0);
    expect([...readFileSync(cli.path('x.zip')).subarray(0, 4)]).toEqual([0x50, 0x4b, 3, 4]);
    expect([...readFileSync(cli.path('x.tgz')).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect(readFileSync(cli.path('x.tar')).subarray(257, 262).toString()).toBe('ustar');
    expect((await cli.run('restore', root, 'x.tar')).err).toMatch(
      /^Restored 2 files, 2 directories and 0 symbolic links/m,
    );
    expect(await cli.run('restore', root, 'x.tar', '--no-overwrite-files')).toMatchObject({ code: 1 });
    await cli.ok('restore', root, 'folder.zip', '--mode=local');
    expect(lstatSync(cli.path('folder.zip')).isDirectory()).toBe(true);
    const out = await cli.ok('restore', root, '-', '--mode=tar');
    expect(out.slice(257, 262)).toBe('ustar');
    const unpacked = spawnSync('tar', ['-tf', '-'], { input: readFileSync(cli.path('x.tar')), encoding: 'utf8' });
    if (unpacked.error === undefined)
      expect(unpacked.stdout.split('\n').toSorted()).toEqual(['', 'a.txt', 'sub/', 'sub/b.tmp']);
  });

  it('leaves placeholders, snapshots them as what they stand for, and expands them', async () => {
    await cli.ok('restore', root, 'shallow', '--shallow=0');
    expect(readdirSync(cli.path('shallow')).toSorted()).toEqual(['a.txt.kopia-entry', 'sub.kopia-entry']);
    const again = JSON.parse(await cli.ok('snapshot', 'create', cli.path('shallow'), '--json'));
    expect(again.rootEntry.obj).toBe(root);
    await cli.ok('restore', 'shallow/sub.kopia-entry', 'shallow/a.txt.kopia-entry');
    expect(readdirSync(cli.path('shallow')).toSorted()).toEqual(['a.txt', 'sub']);
    expect(readdirSync(cli.path('shallow', 'sub'))).toEqual(['b.tmp.kopia-entry']);
    rmSync(cli.path('shallow'), { recursive: true });
    expect(await cli.run('restore', root, 'shallow', '--shallow=-1')).toMatchObject({ code: 1 });
  });
});
