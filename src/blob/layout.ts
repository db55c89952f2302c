import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import {
  SHARDS_FILE,
  blobIdOf,
  blobPath,
  encodeShards,
  parseShards,
  shardLayout,
  type ShardLayout,
} from './sharded.ts';

/** What is asked of a place that holds a sharded tree. Paths are relative to its root, with `/`. */
export interface ShardTree {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  list(path: string): Promise<{ name: string; directory: boolean }[]>;
  /** Atomic and durable. */
  write(path: string, data: Uint8Array): Promise<unknown>;
}

export interface LayoutOptions {
  /** The configuration's `dirShards`; undefined for the default. */
  shards?: readonly number[];
  /** Opened to make a new repository. */
  create?: boolean;
  /** The root, for messages. */
  where: string;
}

/**
 * How the files of one tree are sharded, and that `.shards` says so. Where the file is missing the tree's shape decides;
 * an empty tree takes the configured layout, else [1,3] for a new repository and [3,3] otherwise. The file is written
 * before the first blob, never by reading. One that contradicts the tree is refused, because blobs would seem lost:
 * that is looked at before the first write and at the first miss, so that a healthy tree costs readers nothing.
 */
export class TreeLayout {
  readonly #tree: ShardTree;
  readonly #options: LayoutOptions;
  #known: ShardLayout | undefined;
  #writable: Promise<ShardLayout> | undefined;
  #checked = false;

  constructor(tree: ShardTree, options: LayoutOptions) {
    this.#tree = tree;
    this.#options = options;
  }

  async forReading(): Promise<ShardLayout> {
    if (this.#known !== undefined) return this.#known;
    const stored = await this.#stored();
    if (stored !== undefined) return (this.#known = stored);
    const found = await this.#infer();
    if (found !== undefined) return (this.#known = found);
    // An empty tree: nothing is settled until something is written to it, by us or by others.
    return shardLayout(this.#options.shards ?? (this.#options.create ? [1, 3] : [3, 3]));
  }

  forWriting(): Promise<ShardLayout> {
    this.#writable ??= this.#prepare().catch((error: unknown) => {
      this.#writable = undefined;
      throw error;
    });
    return this.#writable;
  }

  /** Throws when a blob that was not found may be there under another layout. */
  async explainMiss(): Promise<void> {
    if (this.#checked || this.#known === undefined) return;
    const samples = await sampleTree(this.#tree, 48);
    const { fit, misfit } = compare(this.#known, samples);
    if (misfit > fit) throw this.#broken('does not fit the files below it', samples);
    this.#checked = true;
  }

  async #prepare(): Promise<ShardLayout> {
    const layout = await this.forReading();
    if ((await this.#tree.read(SHARDS_FILE)) === undefined)
      await this.#tree.write(SHARDS_FILE, utf8(encodeShards(layout)));
    this.#known = layout;
    await this.explainMiss();
    return layout;
  }

  async #stored(): Promise<ShardLayout | undefined> {
    const bytes = await this.#tree.read(SHARDS_FILE);
    if (bytes === undefined) return undefined;
    const layout = parseShards(fromUtf8(bytes));
    if (layout === undefined) throw this.#broken('is malformed', await sampleTree(this.#tree, 48));
    return layout;
  }

  async #infer(): Promise<ShardLayout | undefined> {
    const samples = await sampleTree(this.#tree);
    const layout = inferLayout(samples);
    if (layout === undefined && decisive(samples).length > 0)
      throw this.#broken('is missing, and the files below lie in more than one way', samples);
    return layout;
  }

  #broken(what: string, samples: readonly string[]): CairnError {
    const path = `${this.#options.where}/${SHARDS_FILE}`;
    const likely = inferLayout(samples);
    return new CairnError('corrupt', `${path} ${what}: it tells where each blob lies`, {
      data: { path },
      hint:
        likely === undefined
          ? 'put back a copy of this file from another copy of the repository'
          : `put back a copy of this file; by the names of the folders it held ${encodeShards(likely).trim()}`,
    });
  }
}

/** The one layout without overrides that most sampled paths fit; undefined when there is none. */
export function inferLayout(paths: readonly string[]): ShardLayout | undefined {
  const long = decisive(paths);
  for (const path of long) {
    const names = path.split('/').slice(0, -1);
    const layout = shardLayout(names.map((name) => name.length));
    const { fit } = compare(layout, long);
    if (2 * fit > long.length) return layout;
  }
  return undefined;
}

/** Paths of names so long that every layout in use shards them. */
function decisive(paths: readonly string[]): string[] {
  return paths.filter((path) => (blobIdOf(path)?.length ?? 0) > 20);
}

function compare(layout: ShardLayout, paths: readonly string[]): { fit: number; misfit: number } {
  const long = decisive(paths);
  const fit = long.filter((path) => blobPath(layout, blobIdOf(path)!) === path).length;
  return { fit, misfit: long.length - fit };
}

/** Paths of up to 32 blobs with long names, four a directory. */
async function sampleTree(tree: ShardTree, maxListings = Infinity): Promise<string[]> {
  const paths: string[] = [];
  const open = [''];
  for (let listings = 0; listings < maxListings && open.length > 0 && paths.length < 32; listings++) {
    const at = open.pop()!;
    const items = await tree.list(at);
    const files = items.filter(({ directory }) => !directory).map(({ name }) => at + name);
    paths.push(...decisive(files).slice(0, 4));
    const depth = at.split('/').length - 1;
    if (depth < 8) for (const { name, directory } of items) if (directory) open.push(`${at}${name}/`);
  }
  return paths;
}
