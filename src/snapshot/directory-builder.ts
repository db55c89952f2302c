import { compareNames } from '../bytes/name.ts';
import { sortEntries, type Directory } from './directory.ts';
import { emptySummary, type DirectorySummary, type DirEntry } from './entry.ts';

/** Gathers the entries of one directory and their totals (spec/snapshots-and-policies.md section 3.2). */
export class DirectoryBuilder {
  readonly #entries: DirEntry[] = [];
  readonly #summary: DirectorySummary = emptySummary();

  get length(): number {
    return this.#entries.length;
  }

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
    Object.assign(copy.#summary, this.#summary, { errors: [...this.#summary.errors] });
    return copy;
  }

  /** Sorted entries and their summary; call once. `mtime` is the directory's own, `incomplete` why it is not whole. */
  build(mtime: bigint, incomplete = ''): Directory {
    const summary = this.#summary;
    summary.dirs++;
    summary.incomplete = incomplete;
    if (this.#entries.length === 0) summary.maxTime = mtime;
    summary.errors.sort((a, b) => compareNames(a.path, b.path));
    return { entries: sortEntries(this.#entries), summary };
  }
}
