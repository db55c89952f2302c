import type { Json, JsonObject } from '../../../bytes/json.ts';
import { CairnError, isCairnError } from '../../../errors.ts';
import { formatSource, parseSource } from '../../../policy/source.ts';
import type { Repository } from '../../../repository/repository.ts';
import type { SnapshotManifest } from '../../../snapshot/manifest.ts';
import { resolveObjectPath } from '../../../snapshot/resolve.ts';
import { findSnapshots, listSnapshots } from '../../../snapshot/store.ts';
import { verifyTrees, type VerifyResult, type VerifyStats, type VerifyTarget } from '../../../snapshot/verify.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { listPacks, reportOrphans } from '../packs.ts';
import { percentOf } from '../percent.ts';
import { sourceContext } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  const filesPercent = percentOf(flags, 'verify-files-percent');
  await withRepository(context, async ({ repository }) => {
    const { targets, unreadable } = await targetsOf(context, repository);
    const result = await verifyTargets(context, repository, targets, filesPercent);
    for (const line of unreadable) console.error(line);
    // What a damaged index named is missing here without a trace, so that is an error, too.
    const found = [...repository.problems.map(({ message }) => message), ...unreadable];
    const errorCount = result.errorCount + found.length;
    if (context.json) {
      const errorStrings = [
        ...found,
        ...result.errors.map(({ path, message }) => `error processing ${path}: ${message}`),
      ];
      await console.json(
        { stats: statsJson(result.stats), errorCount, errorStrings: errorCount === 0 ? undefined : errorStrings },
        context.jsonIndent,
      );
    }
    if (errorCount > 0) throw failed(errorCount, result);
  });
}

function statsJson(stats: VerifyStats): JsonObject {
  return { ...stats } as unknown as JsonObject;
}

/** Checks trees, telling what goes wrong as it is found, then which snapshots lost what. */
export async function verifyTargets(
  context: Context,
  repository: Repository,
  targets: readonly VerifyTarget[],
  filesPercent: number,
): Promise<VerifyResult> {
  const { flags, console, size, signal } = context;
  console.info('Listing blobs...');
  const packs = await listPacks(repository.storage, repository.contents);
  console.info(`Listed ${packs.count} blobs.`);
  let stats: VerifyStats | undefined;
  const text = ({ processedObjectCount, processedBytes, readFileCount, readBytes }: VerifyStats) =>
    `${processedObjectCount} objects (${size(processedBytes)}). Read ${readFileCount} files (${size(readBytes)}).`;
  const progress = context.progress(() => ({
    text: stats === undefined ? 'Starting...' : `Processed ${text(stats)}`,
    done: (stats?.processedBytes ?? 0) + (stats?.readBytes ?? 0),
    json: stats === undefined ? {} : statsJson(stats),
  }));
  const workers = repository.restoreWorkers();
  let result;
  try {
    result = await verifyTrees(repository.objects, targets, {
      packs: packs.lengths,
      filesPercent,
      parallel: flags.has('file-parallelism')
        ? flags.number('file-parallelism') || context.environment.cpuCount
        : undefined,
      maxErrors: flags.has('max-errors') ? Math.max(0, flags.number('max-errors')!) : 0,
      onProgress: (now) => (stats = now),
      onError: ({ path, message }) => console.error(`error processing ${path}: ${message}`),
      signal,
      opener: workers,
    });
  } finally {
    workers.close();
    await progress.finish();
  }
  if (!context.json) console.info(`Finished processing ${text(result.stats)}`);
  report(context, result);
  reportOrphans(context, packs.orphans, result.errorCount > 0);
  return result;
}

const SHOWN = 20;

function report({ console }: Context, { partialFiles, affected, stopped }: VerifyResult): void {
  for (const path of partialFiles.slice(0, SHOWN))
    console.warning(`${path}: only its beginning was stored; the upload was interrupted`);
  if (partialFiles.length > SHOWN) console.warning(`... and ${partialFiles.length - SHOWN} more such files`);
  for (const { target, paths, count } of affected) {
    console.error(`${target.path} is damaged in ${count} place(s):`);
    for (const path of paths.slice(0, SHOWN)) console.error(`  ${path === '' ? 'its root' : path}`);
    if (count > SHOWN) console.error(`  ... and ${count - SHOWN} more`);
  }
  if (stopped) console.warning('Stopped at the number of errors that --max-errors allows.');
}

function failed(errorCount: number, { errors }: VerifyResult): CairnError {
  return new CairnError('verification-failed', `encountered ${errorCount} errors`, {
    data: { errorCount, errors: errors.slice(0, 100) as unknown as Json },
    hint: 'what is damaged cannot be restored from here; a new snapshot of the same files stores them again',
  });
}

interface Targets {
  targets: VerifyTarget[];
  /** Snapshots whose manifests cannot be read. */
  unreadable: string[];
}

async function targetsOf(context: Context, repository: Repository): Promise<Targets> {
  const { args, flags } = context;
  const snapshots = new Map<string, SnapshotManifest>();
  const unreadable: string[] = [];
  const missing: string[] = [];
  for (const id of args)
    try {
      for (const snapshot of await findSnapshots(repository.manifests, id)) snapshots.set(snapshot.id, snapshot);
    } catch (error) {
      if (!isCairnError(error, 'snapshot-not-found')) throw error;
      missing.push(id);
    }
  if (missing.length > 0)
    throw new CairnError(
      'snapshot-not-found',
      `found ${args.length - missing.length} of the ${args.length} requested snapshot IDs to verify; missing: ${missing.join(', ')}`,
      { data: { missing }, hint: "'cairn snapshot list --all --manifest-id' shows the IDs" },
    );
  const objects = [...flags.texts('directory-id'), ...flags.texts('file-id')];
  const sources = flags.texts('sources').map((text) => parseSource(text, sourceContext(context, repository)));
  const all = args.length === 0 && objects.length === 0 && sources.length === 0;
  for (const source of all ? [undefined] : sources) {
    const listing = await listSnapshots(repository.manifests, { source });
    for (const snapshot of listing.snapshots) snapshots.set(snapshot.id, snapshot);
    for (const { id, source: of, error } of listing.unreadable)
      unreadable.push(`snapshot ${id} of ${formatSource(of)} cannot be read: ${error.message}`);
  }
  const targets = [...snapshots.values()].flatMap((snapshot) => snapshotTarget(context, snapshot));
  for (const id of objects) targets.push({ path: id, entry: (await resolveObjectPath(repository.objects, id)).entry });
  return { targets, unreadable };
}

export function snapshotTarget(
  { times }: Context,
  { id, rootEntry, source, startTime }: SnapshotManifest,
): VerifyTarget[] {
  return rootEntry === undefined
    ? []
    : [{ path: `${formatSource(source)}@${times.text(startTime)}`, entry: rootEntry, snapshotId: id }];
}
