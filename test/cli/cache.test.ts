/** The `cache` verbs: what is in the cache, what they take out, and Kopia's keys in the connection file. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { Cli } from './harness.ts';

let cli: Cli;
beforeEach(async () => {
  cli = new Cli();
  cli.variables.KOPIA_PASSWORD = 'pw';
  await cli.ok(
    'repository',
    'create',
    'filesystem',
    `--path=${cli.path('repo')}`,
    '--format-block-key-derivation-algorithm=pbkdf2-sha256-600000',
  );
  mkdirSync(cli.path('source'));
  for (const text of ['one', 'two']) {
    writeFileSync(cli.path('source', text), text);
    await cli.ok('snapshot', 'create', cli.path('source'));
  }
});

const caching = () =>
  JSON.parse(readFileSync(cli.path('home', '.config', 'cairn', 'repository.config'), 'utf8')).caching;
const root = async () => (await cli.ok('cache', 'info', '--path')).trimEnd();
const cached = async () => readdirSync(`${await root()}/index`);
const info = async () => JSON.parse(await cli.ok('cache', 'info', '--json'));

describe('cache info, clear, sync, prune', () => {
  it('info counts what is there', async () => {
    await cli.ok('cache', 'clear');
    await cli.ok('snapshot', 'list');
    const directory = await root();
    const { code, out, err } = await cli.run('cache', 'info');
    expect({ code, out: out.replaceAll(directory, 'DIR').replaceAll('\\', '/') }).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^DIR\/format: 0 files 0 B \(not used\)\nDIR\/index: 3 files [\d.]+ K?B\nDIR: 3 files [\d.]+ K?B \(limit: 5.2 GB\)\n$/,
      ),
    });
    expect(err).toMatch(/cairn cache set.*\n.*cairn cache clear/);
    expect(await info()).toEqual({
      schema: 1,
      enabled: true,
      path: directory,
      entries: 3,
      bytes: expect.any(Number),
      limit: 5000 * 2 ** 20,
      format: { entries: 0, bytes: 0 },
      index: { entries: 3, bytes: expect.any(Number) },
    });
  });

  it('clear empties what it names, needs no password, and what is gone comes back', async () => {
    await cli.ok('snapshot', 'list');
    cli.variables.KOPIA_PASSWORD = '';
    const before = await cached();
    expect((await cli.run('cache', 'clear', '--partial=contents')).err).toMatch(/no cache of contents/);
    expect(await cached()).toEqual(before);
    const { err } = await cli.run('cache', 'clear', '--partial=indexes');
    expect(err).toMatch(/^Clearing cache directory: .*index\.\nRemoved \d files/);
    expect(await cached()).toEqual([]);
    expect(JSON.parse(await cli.ok('cache', 'clear', '--json'))).toEqual({
      schema: 1,
      removed: { entries: 0, bytes: 0 },
    });
    expect((await cli.run('cache', 'sync')).err).toMatch(/^3 of 3 index blobs \([\d.]+ K?B\) are cached\.\n$/);
    expect((await cached()).length).toBe(3);
  });

  it('sync says when the limit is too small', async () => {
    await cli.ok('cache', 'clear');
    const config = cli.path('home', '.config', 'cairn', 'repository.config');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace(/"maxMetadataCacheSize": \d+/, '"maxMetadataCacheSize": 1'),
    );
    const { code, out, err } = await cli.run('cache', 'sync', '--json');
    expect({ code, json: JSON.parse(out) }).toMatchObject({ code: 0, json: { indexBlobs: 3, missing: 3 } });
    expect(err).toMatch(/could not keep 3 of them: its limit is 1 B/);
  });

  it('prune takes what no longer counts', async () => {
    await cli.ok('cache', 'sync');
    await cli.ok('index', 'recover', '--commit', '--delete-indexes', '--dangerous-commands=enabled');
    await cli.ok('snapshot', 'list');
    const active = (await cli.ok('index', 'list')).split('\n').flatMap((line) => line.split(' ')[0] || []);
    expect((await cached()).length).toBeGreaterThan(active.length);
    expect(JSON.parse(await cli.ok('cache', 'prune', '--json')).removed.entries).toBeGreaterThan(0);
    expect((await cached()).toSorted()).toEqual(active.toSorted());
    expect(JSON.parse(await cli.ok('cache', 'prune', '--json')).removed).toEqual({ entries: 0, bytes: 0 });
  });
});

describe('cache set', () => {
  it("writes Kopia's keys, in millions of bytes and seconds", async () => {
    const { code, err } = await cli.run(
      'cache',
      'set',
      '--index-min-sweep-age=2h',
      '--content-min-sweep-age=10m',
      '--metadata-min-sweep-age=1h',
      '--max-list-cache-duration=1500ms',
      '--metadata-cache-size-limit-mb=60',
      '--metadata-cache-size-mb=70',
      '--content-cache-size-limit-mb=200',
      '--content-cache-size-mb=100',
      `--cache-directory=${cli.path('elsewhere')}`,
    );
    expect({ code, lines: err.split('\n').slice(1, 9) }).toEqual({
      code: 0,
      lines: [
        'changing content cache size to 100 MB',
        'changing content cache size limit to 200 MB',
        'changing metadata cache size to 70 MB',
        'changing metadata cache size limit to 60 MB',
        'changing list cache duration to 1.5s',
        'changing minimum metadata sweep age to 1h0m0s',
        'changing minimum content sweep age to 10m0s',
        'changing minimum index sweep age to 2h0m0s',
      ],
    });
    expect(err).toMatch(/^setting cache directory to /);
    expect(err).toMatch(
      /at most 60 MB .*\nWritten for Kopia, of no effect on Cairn: content cache size limit, list cache duration, /,
    );
    expect(Object.entries(caching())).toEqual([
      ['cacheDirectory', expect.stringMatching(/^\.\.[\\/]\.\.[\\/]\.\.[\\/]elsewhere$/)],
      ['maxCacheSize', 100_000_000],
      ['contentCacheSizeLimitBytes', 200_000_000],
      ['maxMetadataCacheSize', 70_000_000],
      ['metadataCacheSizeLimitBytes', 60_000_000],
      ['maxListCacheDuration', 1.5],
      ['minMetadataSweepAge', 3600],
      ['minContentSweepAge', 600],
      ['minIndexSweepAge', 7200],
    ]);
    expect(await info()).toMatchObject({ limit: 60_000_000, entries: 0 });
    expect(await root()).toContain('elsewhere');
    await cli.ok('cache', 'set', '--metadata-cache-size-limit-mb=0', '--max-list-cache-duration=0s');
    expect(caching()).not.toHaveProperty('metadataCacheSizeLimitBytes');
    expect(caching()).not.toHaveProperty('maxListCacheDuration');
  });

  it('a content size of 0 turns the cache off, any other on again', async () => {
    const before = await root();
    expect(JSON.parse(await cli.ok('cache', 'set', '--content-cache-size-mb=0', '--json'))).toEqual({
      schema: 1,
      caching: {},
    });
    expect(await cli.ok('cache', 'info', '--path')).toBe('\n');
    expect(await info()).toEqual({ schema: 1, enabled: false });
    for (const verb of [['clear'], ['sync'], ['prune'], ['set', '--metadata-cache-size-mb=3']])
      expect(await cli.run('cache', ...verb)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/caching not enabled\n.*--content-cache-size-mb=5000/),
      });
    await cli.ok('snapshot', 'list');
    await cli.ok('cache', 'set', '--content-cache-size-mb=3');
    expect(await root()).toBe(before);
    expect(caching()).toEqual({ cacheDirectory: expect.any(String), maxCacheSize: 3_000_000 });
    expect((await info()).limit).toBe(3_000_000);
  });

  it('refuses nothing and less than nothing, and changes nothing then', async () => {
    const before = caching();
    expect(await cli.run('cache', 'set')).toMatchObject({ code: 1, err: expect.stringMatching(/no changes/) });
    expect(await cli.run('cache', 'set', '--content-cache-size-mb=-5')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/'--content-cache-size-mb' must not be negative/),
    });
    expect(caching()).toEqual(before);
  });
});
