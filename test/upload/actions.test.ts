import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import type { ActionCommand } from '../../src/policy/policy.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { Actions } from '../../src/upload/actions.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { memoryRepository, snapshotOf, treeOf } from './upload-fixture.ts';

const { subprocess } = ports();

describe.skipIf(process.platform === 'win32')('subprocess', () => {
  it('gives status and output, takes input and environment', async () => {
    const script = 'cat; echo "$WHO $PWD"; echo oops >&2; exit 3';
    const errors: string[] = [];
    const cwd = temporaryDirectory();
    const { status, stdout, timedOut } = await subprocess.run('sh', ['-c', script], {
      cwd,
      env: { WHO: 'me' },
      input: utf8('in '),
      onStderr: (data) => errors.push(fromUtf8(data)),
    });
    expect([status, fromUtf8(stdout), timedOut]).toEqual([3, `in me ${cwd}\n`, false]);
    expect(errors.join('')).toBe('oops\n');
  });

  it('kills what takes too long with all that it started', async () => {
    const began = performance.now();
    const result = await subprocess.run('sh', ['-c', 'sleep 60 & sleep 60'], { timeout: 100 });
    expect(result).toMatchObject({ status: undefined, timedOut: true });
    expect(performance.now() - began).toBeLessThan(5000);
    await expect(subprocess.run('/no/such/program', [])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe.skipIf(process.platform === 'win32')('actions', () => {
  let repository: Repository;
  beforeAll(async () => (repository = await memoryRepository()));

  const script = (text: string, more: Partial<ActionCommand> = {}): ActionCommand => ({
    script: text,
    mode: 'essential',
    timeout: 30,
    ...more,
  });

  function actions(failures: string[] = []) {
    const { subprocess: run, files, environment, random } = ports();
    return new Actions({
      subprocess: run,
      files,
      environment,
      random,
      version: 'test',
      onFailure: ({ message }) => failures.push(message),
    });
  }

  function tree() {
    const path = temporaryDirectory();
    mkdirSync(join(path, 'db/in'), { recursive: true });
    writeFileSync(join(path, 'db/live'), 'live');
    writeFileSync(join(path, 'plain'), 'plain');
    return path;
  }

  const leftOver = () => readdirSync(tmpdir()).filter((name) => name.startsWith('cairn-action-'));

  it('are passed over unless they are enabled', async () => {
    const path = tree();
    const root = { actions: { beforeSnapshotRoot: script('exit 1') } };
    const { rootEntry } = await snapshotOf(repository, path, { root });
    expect(Object.keys(await treeOf(repository, rootEntry!))).toContain('db/live');
  });

  it('run around a folder in a directory of their own and may send the walk elsewhere', async () => {
    const path = tree();
    const dump = temporaryDirectory();
    writeFileSync(join(dump, 'dump.sql'), 'dump');
    mkdirSync(join(dump, 'in'));
    chmodSync(dump, 0o700);
    const log = join(temporaryDirectory(), 'log');
    const tell = `echo "$KOPIA_ACTION $KOPIA_SOURCE_PATH $KOPIA_SNAPSHOT_PATH $KOPIA_VERSION $KOPIA_SNAPSHOT_ID" >> ${log}`;
    const { rootEntry } = await snapshotOf(repository, path, {
      actions: actions(),
      below: {
        db: {
          actions: {
            beforeFolder: script(`${tell}\ntouch here\necho KOPIA_SNAPSHOT_PATH=${dump}/`),
            afterFolder: script(`#!/bin/sh\n${tell}; test -f here && echo same >> ${log}`),
          },
        },
        'db/in': { actions: { beforeFolder: script(tell) } },
      },
    });
    const stored = await treeOf(repository, rootEntry!);
    expect(Object.keys(stored).sort()).toEqual(['db', 'db/dump.sql', 'db/in', 'plain']);
    expect(stored.db.mode).toBe(0o700);
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const id = lines[0].split(' ')[4];
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(lines.map((line) => line.replace(/[0-9a-f]{16}$/, (found) => (found === id ? 'SAME' : 'OTHER')))).toEqual([
      `before-folder ${path}/db ${path}/db test SAME`,
      `before-folder ${path}/db/in ${path}/db/in test OTHER`,
      `after-folder ${path}/db ${dump} test SAME`,
      'same',
    ]);
    expect(leftOver()).toEqual([]);
  });

  it('of the root may send the whole snapshot elsewhere; after the walk only tell of failures', async () => {
    const path = tree();
    const other = tree();
    const failures: string[] = [];
    const { rootEntry, source } = await snapshotOf(repository, path, {
      actions: actions(failures),
      root: {
        actions: {
          beforeSnapshotRoot: script(`echo KOPIA_SNAPSHOT_PATH=${other}/db`),
          afterSnapshotRoot: script('exit 9'),
        },
      },
    });
    expect([rootEntry!.name, source.path]).toEqual(['db', path]);
    expect(Object.keys(await treeOf(repository, rootEntry!)).sort()).toEqual(['in', 'live']);
    expect(failures).toEqual([`the action after-snapshot-root of ${path} failed: it ended with status 9`]);
  });

  it('that are essential fail their folder, and the snapshot at its root', async () => {
    const path = tree();
    const below = { db: { actions: { beforeFolder: script('exit 2') } } };
    const { rootEntry } = await snapshotOf(repository, path, { actions: actions(), below });
    expect(rootEntry!.summary).toMatchObject({ numFailed: 1, errors: [{ path: 'db' }], files: 1 });
    const fails = async (command: ActionCommand) =>
      snapshotOf(repository, path, { actions: actions(), root: { actions: { beforeSnapshotRoot: command } } });
    await expect(fails(script('exit 2'))).rejects.toThrow(/before-snapshot-root of .* failed: it ended with status 2/);
    await expect(fails(script('sleep 60', { timeout: 1 }))).rejects.toThrow(/it took more than 1 s/);
    await expect(fails({ path: '/no/such', mode: 'essential' })).rejects.toThrow(/there is no such command/);
    await expect(fails(script('echo KOPIA_SNAPSHOT_PATH=/no/such'))).rejects.toMatchObject({ code: 'file-not-found' });
    expect(leftOver()).toEqual([]);
  });

  it('that are optional may fail, and background ones are not waited for', async () => {
    const path = tree();
    const failures: string[] = [];
    const began = performance.now();
    const { rootEntry } = await snapshotOf(repository, path, {
      actions: actions(failures),
      root: { actions: { beforeSnapshotRoot: script('exit 2', { mode: 'optional' }) } },
      below: { db: { actions: { beforeFolder: script('sleep 3', { mode: 'async' }) } } },
    });
    expect(rootEntry!.summary).toMatchObject({ numFailed: 0, files: 2 });
    expect(failures).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(2500);
  });
});
