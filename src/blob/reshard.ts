import { equalBytes, fromUtf8, utf8 } from '../bytes/gather.ts';
import { CairnError, fileError, systemCode } from '../errors.ts';
import type { Files } from '../ports.ts';
import { makeDirectory } from './directories.ts';
import { blobIdOf, blobPath, encodeShards, parseShards, SHARDS_FILE, type ShardLayout } from './sharded.ts';

/**
 * Moves the files of a sharded tree to another layout (spec/storage-and-maintenance.md section 2.1). No program may use
 * the repository meanwhile. The wanted layout is written beside `.shards` first and takes its place last, so that one
 * that was stopped is finished by the next run, whatever that one is asked for.
 */
export interface ReshardOptions {
  files: Files;
  /** The tree's root. */
  path: string;
  /** What to change in the layout. */
  change(layout: ShardLayout): ShardLayout;
  dryRun?: boolean;
  dirMode?: number;
  signal?: AbortSignal;
  onMove?(from: string, to: string): void;
}

export interface ReshardResult {
  layout: ShardLayout;
  moved: number;
  unchanged: number;
  removedDirectories: number;
  /** An earlier run that was stopped has been finished instead. */
  resumed: boolean;
}

const UNFINISHED = '.shards.unfinished';

export async function reshard(options: ReshardOptions): Promise<ReshardResult> {
  const tree = new Tree(options);
  const current = await tree.layout(SHARDS_FILE);
  if (current === undefined)
    throw new CairnError('file-not-found', `${tree.at(SHARDS_FILE)} is not there: is this the folder of a repository?`);
  const unfinished = await tree.layout(UNFINISHED);
  const layout = unfinished ?? options.change(current);
  const result: ReshardResult = {
    layout,
    moved: 0,
    unchanged: 0,
    removedDirectories: 0,
    resumed: unfinished !== undefined,
  };
  if (!options.dryRun && unfinished === undefined) await tree.write(UNFINISHED, utf8(encodeShards(layout)));
  for await (const path of tree.walk('')) {
    const wanted = blobPath(layout, blobIdOf(path)!);
    if (wanted === path) {
      result.unchanged++;
      continue;
    }
    options.onMove?.(path, wanted);
    if (!options.dryRun) await tree.move(path, wanted);
    result.moved++;
  }
  if (options.dryRun) return result;
  await tree.sync();
  result.removedDirectories = (await tree.removeEmpty('')).removed;
  await tree.write(SHARDS_FILE, utf8(encodeShards(layout)));
  await options.files.removeFile(tree.at(UNFINISHED));
  return result;
}

class Tree {
  readonly #options: ReshardOptions;
  readonly #made = new Set<string>();

  constructor(options: ReshardOptions) {
    this.#options = options;
  }

  at(relative: string): string {
    const { separator } = this.#options.files;
    const root = this.#options.path;
    return relative === ''
      ? root
      : root + (root.endsWith(separator) ? '' : separator) + relative.replaceAll('/', separator);
  }

  async layout(name: string): Promise<ShardLayout | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#options.files.readFile(this.at(name));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw fileError(error, 'cannot read', this.at(name));
    }
    const layout = parseShards(fromUtf8(bytes));
    if (layout === undefined)
      throw new CairnError('corrupt', `${this.at(name)} is malformed`, { data: { path: this.at(name) } });
    return layout;
  }

  async write(name: string, data: Uint8Array): Promise<void> {
    const { files } = this.#options;
    const temporary = this.at(name + '.tmp');
    try {
      const handle = await files.open(temporary, 'write', 0o600);
      try {
        await handle.write(data, 0);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await files.rename(temporary, this.at(name));
      await files.syncDirectory(this.at(''));
    } catch (error) {
      throw fileError(error, 'cannot write', this.at(name));
    }
  }

  /** Paths of all blobs, a directory's list taken before anything in it moves. */
  async *walk(directory: string): AsyncGenerator<string, void, undefined> {
    this.#options.signal?.throwIfAborted();
    const items = await this.#options.files.list(this.at(directory)).catch((error: unknown) => {
      throw fileError(error, 'cannot list', this.at(directory));
    });
    const prefix = directory === '' ? '' : directory + '/';
    for (const { name, kind } of items) {
      if (kind === 'directory') yield* this.walk(prefix + name);
      else if (kind === 'file' && blobIdOf(name) !== undefined) yield prefix + name;
    }
  }

  async move(from: string, to: string): Promise<void> {
    const { files } = this.#options;
    try {
      await this.#makeDirectories(to);
      if (await this.#exists(to)) {
        // met twice by a walk, or left by a copy: only an equal one may stand for both
        if (!(await this.#exists(from))) return;
        if (!equalBytes(await files.readFile(this.at(from)), await files.readFile(this.at(to))))
          throw new CairnError('corrupt', `${this.at(from)} and ${this.at(to)} are the same blob and differ`, {
            hint: 'move the one that is wrong out of the way; then run the command again',
          });
        await files.removeFile(this.at(from));
        return;
      }
      await files.rename(this.at(from), this.at(to));
    } catch (error) {
      throw fileError(error, 'cannot move', this.at(from));
    }
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#options.files.lstat(this.at(path));
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #makeDirectories(path: string): Promise<void> {
    const names = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) {
      const directory = names.slice(0, depth).join('/');
      if (this.#made.has(directory)) continue;
      await makeDirectory(this.#options.files, this.at(directory), this.#options.dirMode ?? 0o700);
      this.#made.add(directory);
    }
  }

  /** Makes the renames durable. */
  async sync(): Promise<void> {
    for (const directory of ['', ...this.#made]) await this.#options.files.syncDirectory(this.at(directory));
  }

  /** Removes what holds nothing any more below a directory, and the directory itself. */
  async removeEmpty(directory: string): Promise<{ removed: number; gone: boolean }> {
    const { files } = this.#options;
    const items = await files.list(this.at(directory));
    let removed = 0;
    let left = items.length;
    for (const { name, kind } of items) {
      if (kind !== 'directory') continue;
      const below = await this.removeEmpty(directory === '' ? name : `${directory}/${name}`);
      removed += below.removed;
      if (below.gone) left--;
    }
    if (left > 0 || directory === '') return { removed, gone: false };
    await files.removeDirectory(this.at(directory));
    return { removed: removed + 1, gone: true };
  }
}
