import { gatherLength, type Gather } from '../bytes/gather.ts';
import { CairnError, fileError } from '../errors.ts';
import { refuseOptions } from './failures.ts';
import type { FilesystemTree } from './filesystem-tree.ts';
import type { BlobAppender, BlobMetadata, PutOptions } from './storage.ts';
import { TemporaryFile, type FilePlace, type WriteSettings } from './temporary-file.ts';

/** A blob that grows as a temporary file beside its final place. */
export class FilesystemAppender implements BlobAppender {
  readonly #id: string;
  readonly #path: string;
  readonly #tree: FilesystemTree;
  readonly #file: TemporaryFile;
  #length = 0;
  #failure: unknown;

  private constructor(id: string, path: string, tree: FilesystemTree, file: TemporaryFile) {
    this.#id = id;
    this.#path = path;
    this.#tree = tree;
    this.#file = file;
  }

  static async begin(
    id: string,
    place: FilePlace,
    tree: FilesystemTree,
    writing: WriteSettings,
  ): Promise<FilesystemAppender> {
    const file = await tree.attempt('cannot write', place.path, () => TemporaryFile.create(writing, place));
    return new FilesystemAppender(id, place.path, tree, file);
  }

  async append(data: Gather): Promise<void> {
    const position = this.#length;
    this.#length += gatherLength(data);
    try {
      await this.#tree.attempt('cannot write', this.#path, () => this.#file.write(data, position));
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  async commit(options?: PutOptions): Promise<BlobMetadata> {
    try {
      refuseOptions('filesystem', options, ['retention', 'doNotRecreate']);
      if (this.#failure !== undefined)
        throw new CairnError('io', `cannot write ${this.#path}: an earlier piece failed`, { cause: this.#failure });
      const { size, mtime } = await this.#finish(options?.modifiedTime);
      await this.#tree.attempt('cannot write', this.#path, () => this.#file.publish());
      return { id: this.#id, length: size, timestamp: mtime };
    } catch (error) {
      await this.#file.discard();
      throw error;
    }
  }

  abort(): Promise<void> {
    return this.#file.discard();
  }

  /** One try only: after a failed fsync the system may have dropped what it could not write. */
  async #finish(modifiedTime: bigint | undefined) {
    try {
      return await this.#file.finish(this.#length, modifiedTime);
    } catch (error) {
      throw fileError(error, 'cannot write', this.#path);
    }
  }
}
