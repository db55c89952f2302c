/** Verbs that repair, move and measure, end to end. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { expected, fixtureFolder } from '../fixtures/load.ts';
import { Cli } from './harness.ts';

const dangerous = '--dangerous-commands=enabled';

async function connected(...create: string[]): Promise<Cli> {
  const cli = new Cli();
  cli.variables.KOPIA_PASSWORD = 'pw';
  mkdirSync(cli.path('source'));
  await cli.ok(
    'repository',
    'create',
    'filesystem',
    `--path=${cli.path('repo')}`,
    '--format-block-key-derivation-algorithm=pbkdf2-sha256-600000',
    ...create,
  );
  for (const text of ['one', 'two']) {
    writeFileSync(cli.path('source', text), text.repeat(1000));
    await cli.ok('snapshot', 'create', cli.path('source'));
  }
  return cli;
}

const blobs = async (cli: Cli, ...more: string[]) =>
  (await cli.ok('blob', 'list', ...more)).split('\n').flatMap((line) => line.split(/\s+/)[0] || []);
const contents = async (cli: Cli, ...more: string[]) =>
  (await cli.ok('content', 'list', ...more)).split('\n').filter((id) => id !== '');
const works = (cli: Cli) => cli.ok('snapshot', 'verify', '--verify-files-percent=100');

/** Names below the repository's folder that lead to a blob. */
function pathOf(cli: Cli, id: string): string[] {
  for (const entry of readdirSync(cli.path('repo'), { recursive: true, encoding: 'utf8' }))
    if (entry.replaceAll(/[\\/]/g, '') === id + '.f') return [entry];
  throw new Error(`no file of ${id}`);
}

describe('contents and packs', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await connected();
  });

  it('what is dangerous asks first', async () => {
    for (const argv of [
      ['content', 'rewrite', '--short'],
      ['content', 'delete', 'ab'],
      ['blob', 'gc'],
      ['blob', 'delete', 'x'],
      ['index', 'optimize'],
      ['manifest', 'delete', 'x'],
    ])
      expect(await cli.run(...argv)).toMatchObject({
        code: 1,
        err: expect.stringContaining('--dangerous-commands=enabled'),
      });
  });

  it('content rewrite joins short packs, blob gc deletes them on request', async () => {
    const before = await contents(cli);
    const packs = await blobs(cli, '--data-only');
    expect((await cli.run('content', 'rewrite', dangerous)).err).toMatch(/nothing chosen/);
    expect((await cli.run('content', 'rewrite', '--short', dangerous)).err).toMatch(/Rewrote 0 contents .* recent/);
    expect((await cli.run('content', 'rewrite', '--short', '--safety=none', '--dry-run', dangerous)).err).toMatch(
      /Rewriting content \w+ \(\d+ bytes\) from pack p/,
    );
    expect(await blobs(cli, '--data-only')).toEqual(packs);
    await cli.ok('content', 'rewrite', '--short', '--safety=none', dangerous);
    expect((await cli.run('blob', 'gc', dangerous)).err).toMatch(/too young/);
    expect((await cli.run('blob', 'gc', '--safety=none', dangerous)).err).toMatch(/Pass --delete=yes/);
    expect(await blobs(cli, '--data-only')).toEqual(expect.arrayContaining(packs));
    await cli.ok('blob', 'gc', '--safety=none', '--delete=yes', dangerous);
    const left = await blobs(cli, '--data-only');
    expect(left.length).toBe(2);
    expect(left.filter((id) => packs.includes(id))).toEqual([]);
    expect(await contents(cli)).toEqual(before);
    await works(cli);
  });

  it('content delete marks, index optimize drops', async () => {
    mkdirSync(cli.path('other'));
    writeFileSync(cli.path('other', 'x'), 'unlike all else');
    const before = await contents(cli, '--non-prefixed');
    await cli.ok('snapshot', 'create', cli.path('other'));
    const [id] = (await contents(cli, '--non-prefixed')).filter((name) => !before.includes(name));
    expect((await cli.run('content', 'delete', 'ab'.repeat(16), dangerous)).code).toBe(1);
    await cli.ok('content', 'delete', id, dangerous);
    expect(await contents(cli)).not.toContain(id);
    expect(await contents(cli, '--deleted')).toContain(id);
    const drop = () => cli.ok('index', 'optimize', '--drop-deleted-older-than=1h', dangerous);
    await drop();
    expect(await contents(cli, '--deleted')).toContain(id);
    const { clock } = cli.ports();
    cli.override = { clock: { ...clock, now: () => clock.now() + 7_200_000_000_000n } };
    await drop();
    cli.override = {};
    expect(await contents(cli, '--deleted')).not.toContain(id);
    expect(await cli.ok('index', 'epoch', 'list')).toMatch(/^Current Epoch: 0\n0 .*blobs/);
    expect(await cli.ok('session', 'list')).toBe('');
    expect((await cli.run('logs', 'cleanup')).err).toMatch(/No logs found/);
    expect((await cli.run('logs', 'show')).code).toBe(1);
  });

  it('index recover finds what no index names any more', async () => {
    const before = await contents(cli);
    for (const id of await blobs(cli, '--prefix=xn')) await cli.ok('blob', 'delete', id, dangerous);
    expect(await contents(cli)).toEqual([]);
    expect((await cli.run('index', 'recover')).err).toMatch(/Found \d+ contents .* not committed/);
    expect((await cli.run('index', 'recover', '--commit')).err).toMatch(/Recovered \d+ contents from \d+ blobs/);
    expect(await contents(cli)).toEqual(expect.arrayContaining(before));
    await cli.ok('index', 'recover', '--commit', '--delete-indexes', dangerous);
    expect((await blobs(cli, '--prefix=xn')).length).toBe(1);
    await works(cli);
  });

  it('blob shards modify moves the files, and they are found', async () => {
    const before = await blobs(cli);
    const modify = ['blob', 'shards', 'modify', `--path=${cli.path('repo')}`, '--i-am-sure-kopia-is-not-running'];
    expect((await cli.run(...modify, '--default-shards=flat', '--dry-run')).err).toMatch(/Would move/);
    await cli.ok(...modify, '--default-shards=flat', '--override=q=2,2');
    expect(
      readdirSync(cli.path('repo')).filter((name) => name.startsWith('p') && name.endsWith('.f')).length,
    ).toBeGreaterThan(0);
    expect(await blobs(cli)).toEqual(before);
    expect((await cli.run(...modify, '--default-shards=0')).code).toBe(1);
    await works(cli);
  });
});

