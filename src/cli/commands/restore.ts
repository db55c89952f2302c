import type { JsonObject } from '../../bytes/json.ts';
import { CairnError } from '../../errors.ts';
import { formatSource, parseSource } from '../../policy/source.ts';
import type { Repository } from '../../repository/repository.ts';
import { restoreToArchive, type Archive } from '../../restore/archive.ts';
import { fileSink, gzipSink, terminalSink } from '../../restore/archive-sink.ts';
import { TarArchive } from '../../restore/archive-tar.ts';
import { ZipArchive } from '../../restore/archive-zip.ts';
import { LocalTarget, type LocalTargetOptions } from '../../restore/local.ts';
import { restoreEntry } from '../../restore/restore.ts';
import { expandPlaceholder, isPlaceholder, Placeholders, type ShallowOptions } from '../../restore/shallow.ts';
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
  if (args.every(isPlaceholder)) return expandAll(context);
  if (args.length > 2)
    throw new CairnError('usage', `restore takes a source and a target, got ${args.length} arguments`);
  if (context.json && args[1] === '-')
    throw new CairnError('usage', "flag '--json' does not go with an archive on standard output");
  const mode = archiveMode(flags.text('mode')!, args[1] ?? args[0]);
  const when = parseSnapshotTime(flags.text('snapshot-time')!, context.ports.clock.now(), new Times().zone);
  const path = absolutePath(args[1] ?? args[0], environment.currentDirectory(), files.separator);
  await withRepository(context, async ({ repository }) => {
    const found = await sourceEntry(context, repository, when);
    if (mode !== undefined) tellSource(context, found);
    const archive =
      mode === undefined ? undefined : await openArchive(context, mode, args[1] === '-' ? undefined : path);
    // attributes of a bare object are made up
    const rootAttributes = found.snapshot !== undefined || found.path !== '';
    const workers = repository.restoreWorkers();
    const { syncWriter } = context.ports;
    const target = new LocalTarget(files, path, { ...targetOptions(context), rootAttributes }, { syncWriter, workers });
    if (archive === undefined) {
      console.info(`Restoring to local filesystem (${path}) with parallelism=${flags.number('parallel')}...`);
      tellSource(context, found);
    } else console.info(`Restoring to ${mode} archive (${args[1] === '-' ? 'standard output' : path})...`);
    let stats: RestoreStats = emptyRestoreStats();
    const total = entrySize(found.entry);
    const progress = context.progress(() => view(stats, found.entry, size, total));
    try {
      const options = {
        ignoreErrors: flags.bool('ignore-errors'),
        onProgress: (now: RestoreStats) => (stats = now),
        signal,
        opener: workers,
      };
      const shallow = shallowOptions(context);
      const placeholders = shallow && new Placeholders(files, path, target, shallow);
      stats =
        archive === undefined
          ? await restoreEntry(repository.objects, found.entry, target, { ...options, placeholders })
          : await restoreToArchive(repository.objects, found.entry, archive, options);
    } finally {
      workers.close();
      await progress.finish();
    }
    report(context, stats);
    console.info(restoreSummary(stats));
    if (context.json) await console.json(restoreJson(path, stats), context.jsonIndent);
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

function targetOptions({ flags }: Context): LocalTargetOptions {
  return {
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
  };
}

function shallowOptions({ flags }: Context): ShallowOptions | undefined {
  const depth = flags.number('shallow');
  if (depth === undefined) return undefined;
  if (depth < 0) throw new CairnError('usage', `flag '--shallow' takes a depth, 0 or more, got '${depth}'`);
  return { depth, minSize: flags.number('shallow-minsize') };
}

type ArchiveMode = 'zip' | 'zip-nocompress' | 'tar' | 'tgz';

/** The kind of archive to write; undefined for a folder. */
function archiveMode(mode: string, target: string): ArchiveMode | undefined {
  if (mode !== 'auto') return mode === 'local' ? undefined : (mode as ArchiveMode);
  const suffix = /\.(zip|tar|tar\.gz|tgz)$/.exec(target)?.[1];
  return suffix === undefined ? undefined : suffix === 'tar.gz' ? 'tgz' : (suffix as ArchiveMode);
}

/** Without a path to standard output. */
async function openArchive(
  { files, flags, terminal }: Context,
  mode: ArchiveMode,
  path: string | undefined,
): Promise<Archive> {
  if (path === undefined && terminal.outIsTerminal)
    throw new CairnError('usage', 'an archive is not written to a terminal', {
      hint: 'name a file, or send it on with |',
    });
  const sink = path === undefined ? terminalSink(terminal) : await fileSink(files, path, flags.bool('overwrite-files'));
  if (mode === 'tar') return new TarArchive(sink);
  if (mode === 'tgz') return new TarArchive(gzipSink(sink));
  return new ZipArchive(sink, { compress: mode === 'zip' });
}

/** Puts what placeholders of a shallow restore stand for in their place, one level unless --shallow says more. */
async function expandAll(context: Context): Promise<void> {
  const { args, flags, files, environment, console, signal } = context;
  await withRepository(context, async ({ repository }) => {
    for (const arg of args) {
      const path = absolutePath(arg, environment.currentDirectory(), files.separator);
      const stats = await expandPlaceholder(repository.objects, files, path, {
        ...targetOptions(context),
        ...shallowOptions(context),
        ignoreErrors: flags.bool('ignore-errors'),
        signal,
      });
      report(context, stats);
      console.info(restoreSummary(stats));
      if (context.json) await console.json(restoreJson(path, stats), context.jsonIndent);
    }
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

/** Lists of errors are as long as they were kept; `errorCount` counts all. */
function restoreJson(target: string, stats: RestoreStats): JsonObject {
  return {
    schema: 1,
    target,
    ...stats,
    errors: stats.errors.map((error) => ({ ...error })),
    renamed: stats.renamed.map((entry) => ({ ...entry })),
  };
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
