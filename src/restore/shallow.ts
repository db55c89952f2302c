/** Shallow restores: placeholders below a depth, and their expansion (spec/snapshots-and-policies.md section 9.5). */
import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { parseJson } from '../bytes/json.ts';
import { nameToBytes } from '../bytes/name.ts';
import { CairnError, fileError, systemCode } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import type { FileKind, Files } from '../ports.ts';
import { encodeEntry, parseEntry, PLACEHOLDER_SUFFIX, type DirEntry } from '../snapshot/entry.ts';
import { LocalTarget, type LocalTargetOptions } from './local.ts';
import { removeTree } from './remove.ts';
import { restoreEntry } from './restore.ts';
import type { PlaceholderRule, RestoreOptions } from './run.ts';
import type { RestoreStats } from './stats.ts';
import type { RestoreTarget } from './target.ts';

export interface ShallowOptions {
  /** Entries deeper than this become placeholders; the root has depth 0. */
  depth: number;
  /** Files below so many bytes are restored really. */
  minSize?: number;
}

/** What file systems take for a name. */
const LONGEST_NAME = 255;
const WRITE_BITS = 0o222;

/** Writes placeholders into a local target. */
export class Placeholders implements PlaceholderRule {
  readonly #files: Files;
  readonly #root: string;
  readonly #target: RestoreTarget;
  readonly #depth: number;
  readonly #minSize: number;

  constructor(files: Files, root: string, target: RestoreTarget, { depth, minSize = 0 }: ShallowOptions) {
    this.#files = files;
    this.#root = root;
    this.#target = target;
    this.#depth = depth;
    this.#minSize = minSize;
  }

  standsFor(path: string, { type, name, size }: DirEntry): boolean {
    if (path.split('/').length <= this.#depth || nameToBytes(name).length + PLACEHOLDER_SUFFIX.length > LONGEST_NAME)
      return false;
    return type === 'd' || (type === 'f' && size >= this.#minSize);
  }

  /** A folder's placeholder is a folder too, so that the two are told apart without being read. */
  async write(path: string, entry: DirEntry): Promise<void> {
    if (await exists(this.#files, this.#localPath(path)))
      throw new CairnError(
        'file-exists',
        `${this.#localPath(path)} is there already: no placeholder is written beside it`,
        {
          data: { path },
          hint: 'restore to a new folder, or remove it',
        },
      );
    const data = utf8(encodeEntry(entry) + '\n');
    const at = path + PLACEHOLDER_SUFFIX;
    const file: DirEntry = {
      ...entry,
      type: 'f',
      mode: entry.mode & ~WRITE_BITS,
      size: data.length,
      summary: undefined,
    };
    if (entry.type !== 'd') return this.#writeFile(at, { ...file, name: entry.name + PLACEHOLDER_SUFFIX }, data);
    const inner = { ...file, name: PLACEHOLDER_SUFFIX };
    const folder = { ...entry, mode: 0o700, name: entry.name + PLACEHOLDER_SUFFIX };
    await this.#target.beginDirectory(at, folder, [inner]);
    await this.#writeFile(`${at}/${PLACEHOLDER_SUFFIX}`, inner, data);
    await this.#target.finishDirectory(at, folder);
  }

  async #writeFile(path: string, entry: DirEntry, data: Uint8Array): Promise<void> {
    if (!(await this.#target.accepts(path, entry))) return;
    const writer = await this.#target.beginFile(path, entry, data.length);
    try {
      await writer.write(data, 0);
      await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  #localPath(path: string): string {
    const { separator } = this.#files;
    return this.#root + (this.#root.endsWith(separator) ? '' : separator) + path.replaceAll('/', separator);
  }
}

async function exists(files: Files, path: string): Promise<boolean> {
  try {
    await files.lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, 'cannot open', path);
  }
}

/** True for a path that names a placeholder. */
export function isPlaceholder(path: string): boolean {
  const name = path.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
  return name.endsWith(PLACEHOLDER_SUFFIX) && name !== PLACEHOLDER_SUFFIX;
}

/**
 * Puts what a placeholder stands for in its place, then removes the placeholder. Folders come with placeholders of what
 * is in them, unless the depth says otherwise.
 */
export async function expandPlaceholder(
  contents: ObjectContents,
  files: Files,
  path: string,
  options: LocalTargetOptions & RestoreOptions & Partial<ShallowOptions> = {},
): Promise<RestoreStats> {
  const placeholder = path.replace(/[\\/]+$/, '');
  const kind = await kindOf(files, placeholder);
  const entry = await readPlaceholder(files, placeholder, kind);
  const real = placeholder.slice(0, -PLACEHOLDER_SUFFIX.length);
  const target = new LocalTarget(files, real, options);
  const placeholders = new Placeholders(files, real, target, { depth: options.depth ?? 0, minSize: options.minSize });
  const stats = await restoreEntry(contents, entry, target, { ...options, placeholders });
  if (stats.errorCount === 0) await removeTree(files, placeholder, kind, { ...target.counters });
  return stats;
}

async function kindOf(files: Files, path: string): Promise<FileKind> {
  try {
    return (await files.lstat(path)).kind;
  } catch (error) {
    throw fileError(error, 'cannot open placeholder', path);
  }
}

async function readPlaceholder(files: Files, path: string, kind: FileKind): Promise<DirEntry> {
  const file = kind === 'directory' ? path + files.separator + PLACEHOLDER_SUFFIX : path;
  let bytes;
  try {
    bytes = await files.readFile(file);
  } catch (error) {
    throw fileError(error, 'cannot read placeholder', file);
  }
  try {
    const entry = parseEntry(parseJson(fromUtf8(bytes)));
    if (entry.objectId === '' || (entry.type === 'd') !== (kind === 'directory'))
      throw new Error('it names no such object');
    return entry;
  } catch (cause) {
    throw new CairnError('corrupt', `can't read placeholder ${file}: ${(cause as Error).message}`, {
      cause,
      data: { path },
    });
  }
}
