import { CairnError } from '../../../errors.ts';
import { parentPath, pathBelow } from '../../../policy/chain.ts';
import { retentionReasons } from '../../../policy/retention.ts';
import { formatSource, parseSource, type SourceInfo } from '../../../policy/source.ts';
import { effectivePolicy } from '../../../policy/store.ts';
import type { Repository } from '../../../repository/repository.ts';
import { listGroups, rowItems, type SnapshotRow } from '../../../snapshot/list.ts';
import { parseTags, snapshotToJson, type SnapshotManifest } from '../../../snapshot/manifest.ts';
import { entryIn } from '../../../snapshot/resolve-source.ts';
import { StorageMeter, storageStatsToJson, type StorageStats } from '../../../snapshot/storage-stats.ts';
import { byStartTime, listSnapshots, type SnapshotListing } from '../../../snapshot/store.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { printable } from '../../output/console.ts';
import { JsonList } from '../../output/json-list.ts';
import { Times } from '../../output/times.ts';
import { sourceContext, storedOf } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console } = context;
  const tags = parseTags(flags.texts('tags'));
  const maxResults = flags.number('max-results') ?? 0;
  if (maxResults < 0)
    throw new CairnError('usage', `flag '--max-results' takes a number, 0 or more, got '${maxResults}'`);
  await withRepository(context, async ({ repository }) => {
    const source = args.length === 0 ? undefined : parseSource(args[0], sourceContext(context, repository));
    const { listing, below } = await candidates(repository, source, tags);
    for (const { id, source: of, error } of listing.unreadable)
      console.error(`snapshot ${id} of ${formatSource(of)} cannot be read: ${error.message}`);
    if (context.json) return printJson(context, repository, listing.snapshots, maxResults);
    const { user, host } = repository.identity;
    // A source that was named is listed whoever it belongs to.
    const shown = listing.snapshots.filter(
      ({ source: of }) => source !== undefined || flags.bool('all') || (of.userName === user && of.host === host),
    );
    await printText(context, repository, shown, below, maxResults);
  });
}

interface Candidates {
  listing: SnapshotListing;
  /** Path inside a snapshot that is to be shown, by the snapshot's ID; absent for the root. */
  below: Map<string, string[]>;
}

/** All snapshots, or those of a path and of the folders above it. */
async function candidates(
  repository: Repository,
  source: SourceInfo | undefined,
  tags: Record<string, string>,
): Promise<Candidates> {
  const below = new Map<string, string[]>();
  if (source === undefined || source.path === '')
    return { listing: await listSnapshots(repository.manifests, { source, tags }), below };
  const listing: SnapshotListing = { snapshots: [], unreadable: [] };
  for (let path = source.path; ; path = parentPath(path)) {
    const found = await listSnapshots(repository.manifests, { source: { ...source, path }, tags });
    const rest =
      path === source.path ? [] : (pathBelow(path, source.path) ?? '').split('/').filter((name) => name !== '');
    for (const snapshot of found.snapshots) if (rest.length > 0) below.set(snapshot.id, rest);
    listing.snapshots.push(...found.snapshots);
    listing.unreadable.push(...found.unreadable);
    if (parentPath(path) === path || parentPath(path) === '') return { listing, below };
  }
}

/** Reasons to keep each snapshot, by its ID: what retention says of all the snapshots of its source. */
async function reasonsOf(
  repository: Repository,
  snapshots: readonly SnapshotManifest[],
): Promise<Map<string, string[]>> {
  const { zone } = new Times('local');
  const reasons = new Map<string, string[]>();
  const groups = new Map<string, SnapshotManifest[]>();
  for (const snapshot of snapshots) {
    const name = formatSource(snapshot.source);
    groups.set(name, [...(groups.get(name) ?? []), snapshot]);
  }
  for (const group of groups.values()) {
    const { policy } = await effectivePolicy(repository.manifests, group[0].source);
    retentionReasons(policy.retention, group, zone).forEach((list, i) => reasons.set(group[i].id, list));
  }
  return reasons;
}

