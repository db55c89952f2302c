import { gatherLength, type Gather } from '../bytes/gather.ts';
import { CairnError, fileError, isCairnError, systemCode } from '../errors.ts';
import type { FileStat } from '../ports.ts';
import type { ShardTree } from './layout.ts';
import { retrying, type RetryOptions } from './retry.ts';
import { TemporaryFile, type FilePlace, type WriteSettings } from './temporary-file.ts';

/** System errors that another try does not mend. */
const lasting = new Set(
  (
    'ENOENT EEXIST ESTALE ENOSPC EDQUOT EFBIG EROFS EACCES EPERM ENOTDIR EISDIR ENOTEMPTY ENAMETOOLONG EINVAL ELOOP ' +
    'EXDEV EBADF ENODEV ENOSYS ENOTSUP EOPNOTSUPP'
  ).split(' '),
);

/** Folders that systems keep in the root of a disk for themselves (`lost+found`, `.Trashes`); no blob name begins so. */
const systemFolder = /^(?:[^A-Za-z0-9_/]|[^/]*[^A-Za-z0-9_./-])[^/]*\/?$/;

/** The directory tree of a file system storage: paths, writing, and trying again what may pass. */
export class FilesystemTree implements ShardTree {
  readonly root: string;
  readonly #writing: WriteSettings;
  readonly #retry: RetryOptions;

  constructor(root: string, writing: WriteSettings, retry: RetryOptions) {
    this.root = root;
    this.#writing = writing;
    this.#retry = retry;
  }

  /** Full path of one that is relative to the root and uses `/`. */
  place(relative: string): FilePlace {
    const { separator } = this.#writing.files;
    const names = relative.split('/').filter((name) => name !== '');
    const paths: string[] = [];
    let at = this.root;
    for (const name of names) paths.push((at += (at.endsWith(separator) ? '' : separator) + name));
    return { path: at, root: this.root, directories: paths.slice(0, -1) };
  }

  /** Runs an attempt until it succeeds or its error is one that lasts; `<what> <path>: <reason>` is the error then. */
  async attempt<T>(what: string, path: string, run: () => Promise<T>): Promise<T> {
    const windows = this.#writing.files.separator === '\\';
    const transient = (error: unknown) => {
      const code = systemCode(error);
      // Windows refuses to replace a file that somebody reads, a scanner for instance.
      if (windows && (code === 'EPERM' || code === 'EACCES')) return true;
      return code !== undefined && !lasting.has(code);
    };
    try {
      return await retrying(run, transient, this.#retry);
    } catch (error) {
      if (this.#retry.signal?.aborted) throw error;
      throw systemCode(error) === 'ENOENT' ? gone(error, what, path) : fileError(error, what, path);
    }
  }

  /** The same, undefined when the file is not there. */
  attemptIfThere<T>(what: string, path: string, run: () => Promise<T>): Promise<T | undefined> {
    return this.attempt<T | undefined>(what, path, () =>
      run().catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      }),
    );
  }

  read(relative: string): Promise<Uint8Array | undefined> {
    const { path } = this.place(relative);
    return this.attemptIfThere('cannot read', path, () => this.#writing.files.readFile(path));
  }

  async list(relative: string): Promise<{ name: string; directory: boolean }[]> {
    const { path } = this.place(relative);
    const attempt = this.attempt('cannot list', path, () => this.#writing.files.list(path));
    const items = await attempt.catch((error: unknown) => {
      if (isCairnError(error, 'permission') && systemFolder.test(relative)) return [];
      throw error;
    });
    return items.map(({ name, kind }) => ({ name, directory: kind === 'directory' }));
  }

  /** Writes a whole file, all of it anew after an error that may pass. */
  async write(relative: string, data: Gather, modifiedTime?: bigint): Promise<FileStat> {
    const place = this.place(relative);
    let file: TemporaryFile | undefined;
    try {
      const stat = await this.attempt('cannot write', place.path, async () => {
        await file?.discard();
        file = await TemporaryFile.create(this.#writing, place);
        await file.write(data, 0);
        return file.finish(gatherLength(data), modifiedTime);
      });
      await this.attempt('cannot write', place.path, () => file!.publish());
      return stat;
    } catch (error) {
      await file?.discard();
      throw error;
    }
  }
}

function gone(cause: unknown, what: string, path: string): CairnError {
  return new CairnError('io', `${what} ${path}: its folder is gone`, {
    cause,
    data: { path, system: 'ENOENT' },
    hint: 'check that the disk it lies on is mounted',
  });
}
