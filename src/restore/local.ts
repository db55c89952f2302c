import { CairnError, fileError, systemCode } from '../errors.ts';
import type { FileKind, Files, FileStat } from '../ports.ts';
import { PLACEHOLDER_SUFFIX, type DirEntry } from '../snapshot/entry.ts';
import { setAttributes, type Attributes } from './attributes.ts';
import { createTemporary, LocalFile, TEMPORARY } from './local-file.ts';
import {
  inTheWay,
  lstatDirectory,
  makeDirectory,
  makeParents,
  openDirectoryAt,
  openRoot,
  parentOf,
  withoutTrailingSeparator,
  type OpenDirectory,
} from './open-directory.ts';
import { removeTree } from './remove.ts';
import { WHOLE_LIMIT, WholeFiles, type WholeFilePorts } from './whole-files.ts';
import { noCounters, type FileWriter, type RestoreTarget, type WholeDone } from './target.ts';

/** The flags of `restore`, with Kopia's defaults (spec/snapshots-and-policies.md section 9.3). */
export interface LocalTargetOptions {
  /** False: a directory that holds something is an error. */
  overwriteDirectories?: boolean;
  overwriteFiles?: boolean;
  overwriteSymlinks?: boolean;
  /** Counts owners, modes and times that may not be set, in place of failing. */
  ignorePermissionErrors?: boolean;
  skipOwners?: boolean;
  skipPermissions?: boolean;
  skipTimes?: boolean;
  /** Leaves holes for blocks of zeros. */
  writeSparseFiles?: boolean;
  /** Forces each file to the disk before it gets its name, and the name after. */
  writeFilesAtomically?: boolean;
  flushFiles?: boolean;
  /** Leaves files alone that have the same size and about the same time, and every link. */
  skipExisting?: boolean;
  /** Removes what the snapshot does not hold, and what is of the other kind. */
  deleteExtra?: boolean;
  /** False when the root's attributes are not known: a bare object. */
  rootAttributes?: boolean;
}

/** Times this close are taken for equal when existing files are skipped: file systems round them. */
const SKIP_TOLERANCE = 2_000_000_000n;

/**
 * Restores into a folder or, when the root is a file, to a file name. Existing links inside the target are never
 * followed: only below directories that this run made or looked at is anything created, by names that were checked.
 */
export class LocalTarget implements RestoreTarget {
  readonly windowsNames: boolean;
  readonly counters = noCounters();
  readonly #files: Files;
  readonly #root: string;
  readonly #options: LocalTargetOptions;
  readonly #directories = new Map<string, OpenDirectory>();
  readonly #whole: WholeFiles | undefined;
  readonly wholeLimit: number;
  #temporaryNumber = 0;

  /** With `ports` small files are written by synchronous calls, in workers where there are some. */
  constructor(files: Files, root: string, options: LocalTargetOptions = {}, ports: WholeFilePorts = {}) {
    this.#files = files;
    this.#root = withoutTrailingSeparator(root, files.separator);
    this.#options = options;
    this.windowsNames = files.separator === '\\';
    const { writeSparseFiles, writeFilesAtomically, flushFiles, ignorePermissionErrors = true } = options;
    const { syncWriter, workers } = ports;
    // a flush waits for the disk, creating a file on Windows for scanners: there many at a time are better
    const inSteps = writeSparseFiles || writeFilesAtomically || flushFiles || this.windowsNames;
    if (syncWriter !== undefined && !inSteps) this.#whole = new WholeFiles(syncWriter, workers, ignorePermissionErrors);
    this.wholeLimit = this.#whole === undefined ? -1 : WHOLE_LIMIT;
  }

