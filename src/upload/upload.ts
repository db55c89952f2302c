import { fileError, CairnError, systemCode } from '../errors.ts';
import type { ContentWriter } from '../content/types.ts';
import type { Splitter } from '../kernels/types.ts';
import type { ManifestWriter } from '../manifest/types.ts';
import type { ObjectContents } from '../object/open.ts';
import type { ObjectWriterOptions } from '../object/writer.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { SourceInfo } from '../policy/source.ts';
import type { Clock, FileFidelity, FileStat, Spawn, SyncFiles } from '../ports.ts';
import { encodeEntry, type DirEntry } from '../snapshot/entry.ts';
import { newSnapshot, type SnapshotManifest } from '../snapshot/manifest.ts';
import { listSnapshots, saveSnapshot } from '../snapshot/store.ts';
import type { Actions } from './actions.ts';
import type { Pipeline } from './pipeline.ts';
import { PreviousDirectory } from './previous.ts';
import type { UploadLog } from './log.ts';
import { newProgress, type UploadProgress } from './progress.ts';
import { uploadStream, type StreamSource } from './stdin.ts';
import { lookAtRedirected } from './look.ts';
import { createLooker } from './looker.ts';
import { Walk } from './walk.ts';

/** What an upload writes to and reads from. */
export interface UploadTarget {
  contents: ContentWriter & { readonly flushDue: boolean; readonly written: { packedBytes: number } };
  objects: ObjectContents;
  manifests: ManifestWriter;
  objectWriter(metadataCompression: number): ObjectWriterOptions;
  newSplitter(name: string): Splitter;
  /** Manifests, packs, index: everything so far becomes visible. */
  flush(): Promise<void>;
  splitter: string;
}

export interface UploadOptions {
  source: SourceInfo;
  /** Where to read; the source's own path unless it is overridden. */
  path: string;
  policy: PolicyNode;
  pipeline: Pipeline;
  syncFiles: SyncFiles;
  separator: string;
  clock: Clock;
  fidelity: FileFidelity;
  realPath(path: string): Promise<string>;
  spawn?: Spawn;
  /** Threads that compare directories with the earlier snapshot. */
  lookThreads?: number;
  own?: Iterable<string>;
  progress?: UploadProgress;
  description?: string;
  /** Stored keys (`tag:key`). */
  tags?: Record<string, string>;
  pins?: readonly string[];
  startTime?: bigint;
  endTime?: bigint;
  forceHash?: number;
  failFast?: boolean;
  /** Stops after this many bytes were hashed. */
  limitBytes?: number;
  signal?: AbortSignal;
  /** Milliseconds between checkpoints; Kopia allows at most 45 minutes. */
  checkpointInterval?: number;
  report?(path: string, error: CairnError, ignored: boolean): void;
  /** Tells of every file and folder. */
  log?: UploadLog;
  /** A stream in place of the path's files: `--stdin-file`. */
  stream?: StreamSource;
  /** Runs the policies' actions; without it they are passed over. */
  actions?: Actions;
  /** Called with every saved manifest, checkpoints included, before it is flushed: retention (snapshot/expire.ts). */
  afterSave?(manifests: ManifestWriter, saved: SnapshotManifest): Promise<void>;
}

export const CHECKPOINT_INTERVAL = 45 * 60_000;

/**
 * Takes one snapshot (spec/snapshots-and-policies.md section 8). The manifest is saved when everything it needs is in
 * packs and the index; with failed files it is saved all the same and its summary says so. An upload that is stopped
 * leaves a manifest marked incomplete, from which the next one goes on. Where the policy ignores identical snapshots, one
 * with the root object of the last is not saved: its ID is empty then.
 */
