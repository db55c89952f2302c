/** What a snapshot of a local tree would read and leave out, by the rules of the upload, without reading files. */
import { CairnError, fileError } from '../errors.ts';
import { enterDirectory, IgnoreContext, ignoreFileNames, skipsCaches } from '../policy/ignore.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { Clock, SyncFiles } from '../ports.ts';
import { isCacheDirectory, joinPath, localEntries, readIgnoreFile } from './local.ts';

export interface EstimateOptions {
  syncFiles: SyncFiles;
  clock: Clock;
  separator: string;
  /** Paths that are never entered: the repository, its cache. */
  own?: ReadonlySet<string>;
  /** Paths kept for each size, and for directories left out. */
  maxExamples?: number;
  /** Called with the path from the root before a directory is listed; empty for the root. */
  onDirectory?(path: string): void;
  signal?: AbortSignal;
}

export interface SizeBucket {
  /** Bytes of its smallest file; the largest is below the next bucket's. */
  minSize: number;
  count: number;
  bytes: number;
  examples: { path: string; size: number }[];
}

export interface FileCounts {
  files: number;
  bytes: number;
  /** By powers of ten from 1 PB down to 1 KB, then what is smaller. */
  buckets: SizeBucket[];
}

export interface Estimate {
  included: FileCounts;
  /** By rules, by size or by file system. */
  excluded: FileCounts;
  excludedDirectories: { count: number; examples: string[] };
  directories: number;
  symlinks: number;
  /** Sockets, devices and the like. */
  specialFiles: number;
  errors: { path: string; error: CairnError }[];
  errorCount: number;
}

interface Place {
  path: string;
  /** From the source, `/a/b`. */
  relative: string;
  device: number;
  node: PolicyNode;
  context: IgnoreContext;
}

/** The event loop gets a turn at least this often, milliseconds. */
const TURN = 20;
const MAX_ERRORS = 1000;
const MINIMA = [1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 0];

function noFiles(): FileCounts {
  return { files: 0, bytes: 0, buckets: MINIMA.map((minSize) => ({ minSize, count: 0, bytes: 0, examples: [] })) };
}

/** Goes on after directories that cannot be read, except the root, and counts them. */
export async function estimateTree(path: string, root: PolicyNode, options: EstimateOptions): Promise<Estimate> {
  const run = new Estimation(options);
  await run.run(path, root);
  return run.result;
}

class Estimation {
  readonly result: Estimate = {
    included: noFiles(),
    excluded: noFiles(),
    excludedDirectories: { count: 0, examples: [] },
    directories: 0,
    symlinks: 0,
    specialFiles: 0,
    errors: [],
    errorCount: 0,
  };
  readonly #options: EstimateOptions;
  readonly #examples: number;

  constructor(options: EstimateOptions) {
    this.#options = options;
    this.#examples = options.maxExamples ?? 10;
  }

  async run(path: string, root: PolicyNode): Promise<void> {
    const { syncFiles, clock, signal } = this.#options;
    const stat = syncFiles.lstat(path);
    if (stat.kind !== 'directory') return this.#count(this.result.included, path, stat.size);
    const stack: Place[] = [{ path, relative: '', device: stat.device, node: root, context: IgnoreContext.empty }];
    let turned = clock.monotonic();
    for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
      try {
        this.#directory(place, stack);
      } catch (cause) {
        const error = fileError(cause, 'cannot list', place.path);
        if (place.relative === '') throw error;
        this.#fail(place.path, error);
      }
      if (clock.monotonic() - turned < TURN) continue;
      await clock.sleep(0, signal);
      if (signal?.aborted) throw new CairnError('canceled', 'canceled', { cause: signal.reason });
      turned = clock.monotonic();
    }
  }

  #directory(place: Place, stack: Place[]): void {
    const { path, relative, device, node } = place;
    const { syncFiles, separator, own, onDirectory } = this.#options;
    onDirectory?.(relative.slice(1));
    this.result.directories++;
    const names = syncFiles.names(path);
    if (skipsCaches(node) && isCacheDirectory(syncFiles, path, names, separator)) return;
    const ignoreFiles = ignoreFileNames(place.context, node.defined?.files).flatMap((name) => {
      const data = names.includes(name)
        ? readIgnoreFile(syncFiles, joinPath(path, name, separator), separator)
        : undefined;
      return data === undefined ? [] : [{ name, data }];
    });
    const context = enterDirectory(place.context, node.defined?.files, relative, ignoreFiles);
    const below: Place[] = [];
    for (const { name, path: at, stat, error } of localEntries(syncFiles, path, names, separator)) {
      const inside = `${relative}/${name}`;
      if (stat === undefined) this.#fail(at, error!);
      else if (own?.has(at)) continue;
      else if (
        context.judge(relative, { name, kind: stat.kind, size: stat.size, device: stat.device }, device) !== 'include'
      ) {
        if (stat.kind === 'directory') this.#leaveOut(inside);
        else this.#count(this.result.excluded, inside.slice(1), stat.size);
      } else if (stat.kind === 'file') this.#count(this.result.included, inside.slice(1), stat.size);
      else if (stat.kind === 'symlink') this.result.symlinks++;
      else if (stat.kind === 'other') this.result.specialFiles++;
      else below.push({ path: at, relative: inside, device: stat.device, node: node.child(name), context });
    }
    while (below.length > 0) stack.push(below.pop()!);
  }

  #count(counts: FileCounts, path: string, size: number): void {
    counts.files++;
    counts.bytes += size;
    const bucket = counts.buckets.find(({ minSize }) => size >= minSize)!;
    bucket.count++;
    bucket.bytes += size;
    if (bucket.examples.length < this.#examples) bucket.examples.push({ path, size });
  }

  #leaveOut(relative: string): void {
    const { excludedDirectories } = this.result;
    excludedDirectories.count++;
    if (excludedDirectories.examples.length < this.#examples) excludedDirectories.examples.push(relative.slice(1));
  }

  #fail(path: string, error: CairnError): void {
    this.result.errorCount++;
    if (this.result.errors.length < MAX_ERRORS) this.result.errors.push({ path, error });
  }
}
