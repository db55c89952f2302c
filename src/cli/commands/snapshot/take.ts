/** Takes one snapshot and tells about it, as `snapshot create` and `backup` do. */
import { fromUtf8 } from '../../../bytes/gather.ts';
import { CairnError } from '../../../errors.ts';
import { formatSource, type SourceInfo } from '../../../policy/source.ts';
import { policyTree, type PolicyTree } from '../../../policy/store.ts';
import { takeSnapshot } from '../../../repository/snapshot.ts';
import type { WriteSession } from '../../../repository/write-session.ts';
import type { SnapshotManifest } from '../../../snapshot/manifest.ts';
import { listSnapshots } from '../../../snapshot/store.ts';
import { retentionAfterSave } from '../../../snapshot/expire.ts';
import { Actions } from '../../../upload/actions.ts';
import { estimateTree } from '../../../upload/estimate.ts';
import { UploadLog } from '../../../upload/log.ts';
import { newProgress, type UploadProgress } from '../../../upload/progress.ts';
import { cacheRoot } from '../../config/cache.ts';
import type { Connection } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { Times } from '../../output/times.ts';
import { secondsText, type ProgressView } from '../../output/progress.ts';
import type { CreateFlags } from './options.ts';

declare const CAIRN_VERSION: string;

export interface Job {
  connection: Connection;
  session: WriteSession;
  source: SourceInfo;
  /** Where to read. */
  path: string;
  options: CreateFlags;
}

export async function takeOne(context: Context, job: Job): Promise<SnapshotManifest> {
  const { console, signal, ports } = context;
  const { connection, session, source, path, options } = job;
  console.info(`Snapshotting ${formatSource(source)} ...`);
  const policies = await policyTree(session.manifests, source);
  const progress = newProgress();
  const own = await ownPaths(context, connection);
  const stopEstimate = new AbortController();
  let total = await previousSize(session, source);
  const painter = context.progress(() => uploadView(context, progress, total));
  if (total === undefined && painter.isShown && options.stdinFile === undefined)
    void estimate(context, path, policies, own, AbortSignal.any([signal, stopEstimate.signal])).then(
      (bytes) => (total = bytes),
    );
  const began = ports.clock.monotonic();
  let snapshot;
  try {
    snapshot = await takeSnapshot(session, {
      ...options,
      source,
      path,
      policy: policies.root,
      workers: options.parallel || policies.effective.policy.upload.maxParallelFileReads || undefined,
      stream:
        options.stdinFile === undefined ? undefined : { name: options.stdinFile, bytes: context.terminal.input() },
      actions: actionsOf(context, connection, policies, options),
      afterSave: retentionAfterSave(policies.effective.policy.retention, new Times('local').zone, ({ expired }) =>
        console.debug(`Expired ${expired.length} snapshot(s) of ${formatSource(source)}.`),
      ),
      own,
      progress,
      signal,
      log: uploadLog(context, options),
      report: (at, error, ignored) =>
        ignored
          ? console.warning(` ! Ignored error when processing "${at}": ${error.message}`)
          : console.error(` ! Error when processing "${at}": ${error.message}`),
    });
  } finally {
    stopEstimate.abort();
    await painter.finish(true);
  }
  if (!context.json) tell(context, snapshot, (ports.clock.monotonic() - began) / 1000);
  tellLeftOut(context, progress);
  return snapshot;
}

/** Its lines are of debug level: without them there is none, as it costs time. */
function uploadLog({ console, ports }: Context, { directoryDetail, entryDetail }: CreateFlags): UploadLog | undefined {
  if (!console.shows('debug')) return undefined;
  return new UploadLog({ clock: ports.clock, directoryDetail, entryDetail, write: (line) => console.debug(line) });
}

function tell({ console }: Context, { id, rootEntry, incomplete, source }: SnapshotManifest, seconds: number): void {
  if (id === '') return console.info('Not saving snapshot because no files have been changed since previous snapshot');
  const partial = incomplete === '' ? '' : ' partial';
  console.info(
    `Created${partial} snapshot with root ${rootEntry?.objectId ?? ''} and ID ${id} in ${secondsText(seconds)}`,
  );
  const ignored = rootEntry?.summary?.numIgnoredErrors ?? 0;
  if (ignored > 0) console.warning(`Ignored ${ignored} error(s) while snapshotting ${formatSource(source)}.`);
}

/** What is not in the snapshot, or not exactly. */
function tellLeftOut({ console, ports }: Context, progress: UploadProgress): void {
  const say = (count: number, text: string) => count > 0 && console.warning(`${count} ${text}`);
  const more = progress.specialFiles > progress.specialPaths.length ? ', ...' : '';
  const special = progress.specialPaths.join(', ') + more;
  say(progress.specialFiles, `socket(s), device(s) or the like were left out, no snapshot can hold them: ${special}`);
  say(progress.ownFiles, 'file(s) or folder(s) of the repository itself or its cache were left out.');
  say(progress.alteredNames, 'name(s) are not UTF-8 and are stored altered.');
  say(progress.changedFiles, 'file(s) changed while they were read; each is stored as it was read.');
  const resolution = ports.fidelity?.readTimeResolution ?? 1;
  if (resolution > 1 && progress.hashedFiles > 0)
    console.warning(`This runtime reads times only to ${resolution / 1e6} ms; they are stored so.`);
}

