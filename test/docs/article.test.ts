/** What a widely read article on a Kopia server tells its readers to type about snapshots, policies and restoring. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeHome } from './home.ts';

const {
  path,
  env: { KOPIA_PASSWORD: _, ...env }, // the article gives it once, when the repository is made
} = makeHome();
const user = join(path, 'home/youruser');

/** Runs a line as it stands, but for the name of the program, the user's folder and the folder of restored files. */
function type(
  line: string,
  ids: { [short: string]: string } = {},
): { status: number | null; out: string; err: string } {
  const script = Object.entries(ids)
    .reduce((text, [short, id]) => text.replace(short, id), line)
    .replace(/^kopia /, 'cairn ')
    .replaceAll(/(?<=^|[ .])\/(home|tmp)\//g, `${path}/$1/`);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { env, cwd: path, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

function policy(...target: string[]): { [key: string]: { [key: string]: unknown } } {
  return JSON.parse(type(`kopia policy show ${target.join(' ')} --json`).out);
}

describe('the article', () => {
  let id: string;
  beforeAll(() => {
    mkdirSync(join(user, 'Documents'), { recursive: true });
    mkdirSync(join(user, '.local/share/Trash'), { recursive: true });
    mkdirSync(join(path, 'tmp'));
    writeFileSync(join(user, 'Documents/important.pdf'), 'important');
    writeFileSync(join(user, 'scratch.tmp'), 'x');
    writeFileSync(join(user, '.local/share/Trash/old'), 'x');
    const created = type(
      `kopia repo create filesystem --path=${join(path, 'backup/r')} --password=your-repo-password-here`,
    );
    expect(created.status, created.err).toBe(0);
  });

  it('kopia repo status', () => {
    expect(type('kopia repo status')).toMatchObject({ status: 0, out: expect.stringContaining('filesystem') });
  });

  it('kopia policy set --global', () => {
    const line =
      'kopia policy set --global --compression=zstd-fastest --keep-latest=10 --keep-hourly=24 --keep-daily=14 --keep-weekly=8 --keep-monthly=12';
    expect(type(line)).toMatchObject({ status: 0 });
    expect(policy('--global')).toMatchObject({
      compression: { compressorName: 'zstd-fastest' },
      retention: { keepLatest: 10, keepHourly: 24, keepDaily: 14, keepWeekly: 8, keepMonthly: 12 },
    });
  });

  it('kopia policy set /home/youruser', () => {
    const line =
      'kopia policy set /home/youruser --add-ignore=".cache" --add-ignore="node_modules" --add-ignore="*.tmp" --add-ignore=".local/share/Trash" --compression=zstd --scheduling-cron="0 2 * * *"';
    expect(type(line)).toMatchObject({ status: 0 });
    expect(policy('/home/youruser')).toMatchObject({
      files: { ignore: ['*.tmp', '.cache', '.local/share/Trash', 'node_modules'] },
      compression: { compressorName: 'zstd' },
      scheduling: { cron: ['0 2 * * *'] },
    });
  });

  it('kopia policy set /var/lib/docker/volumes', () => {
    const line = 'kopia policy set /var/lib/docker/volumes --compression=zstd-fastest --scheduling-cron="0 3 * * 0"';
    expect(type(line)).toMatchObject({ status: 0 });
    expect(policy('/var/lib/docker/volumes')).toMatchObject({
      compression: { compressorName: 'zstd-fastest' },
      scheduling: { cron: ['0 3 * * 0'] },
    });
  });

  it.each([
    ['zstd', 'zstd'],
    ['zstd-fastest', 'zstd-fastest'],
    ['zstd-better-compression', 'zstd-better-compression'],
    ['gzip', 'gzip'],
    ['snappy', 's2-default'], // Kopia's own name for it, so that Kopia reads the policy
  ])('--compression=%s', (name, stored) => {
    expect(type(`kopia policy set /compressed --compression=${name}`)).toMatchObject({ status: 0 });
    expect(policy('/compressed').compression.compressorName).toBe(stored);
  });

  it('kopia snapshot create /home/youruser; kopia snapshot list', () => {
    expect(type('kopia snapshot create /home/youruser')).toMatchObject({ status: 0 });
    expect(type('kopia snapshot list').out).toContain(`:${user}\n`);
    const shown = type('kopia snapshot list /home/youruser').out;
    id = /k[0-9a-f]{32}/.exec(shown)![0];
    expect(type(`kopia ls -r ${id}`).out.replaceAll(id, '').split('\n').filter(Boolean)).toEqual([
      '/.local/',
      '/.local/share/',
      '/Documents/',
      '/Documents/important.pdf',
    ]);
  });

  it('kopia restore k7e6a2f3... /tmp/restore-target/', () => {
    const result = type('kopia restore k7e6a2f3... /tmp/restore-target/', { k7e6a2f3: id.slice(0, 8) });
    expect(result).toMatchObject({ status: 0 });
    expect(readFileSync(join(path, 'tmp/restore-target/Documents/important.pdf'), 'utf8')).toBe('important');
    expect(existsSync(join(path, 'tmp/restore-target/scratch.tmp'))).toBe(false);
  });

  it('kopia restore k7e6a2f3.../home/youruser/Documents/important.pdf /tmp/important.pdf', () => {
    const line = 'kopia restore k7e6a2f3.../home/youruser/Documents/important.pdf /tmp/important.pdf';
    expect(type(line, { k7e6a2f3: id.slice(0, 8) })).toMatchObject({ status: 0 });
    expect(readFileSync(join(path, 'tmp/important.pdf'), 'utf8')).toBe('important');
  });

  it('kopia snapshot delete --all', () => {
    expect(type('kopia snapshot delete --all')).toMatchObject({ status: 0 }); // only tells
    expect(type('kopia snapshot list').out).toContain(id);
    expect(type('kopia snapshot delete --all --delete')).toMatchObject({ status: 0 });
    expect(type('kopia snapshot list').out).toBe('');
  });
});
