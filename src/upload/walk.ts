import { concatBytes } from '../bytes/gather.ts';
import { hasRawBytes, nameToBytes } from '../bytes/name.ts';
import { Budget } from '../bytes/parallel.ts';
import { CairnError, isCairnError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import { writeObject, type ObjectWriterOptions } from '../object/writer.ts';
import { compressorForFile, metadataCompressor } from '../policy/compression.ts';
import { IgnoreContext } from '../policy/ignore.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { Clock, FileStat, SyncFiles } from '../ports.ts';
import { DirectoryBuilder } from '../snapshot/directory-builder.ts';
import { directoryParts } from '../snapshot/directory.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import type { Actions } from './actions.ts';
import { compressionId, splitterName } from './algorithms.ts';
import { branchBelow, type Branch } from './branch.ts';
import { candidateOf, type DirectoryLook, type KeptFiles } from './directory-look.ts';
import { fileObject } from './file-object.ts';
import { byName, isLocal, markLocal, type LocalEntry, type OwnPaths } from './local.ts';
import { lookAtRedirected, readLink } from './look.ts';
import type { UploadLog } from './log.ts';
import type { Pipeline } from './pipeline.ts';
import { placeholderError, placeholderName, readPlaceholder } from './placeholder.ts';
import { isStored, type PreviousDirectory } from './previous.ts';
import { countSpecial, type UploadProgress } from './progress.ts';
import { promised, Running, settle, type Done } from './running.ts';

export interface WalkOptions {
  pipeline: Pipeline;
  contents: ObjectContents;
  objectWriter(metadataCompression: number): ObjectWriterOptions;
  syncFiles: SyncFiles;
  clock: Clock;
  separator: string;
  look(branch: Branch): Promise<DirectoryLook>;
  /** The repository's splitter. */
  splitter: string;
  /** Nanoseconds that read times are exact to. */
  timeResolution: bigint;
  own: OwnPaths;
  progress: UploadProgress;
  /** Percent of unchanged files that are read all the same. */
  forceHash: number;
  failFast: boolean;
  /** Ends the walk when it says why: `canceled`, `limit reached`. */
  stopReason(): string | undefined;
  /** Called between entries when a checkpoint or flush is due. */
  pause(walk: Walk): Promise<void> | undefined;
  report(path: string, error: CairnError, ignored: boolean): void;
  /** Tells of every file and folder; absent where nobody reads it. */
  log?: UploadLog;
  /** Runs the policies' folder actions; absent where actions are off. */
  actions?: Actions;
}

/** A directory whose entries are being gathered. */
interface Frame {
  name: string;
  stat: FileStat;
  node: PolicyNode;
  builder: DirectoryBuilder;
  /** Some of its entries are the program's own. */
  hasOwn: boolean;
  /** Its files, where they are just those of an earlier directory object. */
  kept: KeptFiles | undefined;
  /** Entries that are being read. */
  running: Running;
}

/** A directory below which everything was looked at; wrapped, because a promise of a promise would wait for both. */
interface Walked {
  /** Resolves when the directory is stored. */
  entry: Promise<DirEntry>;
}

/** The event loop gets a turn at least this often, milliseconds. */
const TURN = 25;
/** Directories that were walked and wait for their files or the storage. */
const UNFINISHED = 4096;

/**
 * Walks a local tree depth first (spec/snapshots-and-policies.md sections 5 and 8). Unchanged files keep their objects,
 * others go through the pipeline while the walk goes on; a directory is written after everything in it.
 */
export class Walk {
  readonly #options: WalkOptions;
  readonly #stack: Frame[] = [];
  readonly #running = new Running();
  readonly #unfinished = new Budget(UNFINISHED);
  #turned: number;
  /** Why the walk ended early; empty when it did not. */
  incomplete = '';

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#turned = options.clock.monotonic();
  }

  /** Uploads a directory tree; the entry of its root. Fails when the root itself cannot be listed. */
  async root(
    path: string,
    name: string,
    stat: FileStat,
    node: PolicyNode,
    previousIds: readonly string[],
    sourcePath = path,
  ): Promise<DirEntry> {
    const { log } = this.#options;
    const began = log?.now();
    const root = { name, path, sourcePath, relative: '', stat, node, rules: IgnoreContext.empty, previousIds };
    const walked = await this.#directory(root);
    const entry = await walked.entry;
    log?.stored(node, '', entry, began!);
    return entry;
  }

  /** Uploads one file that is a source by itself. */
  async singleFile(
    path: string,
    name: string,
    stat: FileStat,
    node: PolicyNode,
    previous: PreviousDirectory,
  ): Promise<DirEntry> {
    const builder = new DirectoryBuilder();
    const read = async () => {
      await this.#options.pipeline.room(stat.size);
      return promised<DirEntry>((done) => this.#readFile(path, name, stat, node, done));
    };
    const entry = this.#unchanged(name, stat, 'f', previous) ?? (await read());
    builder.add(entry);
    const { summary } = builder.build(0n);
    return { ...entry, encoded: undefined, summary: { ...summary, dirs: 0 } };
  }

  /** Runs the folder's actions around it. */
  async #directory(branch: Branch): Promise<Walked> {
    const { actions, syncFiles } = this.#options;
    const { beforeFolder, afterFolder } = branch.node.defined?.actions ?? {};
    if (actions === undefined || (beforeFolder === undefined && afterFolder === undefined)) return this.#listed(branch);
    const pair = actions.pair(branch.sourcePath);
    try {
      const redirected = await pair.before('before-folder', beforeFolder).catch((error: unknown) => {
        throw markLocal(error);
      });
      try {
        const walked = await this.#listed(
          redirected === undefined
            ? branch
            : { ...branch, path: redirected, stat: lookAtRedirected(syncFiles, redirected) },
        );
        await walked.entry;
        return walked;
      } finally {
        await pair.after('after-folder', afterFolder);
      }
    } finally {
      await pair.close();
    }
  }

  async #listed(branch: Branch): Promise<Walked> {
    const { progress, own } = this.#options;
    const { name, path, relative, stat, node } = branch;
    const hasOwn = own.areIn(path);
    progress.current = path;
    const look = await this.#options.look(branch);
    const { kept } = look;
    const frame: Frame = { name, stat, node, builder: new DirectoryBuilder(), hasOwn, kept, running: new Running() };
    this.#stack.push(frame);
    if (kept !== undefined) this.#keep(frame, kept);
    const directories: LocalEntry[] = [];
    // few directories hold placeholders, which alone need it
    let names: Set<string> | undefined;
    const isPresent = (name: string) => (names ??= new Set(look.names)).has(name);
    try {
      for (const entry of look.entries) {
        if (this.#ended()) break;
        if (this.#options.clock.monotonic() - this.#turned > TURN) await this.#turn();
        const isDirectory = entry.stat?.kind === 'directory';
        const stands =
          entry.stat === undefined || entry.stat.kind === 'symlink' ? undefined : placeholderName(entry.name);
        if (stands !== undefined) await this.#placeholder(frame, relative, entry, stands, look.rules, isPresent);
        else if (isDirectory) {
          if (this.#selected(look.rules, relative, entry.stat!, entry.name, stat.device, entry.path))
            directories.push(entry);
        } else if (this.#mustRead(frame, relative, entry, look.rules, look.previous())) {
          const room = this.#room(entry.stat!.size);
          if (room === true || (await room)) this.#start(frame, relative, entry);
        }
      }
      for (const entry of directories.sort(byName)) {
        if (this.#ended()) break;
        if (this.#options.clock.monotonic() - this.#turned > TURN) await this.#turn();
        await this.#subdirectory(frame, branch, entry, look);
      }
    } finally {
      this.#stack.pop();
    }
    await this.#unfinished.acquire(1);
    return { entry: this.#finish(frame).finally(() => this.#unfinished.release(1)) };
  }

  #keep(frame: Frame, kept: KeptFiles): void {
    const { progress } = this.#options;
    frame.builder.addFiles(kept);
    progress.cachedFiles += kept.count;
    progress.cachedBytes += kept.bytes;
    progress.excludedFiles += kept.excludedFiles;
    progress.excludedBytes += kept.excludedBytes;
  }

  /** Stores a directory when everything in it is; the walk goes on meanwhile. */
  async #finish(frame: Frame): Promise<DirEntry> {
    await frame.running.ended();
    this.#options.progress.directories++;
    this.#ended();
    return this.#write(frame, this.incomplete);
  }

  /** True from the moment the walk must end; the reason is kept. */
  #ended(): boolean {
    if (this.incomplete === '') this.incomplete = this.#options.stopReason() ?? '';
    return this.incomplete !== '';
  }

  async #turn(): Promise<void> {
    await this.#options.clock.turn();
    this.#turned = this.#options.clock.monotonic();
    const paused = this.#options.pause(this);
    if (paused !== undefined) await paused;
  }

  #selected(
    context: IgnoreContext,
    relative: string,
    stat: FileStat,
    name: string,
    device: number,
    path: string,
  ): boolean {
    const { progress, own, log } = this.#options;
    const began = log?.now();
    if (this.#stack.at(-1)!.hasOwn && own.has(path)) {
      progress.ownFiles++;
      return false;
    }
    const verdict = context.judge(relative, candidateOf(name, stat), device);
    if (verdict === 'include') return true;
    log?.ignored(this.#stack.at(-1)!.node, `${relative}/${name}`, stat.kind === 'directory', began!);
    if (stat.kind === 'directory') progress.excludedDirectories++;
    else {
      progress.excludedFiles++;
      progress.excludedBytes += stat.size;
    }
    return false;
  }

  /** Takes in an entry that is no directory, unless it must be read for that. */
  #mustRead(
    frame: Frame,
    relative: string,
    entry: LocalEntry,
    context: IgnoreContext,
    previous: PreviousDirectory,
  ): boolean {
    const { progress, log } = this.#options;
    const { name, path: at, stat } = entry;
    if (stat === undefined) {
      const { ignoreFileErrors } = frame.node.child(name).policy.errorHandling;
      this.#failed(frame, at, relative, name, entry.error!, ignoreFileErrors ?? false);
      return false;
    }
    if (!this.#selected(context, relative, stat, name, frame.stat.device, at)) return false;
    if (stat.kind === 'other') {
      countSpecial(progress, at);
      if (frame.node.policy.errorHandling.ignoreUnknownTypes ?? true) return false;
      const error = new CairnError('unsupported', `${at}: not a file, directory or symlink`);
      this.#failed(frame, at, relative, name, error, false);
      return false;
    }
    if (hasRawBytes(name)) progress.alteredNames++;
    const began = log?.now();
    const hit = this.#unchanged(name, stat, stat.kind === 'file' ? 'f' : 's', previous);
    log?.looked(frame.node, `${relative}/${name}`, stat, hit, previous.has(name), began!);
    if (hit === undefined) return true;
    frame.builder.add(hit);
    return false;
  }

  /** False when the run was stopped; what is there so far is the snapshot then. */
  #room(size: number): boolean | Promise<boolean> {
    const stopped = (error: unknown) => {
      if (!isCairnError(error, 'canceled') || !this.#ended()) throw error;
      return false;
    };
    try {
      return this.#options.pipeline.room(size)?.then(() => true, stopped) ?? true;
    } catch (error) {
      return stopped(error);
    }
  }

  /** Takes an entry in, or notes its failure, when it is stored; the directory waits for that. */
  #begin(
    frame: Frame,
    at: string,
    relative: string,
    name: string,
    ignored: boolean,
    began = this.#options.log?.now(),
  ): Done<DirEntry> {
    const { log } = this.#options;
    frame.running.begin();
    this.#running.begin();
    return (entry, error) => {
      if (entry !== undefined || isLocal(error))
        log?.stored(frame.node.child(name), `${relative}/${name}`, entry ?? (error as CairnError), began!);
      if (entry !== undefined) frame.builder.add(entry);
      else if (isLocal(error)) this.#failed(frame, at, relative, name, error, ignored);
      else if (!isCairnError(error, 'canceled') || !this.#ended()) frame.running.fail(error);
      frame.running.end();
      this.#running.end();
    };
  }

  /** Begins to read a file or link, for which there is room; its entry or failure is noted when it is stored. */
  #start(frame: Frame, relative: string, { name, path: at, stat }: LocalEntry): void {
    const node = frame.node.child(name);
    const done = this.#begin(frame, at, relative, name, frame.node.policy.errorHandling.ignoreFileErrors ?? false);
    if (stat!.kind === 'file') this.#readFile(at, name, stat!, node, done);
    else settle(this.#symlink(at, name, stat!), done);
  }

  #unchanged(name: string, stat: FileStat, type: string, previous: PreviousDirectory): DirEntry | undefined {
    const { progress, timeResolution, forceHash } = this.#options;
    if (forceHash > 0 && Math.random() * 100 < forceHash) return undefined;
    const known = previous.unchanged(name, stat, type, timeResolution);
    if (known === undefined) return undefined;
    progress.cachedFiles++;
    progress.cachedBytes += stat.size;
    return known;
  }

  /** Reads a file, for which there is room. The size of its entry is what was really read; that it changed is counted. */
  #readFile(path: string, name: string, stat: FileStat, { policy }: PolicyNode, done: Done<DirEntry>): void {
    const { pipeline, progress, splitter, objectWriter } = this.#options;
    const task = {
      path,
      splitter: splitterName(policy.splitter.algorithm, splitter),
      compression: compressionId(compressorForFile(policy.compression, name, stat.size)),
    };
    const objects = () => objectWriter(compressionId(metadataCompressor(policy)));
    progress.file = path;
    progress.hashing++;
    progress.hashingBytes += stat.size;
    fileObject(
      pipeline,
      objects,
      task,
      stat.size,
      Number(policy.upload.parallelUploadAboveSize ?? 0),
      (file, error) => {
        progress.hashing--;
        progress.hashingBytes -= stat.size;
        if (file === undefined) return done(undefined, error);
        const { objectId, length } = file;
        progress.hashedFiles++;
        progress.hashedBytes += length;
        if (length !== stat.size) progress.changedFiles++;
        done({ ...entryOf(name, 'f', stat), size: length, objectId }, undefined);
      },
    );
  }

  async #symlink(path: string, name: string, stat: FileStat): Promise<DirEntry> {
    const { syncFiles, objectWriter, pipeline } = this.#options;
    try {
      const target = nameToBytes(readLink(syncFiles, path));
      const objectId = await writeObject(objectWriter(0), target, '', 0);
      return { ...entryOf(name, 's', stat), size: target.length, objectId };
    } finally {
      pipeline.done(stat.size);
    }
  }

  /** Takes over the entry that a placeholder of a shallow restore stands for. */
  async #placeholder(
    frame: Frame,
    relative: string,
    { path: at, stat }: LocalEntry,
    stands: string,
    context: IgnoreContext,
    isPresent: (name: string) => boolean,
  ): Promise<void> {
    const { syncFiles, contents, separator, progress } = this.#options;
    if (!this.#selected(context, relative, stat!, stands, frame.stat.device, at)) return;
    try {
      if (isPresent(stands)) throw placeholderError(at, `${stands} itself is beside it`);
      const entry = await readPlaceholder(syncFiles, contents, at, stat!, separator, stands);
      frame.builder.add(entry);
      progress.cachedFiles++;
    } catch (error) {
      if (!isCairnError(error)) throw error;
      const { ignoreFileErrors, ignoreDirectoryErrors } = frame.node.child(stands).policy.errorHandling;
      const ignored = stat!.kind === 'directory' ? ignoreDirectoryErrors : ignoreFileErrors;
      this.#failed(frame, at, relative, stands, error, ignored ?? false);
    }
  }

  async #subdirectory(frame: Frame, parent: Branch, entry: LocalEntry, look: DirectoryLook): Promise<void> {
    const { name, path: at } = entry;
    if (hasRawBytes(name)) this.#options.progress.alteredNames++;
    const previousIds = entry.previousIds ?? look.previous().children(name);
    const branch = branchBelow(parent, entry, look.rules, previousIds, this.#options.separator);
    const ignored = branch.node.policy.errorHandling.ignoreDirectoryErrors ?? false;
    const began = this.#options.log?.now();
    try {
      const walked = await this.#directory(branch);
      settle(walked.entry, this.#begin(frame, at, parent.relative, name, ignored, began));
    } catch (error) {
      if (!isLocal(error)) throw error;
      this.#failed(frame, at, parent.relative, name, error, ignored);
    }
  }

  #failed(frame: Frame, path: string, relative: string, name: string, error: CairnError, ignored: boolean): void {
    const { progress, report, failFast } = this.#options;
    if (ignored) progress.ignoredErrors++;
    else progress.errors++;
    frame.builder.addFailure(`${relative}/${name}`.slice(1), error.message, ignored);
    report(path, error, ignored);
    if (failFast && !ignored && this.incomplete === '') this.incomplete = 'canceled';
  }

  async #write({ name, stat, node, builder, kept }: Frame, incomplete: string): Promise<DirEntry> {
    const { entries, summary, files } = builder.build(stat.mtime, incomplete);
    const compression = compressionId(metadataCompressor(node.policy));
    const options = this.#options.objectWriter(compression);
    const parts = directoryParts(entries, summary, files);
    const objectId =
      kept !== undefined && isStored(options.contents, kept.object, parts)
        ? kept.object.id
        : await writeObject(options, concatBytes(parts), 'k', compression);
    return { ...entryOf(name, 'd', stat), size: 0, objectId, summary };
  }

  /** The tree as far as it is, for a checkpoint: waits for files being read, then writes the open directories. */
  async partial(reason: string): Promise<DirEntry | undefined> {
    await this.#running.ended();
    await this.#options.pipeline.idle();
    let child: DirEntry | undefined;
    for (const frame of this.#stack.toReversed()) {
      const builder = frame.builder.clone();
      if (child !== undefined) builder.add(child);
      child = await this.#write({ ...frame, builder }, reason);
    }
    return child;
  }
}

function entryOf(name: string, type: string, { mode, size, mtime, uid, gid }: FileStat): DirEntry {
  return { name, type, mode, size, mtime, uid, gid, objectId: '' };
}
