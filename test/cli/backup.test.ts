/** `cairn backup` where nothing is set up, and where something is. */
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Cli } from './harness.ts';

describe('backup on a new machine', () => {
  const cli = new Cli();
  const repository = cli.path('home', '.local', 'share', 'cairn', 'repository');
  const config = cli.path('home', '.config', 'cairn', 'repository.config');
  let first: { code: number; out: string; err: string };

  beforeAll(async () => {
    mkdirSync(cli.path('photos'));
    writeFileSync(cli.path('photos', 'one'), '1');
    first = await cli.run('backup', 'photos');
  });

  it('makes a private repository with a strong password beside the configuration', () => {
    expect(first.code).toBe(0);
    expect(statSync(repository).mode & 0o777).toBe(0o700);
    expect(statSync(`${config}.kopia-password`).mode & 0o777).toBe(0o600);
    const password = atob(readFileSync(`${config}.kopia-password`, 'utf8'));
    expect(password).toMatch(/^[\w-]{43}$/);
    expect(first.out + first.err).not.toContain(password);
  });

  it('says where everything is and what to do with it', () => {
    expect(first.out).toContain(
      `Repository:  Filesystem: ${repository}\nConnection:  ${config}\nPassword:    ${config}.kopia-password\n`,
    );
    expect(first.out).toContain('Keep the password in another place');
    expect(first.err).toContain('Finished processing');
  });

  it('the commands it prints work', async () => {
    for (const line of ['List:', 'Restore:']) {
      const command = new RegExp(`^${line} +cairn (.*)$`, 'm').exec(first.out)![1];
      await cli.ok(...command.split(' '));
    }
    expect(readFileSync(cli.path('restored', 'one'), 'utf8')).toBe('1');
    const connect = /^Elsewhere: +cairn (.*?) {3}/m.exec(first.out)![1];
    const other = new Cli();
    other.variables.KOPIA_PASSWORD = atob(readFileSync(`${config}.kopia-password`, 'utf8'));
    await other.ok(...connect.split(' '));
    expect(await other.ok('snapshot', 'list', '--all')).toContain('photos');
  });

  it('goes on with what is connected', async () => {
    const again = JSON.parse(await cli.ok('backup', 'photos', '--json'));
    expect(again).toMatchObject({
      schema: 1,
      repository: { created: false },
      snapshots: [{ source: { path: cli.path('photos') } }],
      verified: { errorCount: 0 },
    });
    expect(again.verified.stats.readFileCount).toBe(1);
    expect(JSON.parse(await cli.ok('snapshot', 'list', '--json'))).toHaveLength(2);
  });

  it('a repository that is there but not connected is not touched', async () => {
    await cli.ok('repository', 'disconnect');
    const before = readdirSync(repository);
    const { code, err } = await cli.run('backup', 'photos');
    expect(code).toBe(1);
    expect(err).toContain(`hint: 'cairn repository connect filesystem --path=${repository}'`);
    expect(readdirSync(repository)).toEqual(before);
  });
});

describe('backup that cannot begin', () => {
  it('a missing folder sets nothing up', async () => {
    const cli = new Cli();
    const { code, err } = await cli.run('backup', 'nowhere');
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('nowhere') });
    expect(readdirSync(cli.folder)).toEqual([]);
  });

  it('a random password that nobody keeps is refused', async () => {
    const cli = new Cli();
    const { code, err } = await cli.run('backup', '.', '--no-persist-credentials');
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('a new repository needs a password') });
    expect(readdirSync(cli.folder)).toEqual([]);
  });
});
