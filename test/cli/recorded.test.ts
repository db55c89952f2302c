/** What the verbs print of repositories that the real Kopia wrote, against what Kopia printed of them. */
import { describe, expect, it } from 'vitest';
import { parseTime } from '../../src/bytes/time.ts';
import { expected, fixtureFolder } from '../fixtures/load.ts';
import { Cli } from './harness.ts';

const cases = [
  'default-v3',
  'epochs-full',
  'incomplete',
  'policies',
  'objects',
  'kdf-pbkdf2',
  'password-changed',
  'legacy-index',
];

/** Times as instants: Kopia prints some in the zone of its machine. */
function instants(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(instants);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, instants(member)]));
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value))
    return typeof value === 'bigint' ? String(value) : value;
  return String(parseTime(value) ?? value);
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

describe.each(cases)('%s', (name) => {
  const truth = expected(name);
  const cli = new Cli();
  cli.user = 'recorder';
  cli.host = 'recorder';
  cli.variables.CAIRN_PASSWORD = truth.password;
  const json = async (...argv: string[]) => instants(JSON.parse(await cli.ok(...argv, '--json'))) as never[];

  it('connects', async () => {
    fixtureFolder(name, cli.path('repo'));
    const { code, err } = await cli.run(
      'repository',
      'connect',
      'filesystem',
      `--path=${cli.path('repo')}`,
      '--readonly',
    );
    expect({ code, err }).toEqual({ code: 0, err: 'Connected to repository.\n' });
  });

  it('repository status --json', async () => {
    const status = (await json('repository', 'status')) as never as Record<string, unknown>;
    const recorded = instants(truth.status) as Record<string, unknown>;
    for (const key of ['uniqueIDHex', 'contentFormat', 'objectFormat', 'blobRetention'])
      expect(status[key]).toEqual(recorded[key]);
  });

  it('snapshot list --all --incomplete --json', async () => {
    expect(await json('snapshot', 'list', '--all', '--incomplete')).toEqual(instants(truth.snapshots));
  });

  it('content list --deleted --json', async () => {
    const withoutHash = truth.contents.map(({ sha256: _, ...content }: { sha256?: string }) => content);
    expect(await json('content', 'list', '--deleted')).toEqual(instants(withoutHash));
  });

  it('manifest list and show', async () => {
    const listed = await json('manifest', 'list');
    const recorded = truth.manifests.map(({ data: _, ...item }: { data: unknown }) => item);
    expect(listed.toSorted(byId)).toEqual((instants(recorded) as never[]).toSorted(byId));
    for (const { id, data } of truth.manifests.slice(0, 3)) {
      const shown = await cli.ok('manifest', 'show', id);
      expect(instants(JSON.parse(shown.slice(shown.indexOf('\n{'))))).toEqual(
        instants(typeof data === 'string' ? JSON.parse(data) : data),
      );
    }
  });

  it('blob list and index list', async () => {
    // copied files carry their times only as exactly as the runtime sets them
    const inSeconds = (items: { timestamp: string }[]) =>
      items.map((item) => ({ ...item, timestamp: item.timestamp.slice(0, -9) })).toSorted(byId as never);
    expect(inSeconds(await json('blob', 'list'))).toEqual(inSeconds(instants(truth.blobs) as never[]));
    expect(inSeconds(await json('index', 'list'))).toEqual(inSeconds(instants(truth.indexBlobs) as never[]));
  });

  it('snapshot verify of every byte', async () => {
    const verified = (await json('snapshot', 'verify', '--verify-files-percent=100')) as never as {
      stats: Record<string, number>;
      errorCount: number;
    };
    expect(verified.errorCount).toBe(0);
    const recorded = typeof truth.snapshotVerify?.stats === 'object' ? truth.snapshotVerify.stats : undefined;
    if (recorded !== undefined) expect(verified.stats.processedObjectCount).toBe(Number(recorded.processedObjectCount));
  });

  it('content verify --full', async () => {
    const { code, err } = await cli.run('content', 'verify', '--full');
    expect({ code, lines: err.split('\n').filter((line) => line.startsWith('error')) }).toEqual({ code: 0, lines: [] });
  });
});

describe('damaged repositories are told apart', () => {
  const verdicts: [name: string, code: number, words: RegExp][] = [
    ['damaged-format-missing', 10, /repository not initialized in the provided storage/],
    ['damaged-format-zero-length', 1, /kopia\.repository/],
    ['damaged-format-garbage', 1, /kopia\.repository/],
    ['damaged-format-encryption', 1, /unknown|not supported/],
    ['damaged-format-keyalgo', 1, /unknown|not supported/],
    ['damaged-pack-missing', 1, /is backed by missing blob/],
    ['damaged-pack-truncated', 1, /cut to \d+ bytes/],
    ['damaged-dirpack-missing', 1, /manifests cannot be read|missing blob|cannot be read|not found/],
    ['damaged-pack-bitflip', 1, /damaged/],
    ['damaged-index-bitflip', 1, /index blob xn\S+ \(\d+ bytes\) is damaged and was left out/],
    ['damaged-index-zero-length', 1, /index blob xn\S+ \(0 bytes\) is damaged and was left out/],
    ['damaged-index-missing', 0, /pack\(s\) are named by no index/],
    ['damaged-extra-blobs', 0, /Finished processing/],
    ['damaged-blobcfg-missing', 0, /Finished processing/],
  ];
  it.each(verdicts)('%s', async (name, code, words) => {
    const cli = new Cli();
    cli.variables.CAIRN_PASSWORD = expected(name).password ?? expected('damaged-base').password;
    fixtureFolder(name, cli.path('repo'));
    const connected = await cli.run('repository', 'connect', 'filesystem', `--path=${cli.path('repo')}`, '--readonly');
    const outcome =
      connected.code === 0 ? await cli.run('snapshot', 'verify', '--verify-files-percent=100') : connected;
    const text = connected.err + outcome.err;
    expect(text).toMatch(words);
    expect(text).not.toContain('internal error');
    expect(outcome.code).toBe(code);
  });
});