export async function uploadSnapshot(target: UploadTarget, options: UploadOptions): Promise<SnapshotManifest> {
  const { clock, source, pipeline, signal } = options;
  const progress = options.progress ?? newProgress();
  progress.refresh = () => {
    progress.uploadedBytes = target.contents.written.packedBytes;
    progress.readBytes = Math.max(progress.hashedBytes, pipeline.readBytes);
  };
  const started = clock.now();
  const found = options.stream === undefined ? await lookAt(options) : undefined;
  const previous = await previousRoots(target.manifests, source);
  const stopped = () =>
    signal?.aborted === true
      ? 'canceled'
      : options.limitBytes !== undefined && options.limitBytes > 0 && begun(progress) > options.limitBytes
        ? 'limit reached'
        : undefined;
  const onAbort = () => pipeline.stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  const checkpoints = checkpointer(target, options, started, progress);
  const looker = createLooker(options, target.objects, previous);
  const walk = new Walk({
    pipeline,
    contents: target.objects,
    objectWriter: (compression) => target.objectWriter(compression),
    syncFiles: options.syncFiles,
    clock,
    separator: options.separator,
    splitter: target.splitter,
    timeResolution: BigInt(options.fidelity.readTimeResolution),
    own: looker.own,
    look: (branch) => looker.look(branch),
    progress,
    forceHash: options.forceHash ?? 0,
    failFast: options.failFast ?? false,
    stopReason: stopped,
    pause: checkpoints.pause,
    report: (at, error, ignored) => options.report?.(at, error, ignored),
    log: options.log,
    actions: options.actions,
  });
  try {
    const stream = options.stream && (await storeStream(target, options, options.stream, progress, stopped));
    const rootEntry = stream?.rootEntry ?? (await walkWithActions(walk, options, found!, previous));
    await pipeline.idle();
    if (pipeline.failure !== undefined) throw pipeline.failure;
    const incomplete = walk.incomplete || stream?.incomplete || (signal?.aborted === true ? 'canceled' : '');
    const snapshot = describe(options, started, rootEntry, progress, incomplete);
    const identical = rootEntry.objectId === previous.at(0)?.objectId && ignoresIdentical(options);
    const saved = identical ? snapshot : await saveSnapshot(target.manifests, snapshot);
    await checkpoints.remove();
    if (!identical) await options.afterSave?.(target.manifests, saved);
    await target.flush();
    return saved;
  } finally {
    await looker.close();
    progress.refresh();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Bytes of files that were read or will be before the end. */
function begun({ hashedBytes, hashingBytes }: UploadProgress): number {
  return hashedBytes + hashingBytes;
}

function ignoresIdentical({ policy }: UploadOptions): boolean {
  return policy.policy.retention.ignoreIdenticalSnapshots === true;
}

function storeStream(
  target: UploadTarget,
  { path, policy, clock, signal }: UploadOptions,
  stream: StreamSource,
  progress: UploadProgress,
  stopReason: () => string | undefined,
) {
  return uploadStream(path, stream, {
    objectWriter: (compression) => target.objectWriter(compression),
    newSplitter: (name) => target.newSplitter(name),
    splitter: target.splitter,
    policy,
    clock,
    progress,
    stopReason,
    pause: () => (target.contents.flushDue ? target.flush() : undefined),
    signal,
  });
}

interface Found {
  path: string;
  stat: FileStat;
}

/** The walk between the actions of the snapshot's root, which may send it to another folder. */
async function walkWithActions(
  walk: Walk,
  options: UploadOptions,
  { path, stat }: Found,
  previous: readonly DirEntry[],
): Promise<DirEntry> {
  const { beforeSnapshotRoot, afterSnapshotRoot } = options.policy.policy.actions;
  const pair = stat.kind === 'directory' ? options.actions?.pair(path) : undefined;
  if (pair === undefined) return walkRoot(walk, options, path, stat, previous, path);
  try {
    const redirected = await pair.before('before-snapshot-root', beforeSnapshotRoot);
    try {
      if (redirected === undefined) return await walkRoot(walk, options, path, stat, previous, path);
      const seen = lookAtRedirected(options.syncFiles, redirected);
      return await walkRoot(walk, options, redirected, seen, previous, path);
    } finally {
      await pair.after('after-snapshot-root', afterSnapshotRoot);
    }
  } finally {
    await pair.close();
  }
}

async function lookAt({ path, realPath, syncFiles }: UploadOptions): Promise<Found> {
  try {
    // the source may be a symlink; what it points to is read, its own path stays the source's identity
    const real = await realPath(path);
    const stat = syncFiles.lstat(real);
    if (stat.kind !== 'directory' && stat.kind !== 'file')
      throw new CairnError('invalid-argument', `cannot back up ${path}: it is neither a directory nor a file`);
    return { path: real, stat };
  } catch (cause) {
    const hint = systemCode(cause) === 'ENOENT' ? 'check the spelling of the path' : undefined;
    const error = fileError(cause, 'cannot read the source', path);
    throw hint === undefined ? error : new CairnError(error.code, error.message, { cause, data: error.data, hint });
  }
}

async function walkRoot(
  walk: Walk,
  { policy, separator }: UploadOptions,
  path: string,
  stat: FileStat,
  previous: readonly DirEntry[],
  sourcePath: string,
): Promise<DirEntry> {
  const name = path.slice(path.lastIndexOf(separator) + 1) || '/';
  if (stat.kind === 'directory') {
    const ids = previous.filter((entry) => entry.type === 'd').map((entry) => entry.objectId);
    return walk.root(path, name, stat, policy, ids, sourcePath);
  }
  const files = previous
    .filter((entry) => entry.type === 'f')
    .map((entry) => new Map([[entry.name, encodeEntry(entry)]]));
  return walk.singleFile(path, name, stat, policy, new PreviousDirectory(files));
}

/** Roots to compare with: the newest complete snapshot, and incomplete ones that started after it (section 8.1). */
export async function previousRoots(manifests: ManifestWriter, source: SourceInfo): Promise<DirEntry[]> {
  const { snapshots } = await listSnapshots(manifests, { source });
  const mine = snapshots.filter((snapshot) => snapshot.source.path === source.path);
  let newest: SnapshotManifest | undefined;
  for (const snapshot of mine)
    if (snapshot.incomplete === '' && (newest === undefined || snapshot.startTime >= newest.startTime))
      newest = snapshot;
  const since = newest?.startTime;
  const after = mine.filter((s) => s.incomplete !== '' && (since === undefined || s.startTime > since));
  return [newest, ...after.toReversed()].flatMap((snapshot) =>
    snapshot?.rootEntry === undefined ? [] : [snapshot.rootEntry],
  );
}

function describe(
  options: UploadOptions,
  started: bigint,
  rootEntry: DirEntry,
  progress: UploadProgress,
  incomplete: string,
): SnapshotManifest {
  const snapshot = newSnapshot(options.source, started);
  snapshot.endTime = options.clock.now();
  const { startTime, endTime } = options;
  const length = snapshot.endTime - started;
  if (startTime !== undefined) {
    snapshot.startTime = startTime;
    snapshot.endTime = endTime ?? startTime + length;
  } else if (endTime !== undefined) {
    snapshot.startTime = endTime - length;
    snapshot.endTime = endTime;
  }
  return {
    ...snapshot,
    description: options.description ?? '',
    incomplete,
    rootEntry,
    tags: { ...options.tags },
    pins: [...new Set(options.pins)].sort(),
    stats: {
      ...snapshot.stats,
      totalSize: progress.hashedBytes + progress.cachedBytes,
      excludedTotalSize: progress.excludedBytes,
      fileCount: progress.hashedFiles,
      cachedFiles: progress.cachedFiles,
      nonCachedFiles: progress.hashedFiles,
      dirCount: progress.directories,
      excludedFileCount: progress.excludedFiles,
      excludedDirCount: progress.excludedDirectories,
      ignoredErrorCount: progress.ignoredErrors,
      errorCount: progress.errors,
    },
  };
}

/**
 * What the walk calls between entries: every ten minutes a flush, at the interval a checkpoint, so that a killed upload
 * is found again and maintenance keeps what it stored (section 8.7).
 */
function checkpointer(target: UploadTarget, options: UploadOptions, started: bigint, progress: UploadProgress) {
  const { clock } = options;
  const interval = Math.min(options.checkpointInterval ?? CHECKPOINT_INTERVAL, CHECKPOINT_INTERVAL);
  let last = clock.monotonic();
  let saved: string | undefined;
  const save = async (walk: Walk) => {
    const rootEntry = await walk.partial('checkpoint');
    if (rootEntry === undefined) return;
    const snapshot = await saveSnapshot(
      target.manifests,
      describe(options, started, rootEntry, progress, 'checkpoint'),
    );
    if (saved !== undefined) await target.manifests.delete(saved);
    saved = snapshot.id;
    await options.afterSave?.(target.manifests, snapshot);
    await target.flush();
  };
  return {
    pause(walk: Walk): Promise<void> | undefined {
      progress.refresh();
      const now = clock.monotonic();
      if (now - last >= interval) {
        last = now;
        return save(walk);
      }
      return target.contents.flushDue ? target.flush() : undefined;
    },
    /** The finished snapshot takes the place of this run's checkpoint. */
    async remove(): Promise<void> {
      if (saved !== undefined) await target.manifests.delete(saved);
    },
  };
}
