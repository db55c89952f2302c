/** What `snapshot create` tells on the way: lines on files and folders in Kopia's words, progress as JSON events. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { Cli } from './harness.ts';

async function connected(): Promise<Cli> {
  const cli = new Cli();
  cli.variables.KOPIA_PASSWORD = 'pw';
  mkdirSync(cli.path('src', 'sub'), { recursive: true });
  mkdirSync(cli.path('src', 'nodir'));
  writeFileSync(cli.path('src', 'a'), 'a\n', { mode: 0o644 });
  writeFileSync(cli.path('src', 'sub', 'b'), 'b\n');
  writeFileSync(cli.path('src', 'x.tmp'), 't\n');
  writeFileSync(cli.path('src', 'nodir', 'q'), 'q\n');
  await cli.ok('repository', 'create', 'filesystem', `--path=${cli.path('repo')}`);
  await cli.ok('policy', 'set', cli.path('src'), '--add-ignore=*.tmp', '--add-ignore=nodir');
  return cli;
}

/** Lines on entries, sorted, each with the names of its details; durations are checked and taken out. */
async function log(cli: Cli, ...more: string[]): Promise<string[]> {
  const { code, err } = await cli.run('snapshot', 'create', cli.path('src'), '--log-level=debug', ...more);
  expect(code).toBe(0);
  const lines = err.split('\n').filter((line) => /^(snapshotted|cached|cache miss|ignored|failed).*\t/.test(line));
  return lines
    .map((line) => {
      const [words, json] = line.split('\t');
      const { path, dur, ...details } = JSON.parse(json);
      if (dur !== undefined) expect(dur).toMatch(/^[\d.]+(ns|µs|ms|s)$/);
      return `${words} ${path} ${[...(dur === undefined ? [] : ['dur']), ...Object.keys(details)].join()}`.trim();
    })
    .toSorted();
}

const ignored = ['ignored directory nodir dur', 'ignored x.tmp dur'];
const directories = (details: string) => ['.', 'sub'].map((path) => `snapshotted directory ${path} ${details}`.trim());

describe('log of files and folders', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await connected();
  });

  it('says by default what Kopia says by default', async () => {
    expect(await log(cli)).toEqual([...ignored, ...directories('dur,size,files,dirs,errors')]);
  });

  it('--log-dir-detail is the detail of stored folders', async () => {
    const all = 'dur,size,files,dirs,errors,mtime,oid';
    expect(await log(cli, '--log-dir-detail=10')).toEqual([...ignored, ...directories(all)]);
    expect(await log(cli, '--log-dir-detail=1')).toEqual([...ignored, ...directories('dur')]);
    expect(await log(cli, '--log-dir-detail=0')).toEqual(ignored);
  });

  it('--log-entry-detail is the detail of stored and of unchanged files and links', async () => {
    if (process.platform !== 'win32') symlinkSync('a', cli.path('src', 'link'));
    writeFileSync(cli.path('src', 'a'), 'changed\n');
    const link = process.platform === 'win32' ? [] : ['snapshotted symlink link dur,size'];
    expect(await log(cli, '--log-entry-detail=3', '--log-dir-detail=0')).toEqual(
      ['cached sub/b dur,size', ...ignored, 'snapshotted file a dur,size', ...link].toSorted(),
    );
    const again = process.platform === 'win32' ? [] : ['cached link dur,size,mtime,oid'];
    expect(await log(cli, '--log-entry-detail=7', '--log-dir-detail=0')).toEqual(
      ['cached a dur,size,mtime,oid', ...again, 'cached sub/b dur,size,mtime,oid', ...ignored].toSorted(),
    );
  });

  it('follows the policies, for misses too', async () => {
    const set = ['cache-miss=5', 'ignored=0', 'snapshotted=1'].map((detail) => `--log-entry-${detail}`);
    await cli.ok('policy', 'set', cli.path('src'), '--log-dir-ignored=0', '--log-dir-snapshotted=0', ...set);
    writeFileSync(cli.path('src', 'a'), 'changed again\n');
    writeFileSync(cli.path('src', 'new'), 'new\n');
    expect(await log(cli)).toEqual([
      'cache miss a mode,size,mtime',
      'snapshotted file a dur',
      'snapshotted file new dur',
    ]);
  });

  it('takes 0 to 10 only, and says nothing above debug level', async () => {
    expect(await cli.run('snapshot', 'create', cli.path('src'), '--log-dir-detail=11')).toMatchObject({
      code: 1,
      err: expect.stringContaining("flag '--log-dir-detail' takes 0 to 10, got '11'"),
    });
    const { err } = await cli.run('snapshot', 'create', cli.path('src'), '--log-entry-detail=10');
    expect(err).not.toContain('\t{');
  });
});