describe('repository', () => {
  it('set-parameters', async () => {
    const cli = await connected();
    expect((await cli.run('repository', 'set-parameters')).err).toMatch(/no changes/);
    const { err } = await cli.run(
      'repository',
      'set-parameters',
      '--max-pack-size-mb=30',
      '--epoch-min-duration=12h',
      '--epoch-advance-on-size-mb=20',
    );
    expect(err).toMatch(
      / - setting maximum pack size to 31.5 MB\.\n - setting minimum epoch duration to 12h0m0s\.\n - setting epoch advance on total size to 21 MB\./,
    );
    const { contentFormat } = JSON.parse(await cli.ok('repository', 'status', '--json'));
    expect(contentFormat.maxPackSize).toBe(30 << 20);
    expect(contentFormat.epochParameters.EpochAdvanceOnTotalSizeBytesThreshold).toBe(20 << 20);
    expect((await cli.run('repository', 'set-parameters', '--max-pack-size-mb=1')).code).toBe(1);
    await works(cli);
  });

  it('set-parameters --upgrade and upgrade begin move old repositories to epochs', async () => {
    const cli = await connected('--format-version=1');
    await cli.ok('index', 'optimize', '--all', dangerous);
    const before = await contents(cli);
    const owner = '--upgrade-owner-id=me';
    const hasty = [
      'repository',
      'upgrade',
      'begin',
      '--allow-unsafe-upgrade',
      '--io-drain-timeout=1ms',
      '--status-poll-interval=1ms',
      '--max-permitted-clock-drift=1ns',
    ];
    await cli.ok(...hasty, '--commit-mode=never', owner);
    expect((await cli.run('snapshot', 'list')).code).toBe(11);
    await cli.ok('repository', 'upgrade', 'validate', owner);
    expect((await cli.run('repository', 'upgrade', 'rollback', owner)).err).toMatch(/--force/);
    await cli.ok('repository', 'upgrade', 'rollback', '--force', owner);
    expect(JSON.parse(await cli.ok('repository', 'status', '--json')).contentFormat.version).toBe(1);
    await cli.ok('repository', 'set-parameters', '--upgrade');
    expect(JSON.parse(await cli.ok('repository', 'status', '--json')).contentFormat).toMatchObject({
      version: 2,
      indexVersion: 2,
    });
    await cli.ok(...hasty);
    expect(JSON.parse(await cli.ok('repository', 'status', '--json')).contentFormat.version).toBe(3);
    expect(await contents(cli)).toEqual(before);
    await works(cli);
  });

  it('sync-to makes a copy that can be connected to', async () => {
    const cli = await connected();
    mkdirSync(cli.path('copy'));
    const to = ['repository', 'sync-to', 'filesystem', `--path=${cli.path('copy')}`];
    expect((await cli.run(...to, '--must-exist')).code).toBe(10);
    expect((await cli.run(...to, '--dry-run')).err).toMatch(/Would copy \d+ BLOBs/);
    await cli.ok(...to, '--times', '--parallel=4');
    expect((await cli.run(...to, '--delete')).err).toMatch(/Copied 0 BLOBs \(0 B\), deleted 0 BLOBs/);
    const before = await blobs(cli);
    await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('copy')}`);
    expect(await blobs(cli)).toEqual(before);
    await works(cli);
    expect((await cli.run('repository', 'validate-provider', '--concurrency-test-duration=300ms')).err).toMatch(
      /All good/,
    );
    expect(await blobs(cli)).toEqual(before);
  });

  it('keys are saved and put back; those of old repositories are found in packs', async () => {
    const cli = await connected();
    const file = cli.path('keys');
    await cli.ok('repository', 'export-format', file);
    expect((await cli.run('repository', 'export-format', file)).code).toBe(1);
    expect(await cli.ok('repository', 'export-format')).toMatch(/"kind": "cairn-repository-format"/);
    const format = cli.path('repo', 'kopia.repository.f');
    const bytes = readFileSync(format);
    const back = ['repository', 'import-format', 'filesystem', `--path=${cli.path('repo')}`, `--from-file=${file}`];
    expect((await cli.run(...back)).err).toMatch(/nothing to repair/);
    rmSync(format);
    expect((await cli.run(...back, '--password=other')).code).toBe(12);
    await cli.ok(...back);
    expect(readFileSync(format)).toEqual(bytes);
    await works(cli);

    const repo = cli.path('legacy');
    fixtureFolder('legacy-index', repo);
    rmSync(join(repo, 'kopia.repository.f'));
    const repair = ['repository', 'repair', 'filesystem', `--path=${repo}`, dangerous];
    expect((await cli.run(...repair, '--dry-run')).err).toMatch(/Found replica/);
    expect(existsSync(join(repo, 'kopia.repository.f'))).toBe(false);
    await cli.ok(...repair);
    expect(existsSync(join(repo, 'kopia.repository.f'))).toBe(true);
    expect((await cli.run(...repair)).err).toMatch(/nothing to recover/);
  });

  it('throttle', async () => {
    const cli = await connected();
    expect(await cli.ok('repository', 'throttle', 'get')).toMatch(/^Max Download Speed: {12}\(unlimited\)\n/);
    expect(await cli.ok('repository', 'throttle', 'get', '--json')).toBe('{}\n');
    expect((await cli.run('repository', 'throttle', 'set')).err).toMatch(/No changes made/);
    expect(
      (await cli.run('repository', 'throttle', 'set', '--upload-bytes-per-second=100000000', '--concurrent-reads=3'))
        .err,
    ).toMatch(/max upload speed to 100 MB\/s/);
    expect(JSON.parse(await cli.ok('repository', 'throttle', 'get', '--json'))).toEqual({
      maxUploadSpeedBytesPerSecond: 1e8,
      concurrentReads: 3,
    });
    await cli.ok('repository', 'throttle', 'set', '--upload-bytes-per-second=unlimited');
    expect(await cli.ok('repository', 'throttle', 'get', '--json')).toBe('{"concurrentReads":3}\n');
    expect((await cli.run('repository', 'throttle', 'set', '--concurrent-reads=fast')).code).toBe(1);
    await works(cli);
  });
});

describe('repair', () => {
  it('lists damage, and mends it on request', async () => {
    const cli = new Cli();
    cli.variables.KOPIA_PASSWORD = expected('damaged-ecc-every-blob').password;
    fixtureFolder('damaged-ecc-every-blob', cli.path('repo'));
    await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`);
    expect((await cli.run('content', 'verify', '--full')).err).toMatch(
      /error correction had to rebuild \d+ damaged shard/,
    );
    const listed = JSON.parse(await cli.ok('repair', '--json'));
    expect(listed.repairableContents.length + listed.repairableBlobs.length).toBeGreaterThan(1);
    expect((await cli.run('repair', '--commit')).err).toMatch(/Repaired \d+ contents and \d+ blobs/);
    expect(JSON.parse(await cli.ok('repair', '--json'))).toMatchObject({
      repairableContents: [],
      repairableBlobs: [],
      lostContents: [],
      lostBlobs: [],
    });
    await works(cli);
    const index = (await blobs(cli, '--prefix=xn'))[0];
    writeFileSync(cli.path('repo', ...pathOf(cli, index)), 'garbage');
    expect((await cli.run('repair', '--commit')).err).toMatch(/in packs and in no index/);
    await cli.ok('blob', 'delete', index, dangerous);
    await works(cli);
    expect((await cli.run('repair')).code).toBe(0);
  });
});