  get #mayChangeMode(): boolean {
    return !this.#options.skipPermissions;
  }

  async beginDirectory(path: string, _: DirEntry, entries: readonly DirEntry[]): Promise<void> {
    const directory =
      path === '' ? await openRoot(this.#files, this.#root, this.#mayChangeMode) : await this.#openBelow(path);
    const { existing } = directory;
    if (existing.size > 0 && this.#options.overwriteDirectories === false)
      throw new CairnError('file-exists', `${directory.path} holds something already`, {
        data: { path: directory.path },
        hint: 'restore to a new folder, or allow it by --overwrite-directories',
      });
    if (this.#options.deleteExtra) await this.#deleteExtra(directory, entries);
    for (const { name } of entries)
      if (name.startsWith(TEMPORARY) || name.endsWith(PLACEHOLDER_SUFFIX)) directory.taken.add(name);
    this.#directories.set(path, directory);
  }

  #openBelow(relative: string): Promise<OpenDirectory> {
    const { directory, name, path } = this.#locate(relative);
    const open = directory.existing.has(name) ? openDirectoryAt : makeDirectory;
    return open(this.#files, path, this.#mayChangeMode);
  }

  async #deleteExtra({ path, existing }: OpenDirectory, entries: readonly DirEntry[]): Promise<void> {
    const key = (name: string) => (this.windowsNames ? name.toUpperCase() : name);
    const wanted = new Map(entries.map(({ name, type }) => [key(name), type === 'd']));
    for (const [name, kind] of existing) {
      if (wanted.get(key(name)) === (kind === 'directory')) continue;
      await removeTree(this.#files, this.#join(path, name), kind, this.counters);
      existing.delete(name);
    }
  }

  async finishDirectory(path: string, entry: DirEntry): Promise<void> {
    const directory = this.#directories.get(path)!;
    this.#directories.delete(path);
    try {
      if (this.#options.writeFilesAtomically) await this.#files.syncDirectory(directory.path);
      const stat =
        path === '' ? await this.#files.stat(directory.path) : await lstatDirectory(this.#files, directory.path);
      await this.#setAttributes(path, entry, directory.path, stat);
    } catch (error) {
      throw fileError(error, 'cannot finish', directory.path);
    }
    if (path !== '') await this.#dropPlaceholder(path);
  }

  /** What a shallow restore left for an entry that is there now. */
  async #dropPlaceholder(relative: string): Promise<void> {
    const { directory, name, path } = this.#locate(relative);
    const placeholder = directory.existing.get(name + PLACEHOLDER_SUFFIX);
    if (placeholder === undefined || directory.taken.has(name + PLACEHOLDER_SUFFIX)) return;
    await removeTree(this.#files, path + PLACEHOLDER_SUFFIX, placeholder, { ...this.counters });
    directory.existing.delete(name + PLACEHOLDER_SUFFIX);
  }

  accepts(relative: string, entry: DirEntry): boolean | Promise<boolean> {
    if (relative === '') return this.#acceptsRoot(entry);
    const { directory, name, path } = this.#locate(relative);
    const kind = directory.existing.get(name);
    return kind === undefined || this.#acceptsOver(path, entry, kind);
  }

  async #acceptsRoot(entry: DirEntry): Promise<boolean> {
    await makeParents(this.#files, this.#root);
    try {
      return await this.#acceptsOver(this.#root, entry, (await this.#files.lstat(this.#root)).kind);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return true;
      throw fileError(error, 'cannot open', this.#root);
    }
  }

  async #acceptsOver(path: string, entry: DirEntry, kind: FileKind): Promise<boolean> {
    const { skipExisting, overwriteFiles, overwriteSymlinks } = this.#options;
    const isLink = entry.type === 's';
    if (skipExisting && isLink && kind === 'symlink') return false;
    if (skipExisting && !isLink && kind === 'file') {
      const { size, mtime } = await this.#files.lstat(path).catch((error) => {
        throw fileError(error, 'cannot open', path);
      });
      const apart = mtime > entry.mtime ? mtime - entry.mtime : entry.mtime - mtime;
      if (size === entry.size && apart < SKIP_TOLERANCE) return false;
    }
    if (kind === 'directory') throw inTheWay(path, isLink ? 'a link' : 'a file', 'is-a-directory');
    if (isLink && kind !== 'symlink') throw inTheWay(path, 'a link', 'file-exists');
    if ((isLink ? overwriteSymlinks : overwriteFiles) === false)
      throw new CairnError('file-exists', `${path} exists already`, {
        data: { path },
        hint: `allow it by --overwrite-${isLink ? 'symlinks' : 'files'}, or keep it by --skip-existing`,
      });
    return true;
  }

  async beginFile(relative: string, entry: DirEntry, length: number): Promise<FileWriter> {
    const { directory, name, path } = this.#locate(relative);
    const {
      writeSparseFiles = false,
      writeFilesAtomically = false,
      flushFiles = false,
      skipOwners,
      skipPermissions,
    } = this.#options;
    // what is not restored stays as it is
    const kept =
      (skipOwners || skipPermissions) && directory.existing.get(name) === 'file'
        ? await this.#files.lstat(path).catch(() => undefined)
        : undefined;
    const opened = await createTemporary(this.#files, directory.path, () => this.#temporaryPath(directory));
    const file = new LocalFile(this.#files, opened, path, {
      sparse: writeSparseFiles,
      sync: writeFilesAtomically || flushFiles,
      created: directory.created,
      setAttributes: (temporary, stat) => {
        directory.created = stat;
        return this.#setAttributes(relative, entry, temporary, stat, kept);
      },
    });
    try {
      if (writeSparseFiles) await opened.handle.truncate(length);
    } catch (error) {
      await file.abort();
      throw fileError(error, 'cannot write', path);
    }
    if (!directory.existing.has(name + PLACEHOLDER_SUFFIX)) return file;
    return {
      write: (data, position) => file.write(data, position),
      finish: () => file.finish().then(() => this.#dropPlaceholder(relative)),
      abort: () => file.abort(),
    };
  }

  writeWhole(relative: string, entry: DirEntry, data: Uint8Array, done: WholeDone): boolean {
    const { directory, name, path } = this.#locate(relative);
    const { skipOwners, skipPermissions } = this.#options;
    if (this.#whole === undefined || ((skipOwners || skipPermissions) && directory.existing.has(name))) return false;
    this.#whole.write(
      directory,
      {
        temporary: this.#temporaryPath(directory),
        path,
        attributes: this.#wanted(relative, entry),
        modeOwner: { uid: entry.uid, gid: entry.gid },
      },
      data,
      (refused, error) => {
        if (refused === undefined) return done(error === undefined ? false : undefined, error);
        this.counters.permissionErrors += refused;
        if (!directory.existing.has(name + PLACEHOLDER_SUFFIX)) return done(true);
        this.#dropPlaceholder(relative).then(
          () => done(true),
          (failure: unknown) => done(undefined, failure),
        );
      },
    );
    return true;
  }

  async writeSymlink(relative: string, entry: DirEntry, linkTarget: string): Promise<void> {
    const { directory, name, path } = this.#locate(relative);
    if (linkTarget.includes('\0')) throw new CairnError('corrupt', `the target of the link ${path} holds a NUL`);
    const replaces = relative === '' || directory.existing.has(name);
    const temporary = replaces ? this.#temporaryPath(directory) : path;
    let made = false;
    try {
      await this.#files.symlink(linkTarget, temporary);
      made = true;
      await this.#setAttributes(relative, entry, temporary, await this.#files.lstat(temporary));
      if (replaces) await this.#files.rename(temporary, path);
    } catch (error) {
      if (made) await this.#files.removeFile(temporary).catch(() => {});
      if (replaces && systemCode(error) === 'EEXIST') return this.writeSymlink(relative, entry, linkTarget);
      throw fileError(error, 'cannot create the link', path);
    }
  }

  #wanted(relative: string, entry: DirEntry, kept?: FileStat): Attributes {
    const { skipOwners, skipPermissions, skipTimes, rootAttributes = true } = this.#options;
    const wanted: Attributes = { mode: kept?.mode, owner: kept };
    if (relative !== '' || rootAttributes) {
      if (!skipPermissions) wanted.mode = entry.mode;
      if (!skipOwners) wanted.owner = { uid: entry.uid, gid: entry.gid };
      if (!skipTimes) wanted.mtime = entry.mtime;
    }
    if (this.windowsNames) wanted.owner = undefined;
    return wanted;
  }

  async #setAttributes(
    relative: string,
    entry: DirEntry,
    path: string,
    stat: FileStat,
    kept?: FileStat,
  ): Promise<void> {
    const { skipPermissions, ignorePermissionErrors = true } = this.#options;
    const modeOwner = this.windowsNames ? stat : skipPermissions ? (kept ?? stat) : entry;
    const wanted = this.#wanted(relative, entry, kept);
    await setAttributes(this.#files, path, stat, wanted, modeOwner, ignorePermissionErrors, this.counters);
  }

  /** Where a path lies. Its directory is one that this run began. */
  #locate(relative: string): { directory: OpenDirectory; name: string; path: string } {
    if (relative === '') {
      const parent = parentOf(this.#root, this.#files.separator);
      return { directory: { path: parent, existing: new Map(), taken: new Set() }, name: '', path: this.#root };
    }
    const slash = relative.lastIndexOf('/');
    const name = relative.slice(slash + 1);
    const directory = this.#directories.get(slash < 0 ? '' : relative.slice(0, slash));
    if (directory === undefined) throw new CairnError('internal', `${relative} lies in no directory that was begun`);
    return { directory, name, path: this.#join(directory.path, name) };
  }

  #join(directory: string, name: string): string {
    const { separator } = this.#files;
    return directory + (directory.endsWith(separator) ? '' : separator) + name;
  }

  #temporaryPath({ path, taken }: OpenDirectory): string {
    let name;
    do name = TEMPORARY + this.#temporaryNumber++;
    while (taken.has(name));
    return this.#join(path, name);
  }
}
