import { CairnError } from '../../errors.ts';
import { formatSource, parseSource } from '../../policy/source.ts';
import type { Repository } from '../../repository/repository.ts';
import { LocalTarget } from '../../restore/local.ts';
import { restoreEntry } from '../../restore/restore.ts';
import { emptyRestoreStats, restoreSummary, type RestoreStats } from '../../restore/stats.ts';
import { entrySize, type DirEntry } from '../../snapshot/entry.ts';
import { isEntryPath, resolveEntryPath, type ResolvedEntry } from '../../snapshot/resolve.ts';
import { resolveSourcePath } from '../../snapshot/resolve-source.ts';
import { parseSnapshotTime } from '../../snapshot/snapshot-time.ts';
import { absolutePath } from '../config/paths.ts';
import { withRepository } from '../connection.ts';
import type { Context } from '../context.ts';
import { Times } from '../output/times.ts';
import { sourceContext, storedOf } from './stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, files, environment, console, signal, size } = context;
  refuseMissing(context);
  const when = parseSnapshotTime(flags.text('snapshot-time')!, context.ports.clock.now(), new Times().zone);
  const path = absolutePath(args[1] ?? args[0], environment.currentDirectory(), files.separator);
  await withRepository(context, async ({ repository }) => {
    const found = await sourceEntry(context, repository, when);
    const target = new LocalTarget(files, path, {
      overwriteDirectories: flags.bool('overwrite-directories'),
      overwriteFiles: flags.bool('overwrite-files'),
      overwriteSymlinks: flags.bool('overwrite-symlinks'),
      ignorePermissionErrors: flags.bool('ignore-permission-errors'),
      skipOwners: flags.bool('skip-owners'),
      skipPermissions: flags.bool('skip-permissions'),
      skipTimes: flags.bool('skip-times'),
      writeSparseFiles: flags.bool('write-sparse-files'),
      writeFilesAtomically: flags.bool('write-files-atomically'),
      flushFiles: flags.bool('flush-files'),
      skipExisting: flags.bool('skip-existing'),
      deleteExtra: flags.bool('delete-extra'),
      // Attributes of a bare object are made up.
      rootAttributes: found.snapshot !== undefined || found.path !== '',
    });
    console.info(`Restoring to local filesystem (${path}) with parallelism=${flags.number('parallel')}...`);
    tellSource(context, found);
    let stats: RestoreStats = emptyRestoreStats();
    const total = entrySize(found.entry);
    const progress = context.progress(() => view(stats, found.entry, size, total));
    try {
      stats = await restoreEntry(repository.objects, found.entry, target, {
        ignoreErrors: flags.bool('ignore-errors'),
        onProgress: (now) => (stats = now),
        signal,
      });
    } finally {
      await progress.finish();
    }
    report(context, stats);
    console.info(restoreSummary(stats));
    if (stats.partialFiles.length > 0)
      throw new CairnError(
        'partial',
        `${stats.partialFiles.length} file(s) were stored only in part: the backup was interrupted`,
        {
          data: { files: stats.partialFiles.slice(0, 100) },
          hint: 'a later snapshot may hold them whole',
        },
      );
  });
}

/** What is accepted by name and not there yet. */
function refuseMissing({ args, flags }: Context): void {
  const missing = (what: string) => new CairnError('unsupported', `'restore' ${what} is not there yet`);
  if (args.every((arg) => arg.endsWith('.kopia-entry'))) throw missing('of placeholders');
  if (args.length > 2)
    throw new CairnError('usage', `restore takes a source and a target, got ${args.length} arguments`);
  for (const flag of ['shallow', 'shallow-minsize']) if (flags.given(flag)) throw missing(`--${flag}`);
  const mode = flags.text('mode')!;
  const archive = args.length === 2 && /\.(zip|tar|tar\.gz|tgz)$/.test(args[1]);
  if ((mode !== 'auto' && mode !== 'local') || (mode === 'auto' && archive))
    throw new CairnError('unsupported', "'restore' into an archive is not there yet", {
      hint: 'restore into a folder; --mode=local makes one of that name',
    });
}

async function sourceEntry(
  context: Context,
  repository: Repository,
  when: ReturnType<typeof parseSnapshotTime>,
): Promise<ResolvedEntry> {
  const { args, flags } = context;
  const stored = storedOf(repository);
  if (isEntryPath(args[0]))
    return resolveEntryPath(stored, args[0], { consistentAttributes: flags.bool('consistent-attributes') });
  const sources = sourceContext(context, repository);
  const source = parseSource(args[0], sources);
  if (args.length === 1 && (source.host !== sources.host || source.userName !== sources.userName))
    throw new CairnError('usage', `${formatSource(source)} belongs to somebody else: name the folder to restore into`);
  return resolveSourcePath(stored, source, when);
}

function tellSource({ args, console, times }: Context, { snapshot, path, entry }: ResolvedEntry): void {
  if (snapshot === undefined || isEntryPath(args[0])) return;
  console.info('Restoring from');
  console.info(`   Snapshot source: ${formatSource(snapshot.source)}`);
  console.info(`   Snapshot time: ${times.text(snapshot.startTime)}`);
  console.info(`   Relative path: ${path}`);
  console.info(`   Object ID: ${entry.objectId}`);
}

const SHOWN = 100;

function report({ console, ports, flags }: Context, stats: RestoreStats): void {
  for (const { path, message } of stats.errors.slice(0, SHOWN)) console.error(`Ignored error: ${path}: ${message}`);
  if (stats.errorCount > SHOWN) console.error(`... and ${stats.errorCount - SHOWN} more`);
  for (const path of stats.partialFiles.slice(0, SHOWN)) console.warning(`${path}: only its beginning was stored`);
  for (const { path, name } of stats.renamed.slice(0, SHOWN))
    console.warning(`${path}: restored as ${name}, because its name was taken`);
  if (stats.permissionErrors > 0)
    console.warning(`${stats.permissionErrors} owner(s), mode(s) or time(s) could not be set.`);
  const resolution = ports.fidelity?.writeTimeResolution ?? 1;
  if (resolution > 1 && !flags.bool('skip-times') && stats.files > 0)
    console.info(
      `Times are as exact as this runtime writes them: ${resolution >= 1e6 ? `${resolution / 1e6} ms` : `${resolution / 1000} us`}.`,
    );
}

function view(stats: RestoreStats, { summary }: DirEntry, size: (bytes: number) => string, total: number) {
  const done = stats.bytes + stats.skippedBytes;
  const count = stats.files + stats.directories + stats.symlinks;
  const of = summary === undefined ? 1 : summary.files + summary.dirs + summary.symlinks;
  const skipped = stats.skipped > 0 ? `, skipped ${stats.skipped} (${size(stats.skippedBytes)})` : '';
  const errors = stats.errorCount > 0 ? `, ignored ${stats.errorCount} errors` : '';
  return {
    text: `Processed ${count} (${size(stats.bytes)}) of ${of} (${size(total)})${skipped}${errors}`,
    done,
    total: Math.max(total, done),
    json: {
      restoredFiles: stats.files,
      restoredBytes: stats.bytes,
      directories: stats.directories,
      symlinks: stats.symlinks,
      skipped: stats.skipped,
      errors: stats.errorCount,
      totalBytes: total,
    },
  };
}