describe('logs of Kopia', () => {
  it('are listed and shown', async () => {
    const cli = new Cli();
    cli.variables.KOPIA_PASSWORD = expected('default-v3').password;
    fixtureFolder('default-v3', cli.path('repo'));
    await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`);
    const lines = (await cli.ok('logs', 'list')).trim().split('\n');
    expect(lines[0]).toMatch(/^\d{14}_[0-9a-f]{4} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \d+s [\d.]+ K?B \d+$/);
    expect((await cli.ok('logs', 'list', '--latest=1')).trim().split('\n')).toEqual(lines.slice(-1));
    expect(await cli.ok('logs', 'show', lines[0].split(' ')[0])).toMatch(/^\{"/);
    expect((await cli.run('logs', 'show', 'none')).code).toBe(1);
    expect((await cli.run('logs', 'cleanup', '--max-count=1', '--dry-run')).err).toMatch(
      `Would delete ${lines.length - 1} logs.`,
    );
  });
});

describe('benchmark', () => {
  const cli = new Cli();
  it.each([
    ['hashing', ['--repeat=1', '--block-size=10KB'], 11, /Fastest option for this machine is: --block-hash=/],
    ['encryption', ['--repeat=1', '--block-size=10KB'], 2, /Fastest option for this machine is: --encryption=/],
    [
      'crypto',
      ['--repeat=1', '--block-size=10KB', '--print-options'],
      22,
      /\d{1,3}\. BLAKE\S+ +\S+ +[\d.]+ .?B \/ second, {3}--block-hash=\S+ --encryption=/,
    ],
    [
      'splitter',
      ['--data-size=1MB', '--block-count=1'],
      23,
      /^DYNAMIC-128K-BUZHASH +[\d.]+ [KMG]B\/s count:\d+ min:\d+ 10th:\d+ .* max:\d+$/m,
    ],
    [
      'ecc',
      ['--repeat=1', '--block-size=100KB'],
      10,
      /REED-SOLOMON-CRC32 - 20% +[\d.]+ [KMG]B\/s +[\d.]+ [KMG]B\/s +\d+% \[1\d\d(\.\d)? KB\]/,
    ],
    ['compression', ['--repeat=1', '--algorithms=gzip,s2'], 14, /gzip-best-speed +[\d.]+ K?B +[\d.]+ [KMG]B\/s/],
  ])('%s', async (name, argv, rows, text) => {
    writeFileSync(cli.path('data'), 'some text that repeats\n'.repeat(1000));
    const more = name === 'compression' ? [`--data-file=${cli.path('data')}`] : [];
    const all = JSON.parse(await cli.ok('benchmark', name, ...argv, ...more, '--json')) as {
      bytesPerSecond: number;
      name: string;
    }[];
    expect(all).toHaveLength(rows);
    expect(Object.keys(all[0])).toEqual(
      expect.arrayContaining(['name', 'operation', 'bytes', 'seconds', 'bytesPerSecond', 'runtime', 'engine']),
    );
    for (const row of all) expect(row.bytesPerSecond).toBeGreaterThan(0);
    expect(await cli.ok('benchmark', name, ...argv, ...more)).toMatch(text);
  });
});
