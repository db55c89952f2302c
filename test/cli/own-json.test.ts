/** JSON of low-level verbs whose result Kopia prints as text only: it says what the text says. */
import { describe, expect, it } from 'vitest';
import { openStorage } from '../../src/blob/registry.ts';
import { sealNamedBlob } from '../../src/content/named-blob.ts';
import { sessionMarker } from '../../src/content/session.ts';
import { openRepository } from '../../src/repository/open.ts';
import { expected, fixtureFolder } from '../fixtures/load.ts';
import { Cli } from './harness.ts';

async function connected(name: string): Promise<Cli> {
  const cli = new Cli();
  cli.variables.CAIRN_PASSWORD = expected(name).password;
  fixtureFolder(name, cli.path('repo'));
  await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`, '--readonly');
  return cli;
}

const json = async (cli: Cli, ...argv: string[]) => JSON.parse(await cli.ok(...argv, '--json'));
const lines = async (cli: Cli, ...argv: string[]) => (await cli.ok(...argv)).trimEnd().split('\n');

describe('as JSON', async () => {
  const cli = await connected('epochs-full');

  it('blob stats', async () => {
    const blobs = (await json(cli, 'blob', 'list', '--prefix=x')) as { length: number }[];
    const { histogram, ...sums } = await json(cli, 'blob', 'stats', '--prefix=x');
    const bytes = blobs.reduce((sum, { length }) => sum + length, 0);
    expect(sums).toEqual({ schema: 1, count: blobs.length, bytes, average: Math.trunc(bytes / blobs.length) });
    expect(histogram).toHaveLength(8);
    const below100 = blobs.filter(({ length }) => length >= 10 && length < 100);
    expect(histogram[1]).toEqual({
      from: 10,
      below: 100,
      count: below100.length,
      bytes: below100.reduce((sum, { length }) => sum + length, 0),
    });
  });

  it('content stats, content verify', async () => {
    const contents = (await json(cli, 'content', 'list')) as { originalLength: number; length: number }[];
    const stats = await json(cli, 'content', 'stats');
    const sum = (key: 'originalLength' | 'length') => contents.reduce((total, content) => total + content[key], 0);
    expect(stats).toMatchObject({ count: contents.length, original: sum('originalLength'), packed: sum('length') });
    const methods = stats.byMethod as { compression: string; count: number; packed: number }[];
    expect(methods.map(({ compression }) => compression)).toEqual(['', 'zstd-fastest']);
    expect(methods.reduce((total, { packed }) => total + packed, 0)).toBe(stats.packed);
    expect(await json(cli, 'content', 'verify', '--full')).toMatchObject({
      schema: 1,
      verifiedContents: contents.length,
      readContents: contents.length,
      totalErrorCount: 0,
      orphanedPacks: [],
    });
  });

  it('index inspect', async () => {
    const entries = await json(cli, 'index', 'inspect', '--active');
    const text = await lines(cli, 'index', 'inspect', '--active');
    expect(entries.length).toBe(text.length);
    expect(Object.keys(entries[0])).toEqual(
      expect.arrayContaining(['indexBlob', 'timestamp', 'contentID', 'packFile']),
    );
    for (const [at, { indexBlob, contentID }] of entries.entries())
      expect(text[at]).toContain(`${indexBlob} ${contentID}`);
    const { contentID } = entries[0];
    const chosen = await json(cli, 'index', 'inspect', '--active', `--content-id=${contentID}`);
    expect(new Set(chosen.map((entry: { contentID: string }) => entry.contentID))).toEqual(new Set([contentID]));
  });

  it('index epoch list', async () => {
    const { schema, currentEpoch, started, epochs } = await json(cli, 'index', 'epoch', 'list');
    expect({ schema, currentEpoch, started }).toEqual({
      schema: 1,
      currentEpoch: 7,
      started: expect.stringMatching(/^2026-11-22T17:52:07/),
    });
    expect(epochs.map(({ kind, first, last }: Record<string, unknown>) => `${kind} ${first}-${last}`)).toEqual([
      'uncompacted 6-6',
      'uncompacted 5-5',
      'single 4-4',
      'single 3-3',
      'range 0-2',
    ]);
    // The line of epoch 5, which has no compacted index yet, is Cairn's; the others are Kopia's of this repository.
    expect(await lines(cli, 'index', 'epoch', 'list')).toEqual([
      'Current Epoch: 7',
      'Epoch Started  2026-11-22 17:52:07 UTC',
      '6 2026-11-22 15:52:04 UTC ... 2026-11-22 17:52:07 UTC, 12 blobs, 10.7 KB, span 2h0m2s',
      '5 2026-11-22 13:52:01 UTC ... 2026-11-22 14:52:03 UTC, 12 blobs, 4.1 KB, span 1h0m2s',
      '4: 2026-11-22 17:52:07 UTC single-epoch 1 blobs, 4.8 KB',
      '3: 2026-11-22 15:52:04 UTC single-epoch 1 blobs, 2.5 KB',
      '0-2: range, 1 blobs, 3.7 KB',
    ]);
  });

  it('manifest show', async () => {
    const listed = await json(cli, 'manifest', 'list');
    const shown = await json(cli, 'manifest', 'show', listed[0].id, listed[1].id);
    expect(shown.map(({ data: _, ...item }: { data: unknown }) => item)).toEqual(listed.slice(0, 2));
    const text = await cli.ok('manifest', 'show', listed[0].id);
    expect(JSON.parse(text.slice(text.indexOf('\n{')))).toEqual(shown[0].data);
  });

  it('session list', async () => {
    expect(await json(cli, 'session', 'list')).toEqual([]);
    const runtime = cli.ports();
    const storage = await openStorage({ type: 'filesystem', config: { path: cli.path('repo') } }, runtime);
    const { state } = await openRepository(storage, { password: expected('epochs-full').password }, runtime);
    const id = 's0123456789abcdef150';
    const marker = sessionMarker(id, 1_700_000_000_000_000_000n, 'ann', 'alpha');
    const blob = await sealNamedBlob(state.contents.crypto, 's', id, marker);
    await storage.put(blob.id, blob.data);
    const time = '2023-11-14T22:13:20Z';
    expect(await json(cli, 'session', 'list')).toEqual([
      { id, username: 'ann', hostname: 'alpha', startTime: time, checkpointTime: time },
    ]);
    expect(await lines(cli, 'session', 'list')).toEqual([
      `${id} ann@alpha 2023-11-14 22:13:20 UTC 2023-11-14 22:13:20 UTC`,
    ]);
    await storage.delete(blob.id);
  });
});

it('logs list as JSON', async () => {
  const cli = await connected('incomplete');
  const logs = await json(cli, 'logs', 'list');
  const text = await lines(cli, 'logs', 'list');
  expect(logs.map(({ id }: { id: string }) => id)).toEqual(text.map((line) => line.split(' ')[0]));
  const blobs = await json(cli, 'blob', 'list', '--prefix=_log_');
  const segments = logs.flatMap((log: { segments: string[] }) => log.segments);
  expect(segments.toSorted()).toEqual(blobs.map(({ id }: { id: string }) => id));
  expect(logs[0].startTime).toMatch(/^2026-11-22T17:49:44Z$/);
});

it('a failed content verify leaves standard output empty', async () => {
  const cli = new Cli();
  cli.variables.CAIRN_PASSWORD = expected('damaged-base').password;
  fixtureFolder('damaged-pack-truncated', cli.path('repo'));
  await cli.ok('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`, '--readonly');
  const { code, out, err } = await cli.run('content', 'verify', '--json');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err.trimEnd().split('\n').at(-1)).toMatch(/^\{"error":\{"code":"verification-failed"/);
});
