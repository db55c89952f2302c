import { describe, expect, it } from 'vitest';
import { encodeJson } from '../../src/bytes/json.ts';
import { formatTime } from '../../src/bytes/time.ts';
import { formatSource } from '../../src/policy/source.ts';
import { listGroups, rowItems, type ListOptions, type RowText, type SnapshotGroup } from '../../src/snapshot/list.ts';
import { parseSnapshot, snapshotToJson, type SnapshotManifest } from '../../src/snapshot/manifest.ts';
import { StorageMeter, storageStatsToJson } from '../../src/snapshot/storage-stats.ts';
import { FakeContents, FakeManifests, fakeSnapshot, fakeTree } from './fakes.ts';
import { kopiaData } from './kopia-data.ts';
import { utf8 } from '../../src/bytes/gather.ts';

const data = kopiaData();
const time = (ns: bigint) => formatTime(ns).slice(0, 19).replace('T', ' ') + ' UTC';

async function collect(snapshots: readonly SnapshotManifest[], options: ListOptions = {}): Promise<SnapshotGroup[]> {
  const groups: SnapshotGroup[] = [];
  for await (const group of listGroups(snapshots, options)) groups.push(group);
  return groups;
}

/** The text of `snapshot list`. */
function print(groups: readonly SnapshotGroup[], text: Partial<RowText> = {}): string {
  return groups
    .map(({ source, rows }) =>
      [
        formatSource(source),
        ...rows.flatMap((row) => [
          ['', '', time(row.snapshot.startTime), row.entry!.objectId, ...rowItems(row, { formatTime: time, ...text })]
            .join(' ')
            .replace(/^ {3}/, '  '),
          ...(row.identical === 0 ? [] : [`  + ${row.identical} identical snapshots until ${time(row.until!)}`]),
        ]),
      ]
        .map((line) => line + '\n')
        .join(''),
    )
    .join('\n');
}

describe('snapshot list', () => {
  it.each(data.lists.map((list) => [`${list.from} ${list.argv.join(' ')}`, list] as const))('%s', async (_, list) => {
    const { manifests, reasons } = data.stored[list.from];
    const has = (flag: string) => list.argv.includes(flag);
    const groups = await collect(
      manifests.map(({ id, data: json }) => parseSnapshot(id, json)),
      {
        reasons: new Map(Object.entries(reasons).map(([id, names]) => [id, names ?? []])),
        incomplete: has('--incomplete'),
        showIdentical: has('--show-identical'),
      },
    );
    const flags = {
      owner: has('--owner'),
      mtime: has('--mtime'),
      manifestId: has('--manifest-id'),
      delta: has('--delta'),
    };
    // what was recorded is cut, and storage statistics need the whole repository
    const recorded = list.stdout.replace(/ new-data:.*? compression:\S+/g, '');
    const printed = print(groups, flags);
    if (list.stdout.length < 3000) expect(printed).toBe(recorded);
    else expect(printed.startsWith(recorded)).toBe(true);
  });

  const contents = new FakeContents();
  const [a, b] = [fakeTree(contents, { a: 'xx' }), fakeTree(contents, { b: 'yyyy' })];

  async function history() {
    const manifests = new FakeManifests();
    const roots = [a, a, b, a];
    const all = [];
    for (const [i, root] of roots.entries())
      all.push(await fakeSnapshot(manifests, root, { startTime: BigInt(i + 1), pins: [`p${i}`] }));
    return all;
  }

  it('folds only neighbours, uniting their reasons and pins', async () => {
    const all = await history();
    const reasons = new Map(all.map(({ id }, i) => [id, [`latest-${4 - i}`]]));
    const [{ rows }] = await collect(all, { reasons });
    expect(rows.map(({ identical, until, reasons: why, pins, delta }) => [identical, until, why, pins, delta])).toEqual(
      [
        [1, 2n, ['latest-3..4'], ['p0', 'p1'], 2],
        [0, undefined, ['latest-2'], ['p2'], 2],
        [0, undefined, ['latest-1'], ['p3'], -2],
      ],
    );
    const [unfolded] = await collect(all, { reasons, showIdentical: true });
    expect(unfolded.rows).toHaveLength(4);
  });

  it('keeps the last rows after sorting', async () => {
    const all = await history();
    const starts = async (options: ListOptions) =>
      (await collect(all, options))[0].rows.map(({ snapshot }) => snapshot.startTime);
    expect(await starts({ maxResults: 2 })).toEqual([3n, 4n]);
    expect(await starts({ maxResults: 2, reverse: true, showIdentical: true })).toEqual([2n, 1n]);
    expect(await starts({ maxResults: 0, showIdentical: true })).toHaveLength(4);
  });

  it('shows an entry through time, also where it is missing', async () => {
    const all = await history();
    const [{ rows }] = await collect(all, {
      entryOf: async (snapshot) => (snapshot.startTime === 3n ? undefined : { ...a, name: 'sub' }),
    });
    expect(rows.map(({ entry }) => entry?.name)).toEqual(['sub', undefined, 'sub']);
    expect(rowItems(rows[1], { formatTime: time })).toEqual([]);
  });

  it('shows failed files', async () => {
    const snapshot = await fakeSnapshot(new FakeManifests(), { ...a, summary: { ...a.summary!, numFailed: 2 } });
    const [{ rows }] = await collect([snapshot]);
    expect(rowItems(rows[0], { formatTime: time })).toEqual(['2 B', 'drwxr-xr-x', 'files:1', 'dirs:1', 'errors:2']);
    expect(rowItems(rows[0], { formatTime: time, humanReadable: false })[0]).toBe('2');
  });
});

describe('storage statistics', () => {
  it('are those of Kopia, each object counted where it is met first', async () => {
    const { pair } = data;
    const contents = new FakeContents();
    for (const item of pair.contents)
      contents.putAs(item.contentID, utf8(pair.streams[item.contentID] ?? 'x'.repeat(item.originalLength)), {
        packBlob: item.packFile,
        packOffset: item.packOffset,
        packedLength: item.length,
        originalLength: item.originalLength,
      });
    const meter = new StorageMeter(contents);
    for (const json of pair.snapshots) {
      const snapshot = parseSnapshot(json.id, json);
      const stats = storageStatsToJson(await meter.add(snapshot));
      expect(encodeJson(stats)).toBe(encodeJson(json.storageStats));
      const { retentionReason: _, ...printed } = json;
      delete snapshot.extra;
      expect(encodeJson(snapshotToJson(snapshot, { withId: true, storageStats: stats }))).toBe(encodeJson(printed));
    }
  });
});
