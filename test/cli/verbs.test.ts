/** The verbs end to end, on real files. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Cli } from './harness.ts';
import { CapturedTerminal } from './terminal.ts';

function sources(cli: Cli): void {
  mkdirSync(cli.path('source', 'sub', 'deep'), { recursive: true });
  writeFileSync(cli.path('source', 'a.txt'), 'hello\n', { mode: 0o640 });
  writeFileSync(cli.path('source', 'sub', 'b.bin'), new Uint8Array(70_000).fill(7));
  writeFileSync(cli.path('source', 'sub', 'deep', 'ü.txt'), 'deep');
  writeFileSync(cli.path('source', 'empty'), '');
  symlinkSync('a.txt', cli.path('source', 'link'));
}

async function connected(): Promise<Cli> {
  const cli = new Cli();
  cli.variables.KOPIA_PASSWORD = 'pw';
  sources(cli);
  await cli.ok('repository', 'create', 'filesystem', `--path=${cli.path('repo')}`);
  return cli;
}

describe('repository', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await connected();
  });
  const config = () => cli.path('home', '.config', 'cairn', 'repository.config');

  it('create writes the connection, the password and its key, all private', () => {
    for (const path of [config(), `${config()}.kopia-password`, `${config()}.cairn-key`])
      expect(statSync(path).mode & 0o777).toBe(0o600);
    const { storage, hostname, username, caching } = JSON.parse(readFileSync(config(), 'utf8'));
    expect(storage.config).toEqual({ path: cli.path('repo'), fileMode: 384, dirMode: 448, dirShards: null });
    expect({ hostname, username }).toEqual({ hostname: 'alpha', username: 'ann' });
    expect(caching.cacheDirectory).toMatch(/^\.\.\/\.\.\/\.cache\/cairn\/[0-9a-f]{16}$/);
  });

  it('a stored key spares the derivation; a password that is given still counts', async () => {
    let derivations = 0;
    const { native } = cli.ports();
    const scrypt = native.scrypt!;
    cli.override = { native: { ...native, scrypt: (...args) => (derivations++, scrypt(...args)) } };
    await cli.ok('snapshot', 'list');
    expect(derivations).toBe(0);
    expect(await cli.run('snapshot', 'list', '--password=wrong')).toMatchObject({ code: 12 });
    expect(derivations).toBeGreaterThan(0);
    cli.override = {};
  });

  it('a key that does not fit any more is derived again', async () => {
    const good = readFileSync(`${config()}.cairn-key`, 'utf8');
    writeFileSync(`${config()}.cairn-key`, good.replace(/ \S+$/, ' ' + 'A'.repeat(43) + '='));
    await cli.ok('snapshot', 'list');
    expect(readFileSync(`${config()}.cairn-key`, 'utf8')).toBe(good);
  });

  it('status in text, with a token that connects elsewhere', async () => {
    const text = await cli.ok('repository', 'status', '-t');
    expect(text).toMatch(/^Config file: {9}\S+repository\.config\n\nDescription: {9}Repository in Filesystem: /);
    expect(text).toContain('\nEpoch Manager:       enabled\nCurrent Epoch: 0\n');
    const token = /--token (\S+)/.exec(text)![1];
    const other = new Cli();
    other.variables.KOPIA_PASSWORD = 'pw';
    await other.ok('repository', 'connect', 'from-config', `--token=${token}`);
    expect(JSON.parse(await other.ok('repository', 'status', '--json')).storage.config.path).toBe(cli.path('repo'));
    const terminal = new CapturedTerminal();
    terminal.stdin = new TextEncoder().encode(token + '\n');
    expect((await other.on(terminal, 'repository', 'connect', 'from-config', '--token-stdin')).code).toBe(0);
    await other.ok('repository', 'connect', 'from-config', `--file=${config()}`);
  });

  it('set-client: a read-only connection refuses to write', async () => {
    await cli.ok('repository', 'set-client', '--read-only', '--description=mine');
    expect(await cli.run('snapshot', 'create', 'source')).toMatchObject({
      code: 1,
      err: expect.stringContaining('read-only'),
    });
    expect(await cli.run('repository', 'change-password', '--new-password=x')).toMatchObject({ code: 1 });
    await cli.ok('repository', 'set-client', '--read-write');
    expect(await cli.ok('repository', 'status')).toContain('Description:         mine\n');
  });

  it('the password is asked on the terminal, twice for a new one', async () => {
    const other = new Cli();
    const terminal = new CapturedTerminal();
    terminal.answers = ['new', 'different'];
    const differ = await other.on(terminal, 'repository', 'create', 'filesystem', `--path=${other.path('r')}`);
    expect(differ).toMatchObject({ code: 1, err: expect.stringContaining('the two entries differ') });
    expect(existsSync(other.path('r'))).toBe(false);
    terminal.answers = ['new', 'new'];
    expect(
      (await other.on(terminal, 'repository', 'create', 'filesystem', `--path=${other.path('r')}`, '--create-only'))
        .code,
    ).toBe(0);
    const asking = new CapturedTerminal();
    asking.answers = [' new '];
    expect(
      (
        await other.on(
          asking,
          'repository',
          'connect',
          'filesystem',
          `--path=${other.path('r')}`,
          '--no-persist-credentials',
        )
      ).code,
    ).toBe(0);
    expect(readdirSync(other.path('home', '.config', 'cairn'))).toEqual(['repository.config']);
  });

  it('a password from a file', async () => {
    const other = new Cli();
    writeFileSync(other.path('secret'), 'pw\n');
    await other.ok(
      'repository',
      'connect',
      'filesystem',
      `--path=${cli.path('repo')}`,
      `--password-file=${other.path('secret')}`,
    );
  });

  it('change-password: the new one opens, the old one does not', async () => {
    const other = new Cli();
    other.variables.KOPIA_PASSWORD = 'one';
    await other.ok('repository', 'create', 'filesystem', `--path=${other.path('r')}`);
    delete other.variables.KOPIA_PASSWORD;
    await other.ok('repository', 'change-password', '--new-password=two');
    await other.ok('snapshot', 'list');
    expect(await other.run('snapshot', 'list', '--password=one')).toMatchObject({ code: 12 });
    await other.ok('snapshot', 'list', '--password=two');
  });

  it("points to Kopia's connection where there is no other", async () => {
    const other = new Cli();
    mkdirSync(other.path('home', '.config', 'kopia'), { recursive: true });
    writeFileSync(other.path('home', '.config', 'kopia', 'repository.config'), readFileSync(config()));
    const { code, err } = await other.run('snapshot', 'list');
    expect(code).toBe(10);
    expect(err).toContain(
      `hint: Kopia is connected to one: 'cairn repository connect from-config --file ${other.path('home', '.config', 'kopia', 'repository.config')}'`,
    );
    other.variables.KOPIA_CONFIG_PATH = other.path('home', '.config', 'kopia', 'repository.config');
    other.variables.KOPIA_PASSWORD = 'pw';
    await other.ok('snapshot', 'list');
  });

  it('disconnect leaves nothing, not even the cache', async () => {
    const other = new Cli();
    other.variables.KOPIA_PASSWORD = 'pw';
    await other.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`);
    await other.ok('snapshot', 'list');
    expect(existsSync(other.path('home', '.cache'))).toBe(true);
    await other.ok('repository', 'disconnect');
    expect(readdirSync(other.path('home', '.config', 'cairn'))).toEqual([]);
    expect(readdirSync(other.path('home', '.cache', 'cairn'))).toEqual([]);
    expect(await other.run('repository', 'disconnect')).toMatchObject({ code: 10 });
  });
});

describe('snapshots', () => {
  let cli: Cli;
  let first: { id: string; rootEntry: { obj: string } };
  beforeAll(async () => {
    cli = await connected();
    first = JSON.parse(
      await cli.ok('snapshot', 'create', 'source', '--json', '--tags=job:nightly', '--pin=keep', '--description=one'),
    );
  });

  it('create --json tells what was stored', () => {
    expect(first).toMatchObject({
      source: { host: 'alpha', userName: 'ann', path: cli.path('source') },
      description: 'one',
      rootEntry: { name: 'source', type: 'd', summ: { size: 70_010, files: 4, symlinks: 1, dirs: 3, numFailed: 0 } },
      tags: { 'tag:job': 'nightly' },
      pins: ['keep'],
    });
    expect(first).not.toHaveProperty('stats');
  });

  it('an unchanged tree is the same object; a list folds it', async () => {
    const { err } = await cli.run('snapshot', 'create', 'source');
    expect(err).toContain(`Created snapshot with root ${first.rootEntry.obj} and ID `);
    const list = await cli.ok('snapshot', 'list', '--timezone=utc');
    expect(list).toMatch(
      new RegExp(
        `^ann@alpha:${cli.path('source')}\\n {2}\\S+ \\S+ UTC ${first.rootEntry.obj} 70 KB d\\S+ files:4 dirs:3 \\(latest-1\\.\\.2,.*\\) pins:keep\\n {2}\\+ 1 identical snapshots until `,
      ),
    );
    expect((await cli.ok('snapshot', 'list', '-l')).split('\n')).toHaveLength(4);
  });

  it('list shows a path through time, by tag, and of others only when asked', async () => {
    expect(await cli.ok('snapshot', 'list', cli.path('source', 'sub'))).toContain('files:2 dirs:2');
    expect((await cli.ok('snapshot', 'list', '-l', '--tags=job:nightly')).split('\n')).toHaveLength(3);
    expect(await cli.ok('snapshot', 'list', '--tags=job:other')).toBe('');
    cli.user = 'eva';
    await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`);
    expect(await cli.ok('snapshot', 'list')).toBe('');
    expect(await cli.ok('snapshot', 'list', '--all')).toContain('ann@alpha:');
    expect(await cli.ok('snapshot', 'list', 'ann@alpha')).toContain('ann@alpha:');
    cli.user = 'ann';
    await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`);
  });

  it('list, show and diff look inside', async () => {
    expect(await cli.ok('list', first.id)).toBe('a.txt\nempty\nlink\nsub\n');
    expect(await cli.ok('ls', '-r', `${first.rootEntry.obj}/sub`)).toBe(
      `${first.rootEntry.obj}/sub/b.bin\n${first.rootEntry.obj}/sub/deep/\n${first.rootEntry.obj}/sub/deep/ü.txt\n`,
    );
    expect(await cli.ok('ls', '-l', first.id)).toMatch(/^-rw-r----- {12}6 \S+ \S+ \S+ [0-9a-f]{32} {3}a\.txt$/m);
    expect(await cli.ok('show', `${first.rootEntry.obj}/a.txt`)).toBe('hello\n');
    expect(await cli.ok('cat', `${first.id}/sub/deep/ü.txt`)).toBe('deep');
    const diff = await cli.ok('diff', first.id, first.id);
    expect(JSON.parse(diff).fileEntries.added).toBe(0);
  });

  it('restore: everything as it was', async () => {
    const { code, err } = await cli.run('restore', first.id, 'restored');
    expect(code).toBe(0);
    expect(err).toContain('Restored 4 files, 3 directories and 1 symbolic links (70 KB).');
    expect(readFileSync(cli.path('restored', 'sub', 'b.bin'))).toEqual(
      readFileSync(cli.path('source', 'sub', 'b.bin')),
    );
    expect(readlinkSync(cli.path('restored', 'link'))).toBe('a.txt');
    const [before, after] = ['source', 'restored'].map((name) => statSync(cli.path(name, 'a.txt')));
    expect([after.mode, Math.trunc(after.mtimeMs)]).toEqual([before.mode, Math.trunc(before.mtimeMs)]);
  });

  it('restore of a part, by path and by time', async () => {
    await cli.ok('snapshot', 'restore', `${first.id}/sub/deep`, 'part');
    expect(readdirSync(cli.path('part'))).toEqual(['ü.txt']);
    await cli.ok('restore', cli.path('source', 'a.txt'), 'one.txt');
    expect(readFileSync(cli.path('one.txt'), 'utf8')).toBe('hello\n');
    await cli.ok('restore', cli.path('source'), 'oldest', '--snapshot-time=oldest');
    expect(await cli.run('restore', cli.path('source'), 'x', '--snapshot-time=2001')).toMatchObject({ code: 1 });
    expect(existsSync(cli.path('x'))).toBe(false);
  });

  it('pin changes the ID, delete needs --delete', async () => {
    const source = cli.path('other');
    mkdirSync(source);
    writeFileSync(cli.path('other', 'f'), 'f');
    const { id } = JSON.parse(await cli.ok('snapshot', 'create', source, '--json'));
    await cli.ok('snapshot', 'pin', id, '--add=a', '--add=b', '--remove=c');
    const listed = JSON.parse(await cli.ok('snapshot', 'list', source, '--json'));
    expect(listed).toMatchObject([{ pins: ['a', 'b'], retentionReason: expect.arrayContaining(['latest-1']) }]);
    expect(listed[0].id).not.toBe(id);
    const preview = await cli.run('snapshot', 'delete', listed[0].id, '--timezone=utc');
    expect(preview).toMatchObject({
      code: 0,
      err: expect.stringMatching(
        /^Would delete snapshot [0-9a-f]{32} of ann@alpha:.* UTC \(pass --delete to confirm\)\n$/,
      ),
    });
    await cli.ok('snapshot', 'delete', listed[0].id, '--delete', '--ignore-pins');
    expect(JSON.parse(await cli.ok('snapshot', 'list', source, '--json'))).toEqual([]);
  });

  it('several sources: one that is missing does not keep the others back', async () => {
    const { code, err } = await cli.run('snapshot', 'create', cli.path('nowhere'), 'source');
    expect(code).toBe(1);
    expect(err).toContain('Created snapshot with root ');
    expect(err).toContain(cli.path('nowhere'));
  });

  it('--all takes what was backed up before, but for manual sources', async () => {
    await cli.ok('snapshot', 'create', 'source/sub', '--override-source=ann@alpha:/elsewhere');
    const { code, err } = await cli.run('snapshot', 'create', '--all');
    expect(code).toBe(0);
    expect(err.match(/^Snapshotting .*$/gm)).toEqual([`Snapshotting ann@alpha:${cli.path('source')} ...`]);
  });

  it('--start-time and --end-time', async () => {
    const { startTime, endTime } = JSON.parse(
      await cli.ok(
        'snapshot',
        'create',
        'source',
        '--json',
        '--start-time=2026-01-02 03:04:05 UTC',
        '--end-time=2026-01-02 03:05:00 UTC',
      ),
    );
    expect([startTime, endTime]).toEqual(['2026-01-02T03:04:05Z', '2026-01-02T03:05:00Z']);
  });

  it('an interrupt stores what was read, marked as incomplete; the next run finishes', async () => {
    const source = cli.path('long');
    mkdirSync(source);
    for (let i = 0; i < 40; i++) writeFileSync(cli.path('long', `f${i}`), `file ${i}`);
    const { syncFiles } = cli.ports();
    const interruptAtFile = (terminal: CapturedTerminal) => {
      let opened = 0;
      const openRead = (path: string) => {
        if (++opened === 5) terminal.interrupt?.('SIGINT');
        return syncFiles!.openRead(path);
      };
      cli.override = { syncFiles: { ...syncFiles!, openRead } };
      return cli.on(terminal, 'snapshot', 'create', source);
    };
    const stopped = await interruptAtFile(new CapturedTerminal());
    expect(stopped).toMatchObject({ code: 130, err: expect.stringContaining('Created partial snapshot with root ') });
    cli.variables.CAIRN_EXIT_CODES = 'kopia';
    expect((await interruptAtFile(new CapturedTerminal())).code).toBe(0);
    delete cli.variables.CAIRN_EXIT_CODES;
    cli.override = {};
    expect(await cli.ok('snapshot', 'list', source)).toBe('');
    expect(await cli.ok('snapshot', 'list', source, '--incomplete')).toContain('incomplete:canceled');
    await cli.ok('snapshot', 'create', source);
    expect(await cli.ok('snapshot', 'list', source)).toContain('files:40');
  });

  it('a second interrupt does not wait', async () => {
    const terminal = new CapturedTerminal();
    const { clock } = cli.ports();
    // the first look at the time interrupts, twice
    cli.override = { clock: { ...clock, now: () => (terminal.interrupt?.('SIGINT'), clock.now()) } };
    const outcome = await cli.on(terminal, 'snapshot', 'create', 'source');
    cli.override = {};
    expect(outcome.code).toBe(130);
    expect(outcome.err).toContain('interrupted');
  });
});

describe('what goes wrong while backing up', () => {
  it('unreadable files are named and counted; the rest is stored; exit code 3, for Kopia 1', async () => {
    const cli = await connected();
    const { syncFiles } = cli.ports();
    const refuse = (path: string): void => {
      if (path.endsWith('a.txt')) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    cli.override = { syncFiles: { ...syncFiles!, openRead: (path) => (refuse(path), syncFiles!.openRead(path)) } };
    const outcome = await cli.run('snapshot', 'create', 'source', '--json');
    expect(outcome.code).toBe(3);
    expect(JSON.parse(outcome.out).rootEntry.summ).toMatchObject({
      files: 3,
      numFailed: 1,
      errors: [{ path: 'a.txt' }],
    });
    expect(outcome.err).toContain(` ! Error when processing "${cli.path('source', 'a.txt')}": `);
    expect(JSON.parse(outcome.err.trim().split('\n').at(-1)!).error).toMatchObject({
      code: 'partial',
      hint: expect.any(String),
    });
    cli.variables.CAIRN_EXIT_CODES = 'kopia';
    expect((await cli.run('snapshot', 'create', 'source')).code).toBe(1);
    await cli.ok('policy', 'set', '--global', '--ignore-file-errors=true');
    const ignored = await cli.run('snapshot', 'create', 'source');
    expect(ignored).toMatchObject({ code: 0, err: expect.stringContaining('Ignored 1 error(s) while snapshotting') });
  });

  it('the repository inside its source is left out, and that is said', async () => {
    const cli = await connected();
    const { code, err } = await cli.run('snapshot', 'create', cli.folder);
    expect(code).toBe(0);
    expect(err).toMatch(/\d file\(s\) or folder\(s\) of the repository itself or its cache were left out/);
    const { id } = JSON.parse(await cli.ok('snapshot', 'list', '--json'))[0];
    expect(await cli.ok('list', id)).not.toContain('repo\n');
  });

  it('a cut pack is found, named, and told apart from what is whole', async () => {
    const cli = await connected();
    const { id } = JSON.parse(await cli.ok('snapshot', 'create', 'source', '--json'));
    const { packFile } = JSON.parse(await cli.ok('content', 'list', '--non-prefixed', '--json'))[0];
    const path = cli.path('repo', packFile[0], packFile.slice(1, 4), `${packFile.slice(4)}.f`);
    chmodSync(path, 0o600);
    truncateSync(path, 40);
    const verified = await cli.run('snapshot', 'verify', '--json');
    expect(verified.code).toBe(1);
    expect(JSON.parse(verified.out)).toMatchObject({
      errorCount: expect.any(Number),
      errorStrings: expect.arrayContaining([expect.stringContaining(packFile)]),
    });
    expect(verified.err).toContain('is damaged in');
    expect(await cli.run('content', 'verify')).toMatchObject({
      code: 1,
      err: expect.stringContaining('"contentsInTruncatedPacks":'),
    });
    const restored = await cli.run('restore', id, 'out', '--ignore-errors');
    expect(restored.err).toContain('Ignored error: ');
    expect(await cli.run('restore', id, 'out2')).toMatchObject({ code: 1 });
  });
});

describe('policies', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await connected();
  });

  it('set, show, list, delete', async () => {
    const set = await cli.run(
      'policy',
      'set',
      cli.path('source'),
      '--add-ignore=*.bin',
      '--compression=ZSTD',
      '--keep-latest=3',
    );
    expect(set.err).toBe(
      `Setting policy for ann@alpha:${cli.path('source')}\n - setting "number of latest backups to keep" to 3.\n - adding "*.bin" to "ignore rules"\n - setting compression algorithm to zstd\n`,
    );
    expect(JSON.parse(await cli.ok('policy', 'show', cli.path('source'), '--json'))).toMatchObject({
      retention: { keepLatest: 3, keepHourly: 48 },
      files: { ignore: ['*.bin'] },
      compression: { compressorName: 'zstd' },
    });
    expect(await cli.ok('policy', 'show', 'source')).toMatch(/Latest snapshots: +3 +\(defined for this target\)/);
    expect((await cli.ok('policy', 'list')).trim().split('\n')).toHaveLength(2);
    const { id } = JSON.parse(await cli.ok('snapshot', 'create', 'source', '--json'));
    expect(await cli.ok('list', '-r', id)).not.toContain('b.bin');
    await cli.ok('policy', 'delete', 'source', '-n');
    expect((await cli.ok('policy', 'list')).trim().split('\n')).toHaveLength(2);
    await cli.ok('policy', 'delete', 'source');
    expect((await cli.ok('policy', 'list')).trim().split('\n')).toHaveLength(1);
  });

  it('a bad value for one of several targets changes none', async () => {
    const before = await cli.ok('policy', 'list', '--json');
    expect(await cli.run('policy', 'set', 'source', 'ann@alpha', '--max-parallel-snapshots=2')).toMatchObject({
      code: 1,
    });
    expect(await cli.ok('policy', 'list', '--json')).toBe(before);
  });

  it('--inherit in its three forms', async () => {
    for (const [argv, noParent] of [
      [['--inherit', 'false'], true],
      [['--inherit=true'], undefined],
      [['--no-inherit'], true],
      [['--inherit'], undefined],
    ] as const) {
      await cli.ok('policy', 'set', ...argv, 'source');
      const mine = JSON.parse(await cli.ok('policy', 'list', '--json')).find(
        ({ target }: { target: { path: string } }) => target.path !== '',
      );
      expect(mine.noParent).toBe(noParent);
    }
  });
});

describe('low-level verbs', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await connected();
    await cli.ok('snapshot', 'create', 'source');
  });

  it('content show, with gzip and JSON undone', async () => {
    const [{ contentID }] = JSON.parse(await cli.ok('content', 'list', '--prefix=m', '--json'));
    const shown = JSON.parse(await cli.ok('content', 'show', '-zj', contentID));
    expect(shown.entries[0]).toHaveProperty('labels');
    const [{ contentID: directory }] = JSON.parse(await cli.ok('content', 'list', '--prefix=k', '--json'));
    expect(JSON.parse(await cli.ok('content', 'show', directory)).stream).toBe('kopia:directory');
  });

  it('blob show decrypts what is named after its hash', async () => {
    const [{ id }] = JSON.parse(await cli.ok('index', 'list', '--json'));
    expect((await cli.ok('blob', 'show', 'kopia.repository')).slice(0, 1)).toBe('{');
    const terminal = new CapturedTerminal();
    const parts: Uint8Array[] = [];
    terminal.out = async (data) => void parts.push(data as Uint8Array);
    await cli.on(terminal, 'blob', 'show', '--decrypt', id);
    expect(parts[0][0]).toBe(2); // index version
  });

  it('statistics and histograms', async () => {
    expect(await cli.ok('blob', 'stats')).toMatch(
      /^Count: \d+\nTotal: .* KB\nAverage: .*\nHistogram:\n\n {8}0 between 0 B and 10 B/,
    );
    expect(await cli.ok('content', 'stats', '--raw')).toMatch(
      /^Count: \d+\nTotal Bytes: \d+\nTotal Packed: \d+ \(compression [\d.-]+%\)\nBy Method:\n {2}\(uncompressed\)/,
    );
    expect(await cli.ok('content', 'stats', '--prefix=ff'.concat('0'.repeat(8)))).toBe('Count: 0\nTotal Bytes: 0 B\n');
  });

  it('index inspect', async () => {
    const lines = (await cli.ok('index', 'inspect', '--active')).trim().split('\n');
    const listed = JSON.parse(await cli.ok('content', 'list', '--json'));
    expect(lines).toHaveLength(listed.length);
    expect(await cli.ok('index', 'inspect', '--active', `--content-id=${listed[0].contentID}`)).toContain(
      `${listed[0].contentID} created `,
    );
  });

  it('progress as JSON events', async () => {
    const { err } = await cli.run('snapshot', 'verify', '--progress-format=json', '--log-level=error');
    expect(JSON.parse(err)).toMatchObject({ event: 'summary', processedObjectCount: expect.any(Number) });
  });
});