describe('--progress-format=json', () => {
  it('every line is an object; the last event sums up', async () => {
    const cli = await connected();
    writeFileSync(cli.path('src', 'big'), new Uint8Array(6_000_000).fill(7));
    const events = async (...more: string[]) => {
      const { code, err } = await cli.run('snapshot', 'create', cli.path('src'), '--progress-format=json', ...more);
      expect(code).toBe(0);
      return err
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    const first = await events('--progress-update-interval=1ms');
    const messages = first.filter(({ m }) => m !== undefined);
    expect(messages[0]).toMatchObject({ l: 'info', m: expect.stringContaining('Snapshotting ann@alpha:') });
    const progress = first.filter(({ event }) => event !== undefined);
    expect(new Set(progress.map(({ event }) => event))).toEqual(new Set(['progress', 'summary']));
    expect(progress.at(-1)).toMatchObject({
      event: 'summary',
      readBytes: 6_000_004,
      hashedBytes: 6_000_004,
      hashedFiles: 3,
      cachedBytes: 0,
      estimating: false,
      estimatedBytes: 6_000_004,
      excludedFiles: 1,
      excludedDirs: 1,
      errors: 0,
      directory: cli.path('src', 'sub'),
      file: expect.stringContaining(cli.path('src')),
      elapsedSeconds: expect.any(Number),
      bytesPerSecond: expect.any(Number),
    });
    const read = progress.map(({ readBytes }) => readBytes as number);
    expect(read).toEqual(read.toSorted((a, b) => a - b));
    const second = (await events()).find(({ event }) => event === 'summary');
    expect(second).toMatchObject({ readBytes: 0, cachedBytes: 6_000_004, cachedFiles: 3, estimatedBytes: 6_000_004 });
  });

  it('standard input is read, not estimated', async () => {
    const cli = await connected();
    const { CapturedTerminal } = await import('./terminal.ts');
    const terminal = new CapturedTerminal();
    terminal.stdin = new Uint8Array(1000);
    await cli.on(terminal, 'snapshot', 'create', '/srv/dumps', '--stdin-file=all.sql', '--progress-format=json');
    const lines = terminal.errText.trimEnd().split('\n');
    expect(JSON.parse(lines.find((line) => line.includes('"summary"'))!)).toMatchObject({
      readBytes: 1000,
      estimating: true,
      file: '/srv/dumps/all.sql',
    });
  });
});

describe('what could not be stored', () => {
  it('is named by create, list and JSON, be it fatal or ignored', async () => {
    const cli = await connected();
    const { syncFiles } = cli.ports();
    const refuse = (path: string): void => {
      if (path.endsWith('b')) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    cli.override = { syncFiles: { ...syncFiles!, openRead: (path) => (refuse(path), syncFiles!.openRead(path)) } };
    expect((await cli.run('snapshot', 'create', cli.path('src'))).code).toBe(3);
    await cli.ok('policy', 'set', cli.path('src'), '--ignore-file-errors=true');
    await cli.ok('snapshot', 'create', cli.path('src'));
    const lines = (await cli.ok('snapshot', 'list', '--errors', '--show-identical')).split('\n');
    expect(lines.filter((line) => /^ {4}sub\/b: .*permission denied/.test(line))).toHaveLength(2);
    expect(await cli.ok('snapshot', 'list', '--show-identical')).not.toContain('permission denied');
    const listed = JSON.parse(await cli.ok('snapshot', 'list', '--json'));
    const named = { errors: [{ path: 'sub/b', error: expect.stringContaining('permission denied') }] };
    expect(listed[0]).toMatchObject({ stats: { errorCount: 1 }, rootEntry: { summ: { numFailed: 1, ...named } } });
    expect(listed[1]).toMatchObject({
      stats: { ignoredErrorCount: 1 },
      rootEntry: { summ: { numFailed: 0, numIgnoredErrors: 1, ...named } },
    });
  });

  it.skipIf(process.platform === 'win32')('special files are named, and counted in the last event', async () => {
    const cli = await connected();
    expect(spawnSync('mkfifo', [cli.path('src', 'pipe')]).status).toBe(0);
    const { code, err } = await cli.run('snapshot', 'create', cli.path('src'));
    expect(code).toBe(0);
    expect(err).toContain(
      `1 socket(s), device(s) or the like were left out, no snapshot can hold them: ${cli.path('src', 'pipe')}`,
    );
    const events = (await cli.run('snapshot', 'create', cli.path('src'), '--progress-format=json')).err;
    const summary = events.split('\n').find((line) => line.includes('"summary"'));
    expect(JSON.parse(summary!)).toMatchObject({ specialFiles: 1, ownFiles: 0, alteredNames: 0, changedFiles: 0 });
  });
});
