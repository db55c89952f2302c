/** `repository stats`: original, unique and packed sizes, against what the other verbs say of the same repository. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expected, fixtureFolder } from '../fixtures/load.ts';
import { Cli } from './harness.ts';

const numbered = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join('');

describe('repository stats', () => {
  const cli = new Cli();
  beforeAll(async () => {
    cli.variables.KOPIA_PASSWORD = 'pw';
    mkdirSync(cli.path('src', 'sub'), { recursive: true });
    writeFileSync(cli.path('src', 'a.txt'), numbered);
    writeFileSync(cli.path('src', 'sub', 'copy.txt'), numbered);
    await cli.ok('repository', 'create', 'filesystem', `--path=${cli.path('repo')}`);
  });

  it('of a new repository', async () => {
    expect(JSON.parse(await cli.ok('repository', 'stats', '--json'))).toMatchObject({
      schema: 1,
      sources: 0,
      snapshots: 0,
      original: { files: 0, bytes: 0 },
      files: { contents: 0, unique: 0, packed: 0 },
    });
    expect(await cli.ok('repository', 'stats')).not.toContain('Ratio');
  });

  it('counts every snapshot as original, equal files once as unique, compressed ones as packed', async () => {
    await cli.ok('policy', 'set', '--global', '--compression=zstd');
    await cli.ok('snapshot', 'create', cli.path('src'));
    await cli.ok('snapshot', 'create', cli.path('src'));
    await cli.ok('snapshot', 'create', cli.path('src', 'a.txt'), '--tags=one:file');
    const stats = JSON.parse(await cli.ok('repository', 'stats', '--json'));
    expect(stats).toMatchObject({
      sources: 2,
      snapshots: 3,
      incomplete: 0,
      unreadable: [],
      original: { files: 5, bytes: 5 * numbered.length },
      files: { contents: 1, unique: numbered.length },
      directories: { contents: 2 },
    });
    expect(stats.files.packed).toBeLessThan(numbered.length / 2);
    const contents = JSON.parse(await cli.ok('content', 'stats', '--json'));
    expect(stats.all).toEqual({ contents: contents.count, unique: contents.original, packed: contents.packed });
    const blobs = JSON.parse(await cli.ok('blob', 'stats', '--json'));
    expect(stats.storage).toMatchObject({ blobs: blobs.count, bytes: blobs.bytes });
    const text = await cli.ok('repository', 'stats');
    expect(text).toMatch(/^Snapshots: +3 {3}of 2 source\(s\)\nOriginal data: +1 MB {3}in 5 file\(s\)/);
    expect(text).toMatch(/\nStorage used: .* blob\(s\).*\nRatio: +\d+\.\d% {3}storage used of original data\n$/);
  });
});

it("agrees with a repository of Kopia's", async () => {
  const cli = new Cli();
  cli.variables.CAIRN_PASSWORD = expected('epochs-full').password;
  fixtureFolder('epochs-full', cli.path('repo'));
  await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`, '--readonly');
  const listed = JSON.parse(await cli.ok('snapshot', 'list', '--all', '--json')) as {
    rootEntry: { summ: { size: number; files: number } };
  }[];
  const stats = JSON.parse(await cli.ok('repository', 'stats', '--json'));
  expect(stats.snapshots).toBe(listed.length);
  expect(stats.original).toEqual({
    files: listed.reduce((sum, { rootEntry }) => sum + rootEntry.summ.files, 0),
    bytes: listed.reduce((sum, { rootEntry }) => sum + rootEntry.summ.size, 0),
  });
});