async function printText(
  context: Context,
  repository: Repository,
  snapshots: readonly SnapshotManifest[],
  below: ReadonlyMap<string, string[]>,
  maxResults: number,
): Promise<void> {
  const { flags, console, signal } = context;
  const stored = storedOf(repository);
  const storageOf = flags.bool('storage-stats') ? storageBySource(repository, signal) : undefined;
  let separator = '';
  for await (const { source, rows } of listGroups(snapshots, {
    reasons: await reasonsOf(repository, snapshots),
    incomplete: flags.bool('incomplete'),
    showIdentical: flags.bool('show-identical'),
    reverse: flags.bool('reverse'),
    maxResults,
    entryOf: async (snapshot) => (await entryIn(stored, snapshot, below.get(snapshot.id) ?? []))?.entry,
    storageOf,
  })) {
    if (rows.length === 0) continue;
    await console.line(separator + console.paint('bold', formatSource(source)));
    separator = '\n';
    for (const row of rows) await printRow(context, row);
  }
}

async function printRow({ flags, console, times }: Context, row: SnapshotRow): Promise<void> {
  const start = times.text(row.snapshot.startTime);
  if (row.entry === undefined) return console.line(`  ${start} <ERROR> the path is not in this snapshot`);
  const items = rowItems(row, {
    formatTime: (time) => times.text(time),
    humanReadable: flags.bool('human-readable'),
    owner: flags.bool('owner'),
    mtime: flags.bool('mtime'),
    manifestId: flags.bool('manifest-id'),
    delta: flags.bool('delta'),
    retention: flags.bool('retention'),
  }).map((item) => (item.startsWith('errors:') ? console.paint('red', item) : item));
  await console.line(`  ${start} ${row.entry.objectId} ${items.join(' ')}`);
  if (flags.bool('errors'))
    for (const { path, error } of row.entry.summary?.errors ?? [])
      await console.line(printable(`    ${path}: ${error}`));
  if (row.identical > 0) await console.line(`  + ${row.identical} identical snapshots until ${times.text(row.until!)}`);
}

/** Like Kopia, whatever --all and --incomplete say, and with reasons made from what is shown. */
async function printJson(
  context: Context,
  repository: Repository,
  snapshots: readonly SnapshotManifest[],
  maxResults: number,
): Promise<void> {
  const { flags, console, signal } = context;
  const storageOf = flags.bool('storage-stats') ? storageBySource(repository, signal) : undefined;
  const list = new JsonList(console, context.jsonIndent);
  for (const group of bySource(snapshots)) {
    group.sort(byStartTime);
    if (flags.bool('reverse')) group.reverse();
    const shown = group.slice(-(maxResults || group.length));
    const reasons = await reasonsOf(repository, shown);
    for (const snapshot of shown) {
      const storageStats = storageOf && storageStatsToJson(await storageOf(snapshot));
      const kept = reasons.get(snapshot.id)!;
      await list.add({
        ...snapshotToJson(snapshot, { withId: true, storageStats }),
        retentionReason: kept.length === 0 ? undefined : kept,
      });
    }
  }
  await list.end();
}

/** Measures the snapshots of each source by themselves. */
function storageBySource(
  repository: Repository,
  signal: AbortSignal,
): (snapshot: SnapshotManifest) => Promise<StorageStats> {
  let source = '';
  let meter = new StorageMeter(repository.objects);
  return (snapshot) => {
    const name = formatSource(snapshot.source);
    if (name !== source) meter = new StorageMeter(repository.objects);
    source = name;
    return meter.add(snapshot, signal);
  };
}

function bySource(snapshots: readonly SnapshotManifest[]): SnapshotManifest[][] {
  const groups = new Map<string, SnapshotManifest[]>();
  for (const snapshot of snapshots) {
    const name = formatSource(snapshot.source);
    groups.set(name, [...(groups.get(name) ?? []), snapshot]);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
