import { gatherLength, gatherParts, type Gather } from '../bytes/gather.ts';
import { toHex } from '../bytes/hex.ts';
import { CairnError, systemCode } from '../errors.ts';
import type { FileHandle, Files, FileStat, Random } from '../ports.ts';
import { makeDirectory } from './directories.ts';

export interface WriteSettings {
  files: Files;
  random: Random;
  fileMode: number;
  dirMode: number;
  /** Given to every file before it gets its name. */
  owner?: { uid: number; gid: number };
  warn: (message: string) => void;
}

/**
 * A file on its way to its name: `<name>.tmp.<16 hex>` made exclusively, written, `finish`ed (on the disk, closed) and
 * `publish`ed (renamed, the directory on the disk). Whoever gives up calls `discard`.
 */
export class TemporaryFile {
  readonly #settings: WriteSettings;
  readonly #place: FilePlace;
  readonly #path: string;
  #handle: FileHandle | undefined;
  #published = false;
  /** Where small parts are joined; used again, but never by two writes at a time. */
  #joined: Uint8Array | undefined;

  private constructor(settings: WriteSettings, place: FilePlace, path: string, handle: FileHandle) {
    this.#settings = settings;
    this.#place = place;
    this.#path = path;
    this.#handle = handle;
  }

  static async create(settings: WriteSettings, place: FilePlace): Promise<TemporaryFile> {
    const { files, random, fileMode } = settings;
    const suffix = new Uint8Array(8);
    random(suffix);
    const path = `${place.path}.tmp.${toHex(suffix)}`;
    const open = () => files.open(path, 'create', fileMode);
    const handle = await open().catch(async (error: unknown) => {
      if (systemCode(error) !== 'ENOENT' || place.directories.length === 0) throw error;
      // Only below the root: a disk that is not mounted must not be written under.
      for (const directory of place.directories) await makeDirectory(files, directory, settings.dirMode);
      return open();
    });
    return new TemporaryFile(settings, place, path, handle);
  }

  /** Writes at a place of its own, so that it can be done again. */
  async write(data: Gather, position: number): Promise<void> {
    let at = position;
    const parts = gatherParts(data);
    const most = parts.length === 1 ? 0 : Math.min(JOINED, gatherLength(parts));
    let joined = this.#joined;
    this.#joined = undefined;
    if (joined === undefined || joined.length < most) joined = new Uint8Array(most);
    for (const piece of pieces(parts, joined)) {
      await this.#open().write(piece, at);
      at += piece.length;
    }
    this.#joined = joined;
  }

  /** Puts all bytes on the disk and closes; gives what the file will look like under its name. */
  async finish(length: number, modifiedTime?: bigint): Promise<FileStat> {
    const { files, owner, warn } = this.#settings;
    const handle = this.#open();
    if (owner !== undefined)
      await files
        .chown(this.#path, owner.uid, owner.gid)
        .catch((error: unknown) => warn(`cannot change the owner of ${this.#place.path}: ${String(error)}`));
    if (modifiedTime !== undefined) await files.setTimes(this.#path, modifiedTime);
    await handle.sync();
    this.#handle = undefined;
    await handle.close();
    const stat = await files.stat(this.#path);
    if (stat.size !== length)
      throw new CairnError('io', `${this.#place.path}: only ${stat.size} of ${length} bytes were stored`);
    return stat;
  }

  /** May be tried again after an error. */
  async publish(): Promise<void> {
    const { files } = this.#settings;
    if (!this.#published) await files.rename(this.#path, this.#place.path);
    this.#published = true;
    await files.syncDirectory(this.#place.directories.at(-1) ?? this.#place.root);
  }

  /** Closes and removes what is there; a file that cannot be removed stays, invisible to lists. */
  async discard(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => {});
    if (!this.#published) await this.#settings.files.removeFile(this.#path).catch(() => {});
  }

  #open(): FileHandle {
    if (this.#handle === undefined) throw new CairnError('internal', `${this.#place.path} is no longer being written`);
    return this.#handle;
  }
}

/** Where a file goes. */
export interface FilePlace {
  path: string;
  root: string;
  /** The directories between the root and the file, outermost first. */
  directories: readonly string[];
}

const SMALL = 128 * 1024;
const JOINED = 1024 * 1024;

/** The same bytes in fewer writes: runs of small parts are copied to `joined`. Each piece is valid until the next. */
function* pieces(parts: readonly Uint8Array[], joined: Uint8Array): Generator<Uint8Array, void, undefined> {
  if (parts.length === 1) return yield* parts;
  let filled = 0;
  for (const part of parts) {
    if (filled > 0 && (part.length >= SMALL || filled + part.length > joined.length)) {
      yield joined.subarray(0, filled);
      filled = 0;
    }
    if (part.length >= SMALL) yield part;
    else {
      joined.set(part, filled);
      filled += part.length;
    }
  }
  if (filled > 0) yield joined.subarray(0, filled);
}
