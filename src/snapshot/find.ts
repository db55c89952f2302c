/** Finding entries by name over snapshots: `find GLOB`. */
import { isCairnError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import { compileMatcher, type Matcher } from '../policy/wcmatch.ts';
import { formatSource } from '../policy/source.ts';
import { encodeEntry, type DirEntry } from './entry.ts';
import type { SnapshotManifest } from './manifest.ts';
import { bySourceAndTime } from './store.ts';
import { asError, joinPath, openDirectory, throwIfCanceled } from './walk.ts';

export interface FoundEntry {
  snapshot: SnapshotManifest;
  /** From the snapshot's root. */
  path: string;
  entry: DirEntry;
}

export interface FindOptions {
  ignoreCase?: boolean;
  /** Also when the snapshot before has the very same entry. */
  repeated?: boolean;
  /** Called for a directory that cannot be read; without it that ends the search. */
  onDamaged?(snapshot: SnapshotManifest, path: string, error: Error): void;
  signal?: AbortSignal;
}

/**
 * Entries that a pattern of the ignore language covers: a name at any depth, `/a/*.txt` from the root, `dir/` only
 * directories. Snapshots go by source and time; an entry that did not change since the one before is told once.
 * `invalid-argument` for a bad pattern.
 */
export async function* findEntries(
  contents: ObjectContents,
  snapshots: readonly SnapshotManifest[],
  glob: string,
  options: FindOptions = {},
): AsyncGenerator<FoundEntry> {
  const matcher = compileMatcher(glob, { ignoreCase: options.ignoreCase });
  const search = new Search(contents, matcher, options);
  let source = '';
  let before = new Set<string>();
  for (const snapshot of snapshots.toSorted(bySourceAndTime)) {
    throwIfCanceled(options.signal);
    const here = formatSource(snapshot.source);
    if (here !== source) before = new Set();
    source = here;
    const seen = new Set<string>();
    if (snapshot.rootEntry === undefined) continue;
    for await (const found of search.run(snapshot, snapshot.rootEntry)) {
      const key = `${found.path}\0${encodeEntry(found.entry)}`;
      seen.add(key);
      if (options.repeated || !before.has(key)) yield found;
    }
    before = seen;
  }
}

class Search {
  readonly #contents: ObjectContents;
  readonly #matcher: Matcher;
  readonly #options: FindOptions;
  /** Directories without a hit below. A pattern with a path in it may hit one and the same directory elsewhere. */
  readonly #empty = new Set<string>();
  readonly #byName: boolean;

  constructor(contents: ObjectContents, matcher: Matcher, options: FindOptions) {
    this.#contents = contents;
    this.#matcher = matcher;
    this.#options = options;
    this.#byName = matcher.name !== undefined || matcher.suffix !== undefined;
  }

  async *run(snapshot: SnapshotManifest, root: DirEntry): AsyncGenerator<FoundEntry> {
    if (root.type === 'd') yield* this.#below(snapshot, root, '');
    else if (this.#covers(root.name, root)) yield { snapshot, path: '', entry: root };
  }

  #covers(path: string, entry: DirEntry): boolean {
    if (this.#matcher.directoriesOnly && entry.type !== 'd') return false;
    return this.#matcher.covers(`/${path}`) !== this.#matcher.negated;
  }

  async *#below(snapshot: SnapshotManifest, directory: DirEntry, path: string): AsyncGenerator<FoundEntry, boolean> {
    const key = this.#byName ? directory.objectId : `${directory.objectId}\0${path}`;
    if (this.#empty.has(key)) return false;
    throwIfCanceled(this.#options.signal);
    let entries: DirEntry[];
    try {
      ({ entries } = await openDirectory(this.#contents, directory.objectId));
    } catch (error) {
      if (this.#options.onDamaged === undefined || isCairnError(error, 'canceled')) throw error;
      this.#options.onDamaged(snapshot, path, asError(error));
      return true;
    }
    let hit = false;
    for (const entry of entries) {
      const at = joinPath(path, entry.name);
      if (this.#covers(at, entry)) {
        hit = true;
        yield { snapshot, path: at, entry };
      }
      if (entry.type === 'd' && (yield* this.#below(snapshot, entry, at))) hit = true;
    }
    if (!hit) this.#empty.add(key);
    return hit;
  }
}