/** After everything: failed files are an error, though the snapshot is stored. */
export function failureOf({ rootEntry, incomplete, source, id }: SnapshotManifest): CairnError | undefined {
  const name = formatSource(source);
  const data = { snapshot: id, stored: true };
  if (incomplete === 'canceled')
    return new CairnError('canceled', `interrupted; what was read of ${name} is stored as an incomplete snapshot`, {
      data,
      hint: 'the same command goes on from there',
    });
  const failed = rootEntry?.summary?.numFailed ?? 0;
  if (failed > 0)
    return new CairnError('partial', `Found ${failed} fatal error(s) while snapshotting ${name}.`, {
      data: { ...data, failed },
      hint: "the snapshot holds everything else; 'cairn list' names what is missing, and a policy can ignore such errors",
    });
  if (incomplete !== '')
    return new CairnError('partial', `The snapshot of ${name} is not complete: ${incomplete}.`, { data });
  return undefined;
}

/** Paths that belong to the repository being written; they are not backed up into themselves. */
async function ownPaths(context: Context, { config, configFile, repository }: Connection): Promise<string[]> {
  const { files, environment } = context;
  const { type, config: storage } = repository.storage.connectionInfo();
  const paths = [
    type === 'filesystem' && typeof storage.path === 'string' ? storage.path : undefined,
    await cacheRoot(config.caching, repository.format.uniqueId, configFile, environment),
  ].filter((path) => path !== undefined);
  const real = await Promise.all(paths.map((path) => files.realPath(path).catch(() => path)));
  return [...new Set([...paths, ...real])];
}

/** Undefined when it ends early: then no time left is shown. */
async function estimate(
  { ports, files }: Context,
  path: string,
  { root }: PolicyTree,
  own: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  if (ports.syncFiles === undefined) return undefined;
  const options = {
    syncFiles: ports.syncFiles,
    clock: ports.clock,
    separator: files.separator,
    own: new Set(own),
    signal,
  };
  try {
    return (await estimateTree(await files.realPath(path), root, options)).included.bytes;
  } catch {
    // the upload meets the same error and reports it
    return undefined;
  }
}

/** Bytes of the last complete snapshot: what this one is expected to read. */
async function previousSize({ manifests }: WriteSession, source: SourceInfo): Promise<number | undefined> {
  const { snapshots } = await listSnapshots(manifests, { source, completeOnly: true });
  return snapshots.findLast(({ source: of }) => of.path === source.path)?.rootEntry?.summary?.size;
}

function uploadView({ size }: Context, progress: UploadProgress, total: number | undefined): ProgressView {
  progress.refresh();
  const { hashing, hashedFiles, hashedBytes, cachedFiles, cachedBytes, readBytes, uploadedBytes } = progress;
  const { errors, ignoredErrors } = progress;
  const done = readBytes + cachedBytes;
  // a tree that grew beyond what was expected has no known end
  const expected = total === undefined || done > total ? undefined : total;
  return {
    text:
      `${hashing} hashing, ${hashedFiles} hashed (${size(hashedBytes)}), ${cachedFiles} cached (${size(cachedBytes)}), uploaded ${size(uploadedBytes)}` +
      (errors > 0 ? ` (${errors} fatal errors)` : '') +
      (ignoredErrors > 0 ? ` (${ignoredErrors} errors ignored)` : ''),
    done,
    total: expected,
    json: {
      readBytes,
      cachedBytes,
      hashedBytes,
      uploadedBytes,
      estimating: total === undefined,
      estimatedBytes: total,
      cachedFiles,
      hashedFiles,
      excludedFiles: progress.excludedFiles,
      excludedDirs: progress.excludedDirectories,
      errors,
      ignoredErrors,
      specialFiles: progress.specialFiles,
      ownFiles: progress.ownFiles,
      alteredNames: progress.alteredNames,
      changedFiles: progress.changedFiles,
      directory: progress.current,
      file: progress.file,
    },
  };
}

/** The policies' commands run only where the connection or a flag allows it: whoever may write policies chooses them. */
function actionsOf(
  { console, ports, environment, files, signal }: Context,
  { config }: Connection,
  { effective }: PolicyTree,
  options: CreateFlags,
): Actions | undefined {
  const { subprocess } = ports;
  if (!(options.actions ?? config.enableActions)) {
    if (options.actions === undefined && Object.values(effective.policy.actions).some((action) => action !== undefined))
      console.warning('The policy has actions, which this connection does not run: connect with --enable-actions.');
    return undefined;
  }
  if (subprocess === undefined) throw new CairnError('unsupported', 'this runtime cannot run the commands of actions');
  return new Actions({
    subprocess,
    files,
    environment,
    random: ports.random,
    version: CAIRN_VERSION,
    signal,
    onStderr: (data) => console.raw(fromUtf8(data)),
    onStart: (event, path) => console.info(`running action ${event} on ${path}`),
    onFailure: ({ message }) => console.error(message),
  });
}
