import { compareNames } from '../bytes/name.ts';
import { CairnError } from '../errors.ts';
import { sortEntries, type Directory } from './directory.ts';
import { emptySummary, type DirectorySummary, type DirEntry } from './entry.ts';

/** Entries that are no directories, all at once, as a directory object holds them. */
export interface EncodedFiles {
  /** Their texts in the order of `sortEntries`, joined by commas. */
  text: Uint8Array;
  count: number;
  files: number;
  symlinks: number;
  /** Bytes of the files. */
  size: number;
  /** Newest modification time, at least 1970. */
  maxTime: bigint;
}

/** Gathers the entries of one directory and their totals (spec/snapshots-and-policies.md section 3.2). */
export class DirectoryBuilder {
  readonly #entries: DirEntry[] = [];
  readonly #summary: DirectorySummary = emptySummary();
  #files: EncodedFiles | undefined;

  add(entry: DirEntry): void {
    this.#entries.push(entry);
    const total = this.#summary;
    // the maximum starts at 1970: Kopia gives a directory of older entries that time
    if (entry.mtime > total.maxTime) total.maxTime = entry.mtime;
    if (entry.type === 's') total.symlinks++;
    else if (entry.type === 'f') {
      total.files++;
      total.size += entry.size;
    } else if (entry.type === 'd' && entry.summary !== undefined) {
      const child = entry.summary;
      total.size += child.size;
      total.files += child.files;
      total.symlinks += child.symlinks;
      total.dirs += child.dirs;
      total.numFailed += child.numFailed;
      total.numIgnoredErrors += child.numIgnoredErrors;
      for (const failed of child.errors) total.errors.push(failed);
      if (child.maxTime > total.maxTime) total.maxTime = child.maxTime;
    }
  }

  /** All entries of the directory that are no directories: none of them may be added besides. */
  addFiles(files: EncodedFiles): void {
    this.#files = files;
    const total = this.#summary;
    total.files += files.files;
    total.symlinks += files.symlinks;
    total.size += files.size;
    if (files.maxTime > total.maxTime) total.maxTime = files.maxTime;
  }

  /** A child that could not be stored. `path` counts from the snapshot's root. */
  addFailure(path: string, error: string, ignored: boolean): void {
    if (ignored) this.#summary.numIgnoredErrors++;
    else this.#summary.numFailed++;
    this.#summary.errors.push({ path, error });
  }

  /** The same entries and totals, so that a directory can be stored while it is still being filled. */
  clone(): DirectoryBuilder {
    const copy = new DirectoryBuilder();
    for (const entry of this.#entries) copy.#entries.push(entry);
    copy.#files = this.#files;
    Object.assign(copy.#summary, this.#summary, { errors: [...this.#summary.errors] });
    return copy;
  }

  /**
   * Sorted entries, the texts of files that follow them, and their summary; call once. `mtime` is the directory's own,
   * `incomplete` why it is not whole.
   */
  build(mtime: bigint, incomplete = ''): Directory & { files: Uint8Array | undefined } {
    const summary = this.#summary;
    const entries = sortEntries(this.#entries);
    const { text, count } = this.#files ?? { text: undefined, count: 0 };
    if (count > 0 && entries.length > 0 && entries.at(-1)!.type !== 'd')
      throw new CairnError('internal', `the directory's files are there already, ${entries.at(-1)!.name} is one more`);
    summary.dirs++;
    summary.incomplete = incomplete;
    if (entries.length + count === 0) summary.maxTime = mtime;
    summary.errors.sort((a, b) => compareNames(a.path, b.path));
    return { entries, summary, files: text };
  }
}
