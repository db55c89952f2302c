import { fileError, systemCode } from '../errors.ts';
import type { FileHandle, Files, FileStat } from '../ports.ts';
import type { FileWriter } from './target.ts';

/** Runs of zeros are left out in pieces of this size, the block of most file systems. */
const BLOCK = 4096;

/** Names that files have while they are written. */
export const TEMPORARY = '.cairn-restore-';

/** Opens a new file under the first of the names that is free. Nothing that is there is opened, and no link followed. */
export async function createTemporary(
  files: Files,
  directory: string,
  nextPath: () => string,
): Promise<{ path: string; handle: FileHandle }> {
  for (;;) {
    const path = nextPath();
    try {
      return { path, handle: await files.open(path, 'create', 0o600) };
    } catch (error) {
      // left by a run that was killed
      if (systemCode(error) !== 'EEXIST') throw fileError(error, 'cannot create a file in', directory);
    }
  }
}

export interface LocalFileOptions {
  /** Leaves holes for blocks of zeros. */
  sparse: boolean;
  /** Forces the bytes to the disk before the file gets its name. */
  sync: boolean;
  /** What a new file of this directory has as owner and mode, when another one told. */
  created?: FileStat;
  /** Gives the file its attributes while it still has its temporary name. */
  setAttributes(path: string, stat: FileStat): Promise<void>;
}

/** A file that is written beside its place and moved there when it is whole. */
export class LocalFile implements FileWriter {
  readonly #files: Files;
  readonly #handle: FileHandle;
  readonly #temporary: string;
  readonly #path: string;
  readonly #options: LocalFileOptions;
  readonly #writing = new Set<Promise<void>>();
  #isOpen = true;

  constructor(files: Files, opened: { path: string; handle: FileHandle }, path: string, options: LocalFileOptions) {
    this.#files = files;
    this.#handle = opened.handle;
    this.#temporary = opened.path;
    this.#path = path;
    this.#options = options;
  }

  async write(data: Uint8Array, position: number): Promise<void> {
    const work = this.#options.sparse ? this.#writeBlocks(data, position) : this.#handle.write(data, position);
    this.#writing.add(work);
    try {
      await work;
    } catch (error) {
      throw fileError(error, 'cannot write', this.#path);
    } finally {
      this.#writing.delete(work);
    }
  }

  async #writeBlocks(data: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < data.length;) {
      const start = at;
      at = nextBlock(position, at, data.length);
      if (isZero(data, start, at)) continue;
      while (at < data.length) {
        const end = nextBlock(position, at, data.length);
        if (isZero(data, at, end)) break;
        at = end;
      }
      await this.#handle.write(data.subarray(start, at), position + start);
    }
  }

  async finish(): Promise<void> {
    try {
      if (this.#options.sync) await this.#handle.sync();
      const stat = this.#options.created ?? (await this.#handle.stat());
      this.#isOpen = false;
      await this.#handle.close();
      await this.#options.setAttributes(this.#temporary, stat);
      await this.#files.rename(this.#temporary, this.#path);
    } catch (error) {
      throw fileError(error, 'cannot write', this.#path);
    }
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.#writing);
    if (this.#isOpen) await this.#handle.close().catch(() => {});
    this.#isOpen = false;
    await this.#files.removeFile(this.#temporary).catch(() => {});
  }
}

/** End of the block that holds `at`, borders counted from the start of the file. */
function nextBlock(position: number, at: number, length: number): number {
  return Math.min(length, at + BLOCK - ((position + at) % BLOCK));
}

function isZero(data: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (data[i] !== 0) return false;
  return true;
}
