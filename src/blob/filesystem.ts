import type { Gather } from '../bytes/gather.ts';
import { CairnError, fileError, systemCode } from '../errors.ts';
import type { Files } from '../ports.ts';
import { makeDirectories } from './directories.ts';
import { blobNotFound, checkRange, invalidRange, refuseOptions } from './failures.ts';
import { readFully } from './file-read.ts';
import { FilesystemAppender } from './filesystem-appender.ts';
import { parseFilesystemConfig } from './filesystem-config.ts';
import { FilesystemTree } from './filesystem-tree.ts';
import { TreeLayout } from './layout.ts';
import type { OpenProvider } from './provider.ts';
import { blobIdOf, blobPath } from './sharded.ts';
import type { BlobAppender, BlobMetadata, BlobRange, BlobStorage, ConnectionInfo, PutOptions } from './storage.ts';
import type { WriteSettings } from './temporary-file.ts';
import { walkShards, type ShardDirectory } from './walk.ts';

/** Opens Kopia's `filesystem` storage (spec/storage-and-maintenance.md section 2.2). */
export const openFilesystem: OpenProvider = async (info, ports, options) => {
  const { files, random, clock, environment } = ports;
  if (files === undefined)
    throw new CairnError('unsupported', 'storage of type filesystem needs a file system, which this runtime lacks');
  const config = parseFilesystemConfig(info.config, files.separator);
  const { path: root, fileMode, dirMode, shards, listParallelism } = config;
  await checkRoot(files, root, options.create ? dirMode : undefined);
  const { signal, create, warn = () => {} } = options;
  const owner = environment?.userId() === 0 ? config.owner : undefined;
  const writing: WriteSettings = { files, random, fileMode, dirMode, owner, warn };
  const tree = new FilesystemTree(root, writing, { clock, signal });
  const layout = new TreeLayout(tree, { shards, create, where: root });
  return new FilesystemStorage({ info, tree, layout, writing, listParallelism });
};

/** The root has to be a directory; it is made, with those above it, when a mode for it is given. */
async function checkRoot(files: Files, root: string, mode: number | undefined): Promise<void> {
  try {
    const { kind } = await files.stat(root).catch(async (error: unknown) => {
      if (mode === undefined || systemCode(error) !== 'ENOENT') throw error;
      await makeDirectories(files, root, mode);
      return files.stat(root);
    });
    if (kind !== 'directory') throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
  } catch (error) {
    const { code, message, data, hint } = fileError(error, 'cannot access storage path', root);
    const mount = 'check the path, and that the disk it lies on is mounted';
    throw new CairnError(code, message, { data, cause: error, hint: code === 'file-not-found' ? mount : hint });
  }
}

interface FilesystemParts {
  info: ConnectionInfo;
  tree: FilesystemTree;
  layout: TreeLayout;
  writing: WriteSettings;
  listParallelism: number;
}

/** How many files of one directory are looked at together. */
const STATS_AT_ONCE = 32;

class FilesystemStorage implements BlobStorage {
  readonly displayName: string;
  readonly readOnly = false;
  readonly #parts: FilesystemParts;
  readonly #files: Files;
  readonly #tree: FilesystemTree;
  readonly #layout: TreeLayout;

  constructor(parts: FilesystemParts) {
    this.#parts = parts;
    this.#files = parts.writing.files;
    this.#tree = parts.tree;
    this.#layout = parts.layout;
    this.displayName = `Filesystem: ${parts.tree.root}`;
  }

  async get(id: string, range?: BlobRange): Promise<Uint8Array> {
    checkRange(id, range);
    return this.#read(id, (path) =>
      range === undefined ? this.#files.readFile(path) : readRange(this.#files, path, id, range),
    );
  }

  stat(id: string): Promise<BlobMetadata> {
    return this.#read(id, async (path) => {
      const { size, mtime } = await this.#files.stat(path);
      return { id, length: size, timestamp: mtime };
    });
  }

  list(prefix: string): AsyncIterable<BlobMetadata> {
    const read = (path: string, joined: string) => this.#readDirectory(path, joined, prefix);
    return walkShards(read, prefix, this.#parts.listParallelism);
  }

  async put(id: string, data: Gather, options?: PutOptions): Promise<BlobMetadata> {
    refuseOptions('filesystem', options, ['retention', 'doNotRecreate']);
    const path = blobPath(await this.#layout.forWriting(), id);
    const { size, mtime } = await this.#tree.write(path, data, options?.modifiedTime);
    return { id, length: size, timestamp: mtime };
  }

  async begin(id: string): Promise<BlobAppender> {
    const place = this.#tree.place(blobPath(await this.#layout.forWriting(), id));
    return FilesystemAppender.begin(id, place, this.#tree, this.#parts.writing);
  }

  async delete(id: string): Promise<void> {
    const { path } = this.#tree.place(blobPath(await this.#layout.forReading(), id));
    await this.#tree.attemptIfThere('cannot delete', path, () => this.#files.removeFile(path));
  }

  capacity(): Promise<{ capacity: bigint; available: bigint }> {
    const { root } = this.#tree;
    return this.#tree.attempt('cannot tell the free space of', root, () => this.#files.capacity(root));
  }

  async flushCaches(): Promise<void> {}

  async close(): Promise<void> {}

  connectionInfo(): ConnectionInfo {
    const { type, config } = this.#parts.info;
    return { type, config: { ...config, dirShards: config.dirShards ?? null } };
  }

  /** Reads a blob by its path and explains why when it is not there. */
  async #read<T>(id: string, read: (path: string) => Promise<T>): Promise<T> {
    const relative = blobPath(await this.#layout.forReading(), id);
    const { path } = this.#tree.place(relative);
    const result = await this.#tree.attemptIfThere('cannot read', path, () => read(path));
    if (result !== undefined) return result;
    const { root } = this.#tree;
    await this.#tree.attempt('cannot read', root, () => this.#files.stat(root));
    if (relative.includes('/') || id.length > 20) await this.#layout.explainMiss();
    throw blobNotFound(id);
  }

  async #readDirectory(path: string, joined: string, prefix: string): Promise<ShardDirectory> {
    const directories: string[] = [];
    const names: string[] = [];
    for (const { name, directory } of await this.#tree.list(path)) {
      if (directory) directories.push(name);
      else if (blobIdOf(name) !== undefined && (joined + blobIdOf(name)!).startsWith(prefix)) names.push(name);
    }
    const blobs: BlobMetadata[] = [];
    const look = async (name: string) => {
      const file = this.#tree.place(path + name).path;
      const stat = await this.#tree.attemptIfThere('cannot read', file, () => this.#files.stat(file));
      if (stat?.kind === 'file') blobs.push({ id: joined + blobIdOf(name)!, length: stat.size, timestamp: stat.mtime });
    };
    for (let at = 0; at < names.length; at += STATS_AT_ONCE)
      await Promise.all(names.slice(at, at + STATS_AT_ONCE).map(look));
    return { directories, blobs };
  }
}

async function readRange(files: Files, path: string, id: string, range: BlobRange): Promise<Uint8Array> {
  const { offset, length, into } = range;
  const handle = await files.open(path, 'read');
  try {
    if (length === 0) return new Uint8Array(0);
    const { size } = await handle.stat();
    if (offset + length > size) throw invalidRange(id, range, size);
    const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
    const filled = await readFully(handle, bytes, offset);
    if (filled < length) throw invalidRange(id, range, offset + filled);
    return bytes;
  } finally {
    await handle.close();
  }
}
