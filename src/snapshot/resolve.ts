import { CairnError, isCairnError } from '../errors.ts';
import type { ManifestReader } from '../manifest/types.ts';
import { isDirectoryObject, isObjectId } from '../object/id.ts';
import { objectPieces, type ObjectContents } from '../object/open.ts';
import { encodeEntry, type DirEntry } from './entry.ts';
import type { SnapshotManifest } from './manifest.ts';
import { byStartTime, listSnapshots, loadSnapshot } from './store.ts';
import { joinPath, openDirectory } from './walk.ts';

/** What path expressions are looked up in. */
export interface StoredRepository {
  contents: ObjectContents;
  manifests: ManifestReader;
}

export interface ResolvedEntry {
  entry: DirEntry;
  /** Below the root of the snapshot or object; empty for the root itself. */
  path: string;
  /** Absent when the expression began with a bare object ID: then mode, owner and times of a root are made up. */
  snapshot?: SnapshotManifest;
}

export interface ResolveOptions {
  /** Fails when snapshots with the same root object disagree about the root's attributes. */
  consistentAttributes?: boolean;
}

/** IDs may be cut short to a unique beginning of at least this many characters. */
const SHORTEST_PREFIX = 4;
const prefixForm = /^I*Z?[g-z]?[0-9a-f]+$/;

/** Whether a command line source is an entry path rather than a local path: it begins with an object ID, or one cut by `...`. */
export function isEntryPath(text: string): boolean {
  const first = text.split('/', 1)[0];
  return isObjectId(first) || (first.endsWith('...') && prefixForm.test(first.slice(0, -3).toLowerCase()));
}

/**
 * Resolves `ID[/sub/path]` (spec/snapshots-and-policies.md section 3.5): a manifest ID, a root object ID of snapshots
 * (the newest counts), a unique beginning of either, or any object ID. A sub-path that is not there is tried again
 * without the snapshot's own source path in front. `entry-not-found` or `snapshot-not-found` when nothing matches.
 */
export async function resolveEntryPath(
  repository: StoredRepository,
  text: string,
  options: ResolveOptions = {},
): Promise<ResolvedEntry> {
  const [id, ...rest] = text.split('/');
  const names = rest.filter((name) => name !== '');
  const snapshot = await findRoot(
    repository.manifests,
    id,
    names.length === 0 && options.consistentAttributes === true,
  );
  if (snapshot?.rootEntry === undefined)
    return descend(repository.contents, await bareObject(repository.contents, id), names, id);
  const root = snapshot.rootEntry;
  try {
    return { ...(await descend(repository.contents, root, names, id)), snapshot };
  } catch (error) {
    const inside = isCairnError(error, 'entry-not-found') ? withoutSource(names, snapshot.source.path) : undefined;
    if (inside === undefined) throw error;
    return { ...(await descend(repository.contents, root, inside, id)), snapshot };
  }
}

/** Resolves an object path: like an entry path, but the first part is an object ID and nothing else. */
export async function resolveObjectPath(contents: ObjectContents, text: string): Promise<ResolvedEntry> {
  const [id, ...rest] = text.split('/');
  return descend(
    contents,
    await bareObject(contents, id),
    rest.filter((name) => name !== ''),
    id,
  );
}

/** `entry-not-found` when a name is missing on the way, `not-a-directory` when a file is in it. */
export async function descend(
  contents: ObjectContents,
  root: DirEntry,
  names: readonly string[],
  label: string,
): Promise<ResolvedEntry> {
  let entry = root;
  let path = '';
  for (const name of names) {
    if (entry.type !== 'd')
      throw new CairnError('not-a-directory', `${joinPath(label, path)} is not a directory`, { data: { path } });
    const { entries } = await openDirectory(contents, entry.objectId);
    // bytes that are not UTF-8 were replaced when the name was stored
    const stored = name.toWellFormed();
    const next = entries.find((child) => child.name === stored);
    if (next === undefined)
      throw new CairnError('entry-not-found', `entry not found: ${joinPath(path, name)} in ${label}`, {
        data: { path: names.join('/') },
        hint: `'cairn list ${joinPath(label, path)}' shows what is there`,
      });
    entry = next;
    path = joinPath(path, name);
  }
  return { entry, path };
}

/** The names below the source path, when they begin with the whole of it. */
function withoutSource(names: readonly string[], sourcePath: string): string[] | undefined {
  const source = sourcePath.split(/[\\/]/).filter((part) => part !== '');
  return source.length > 0 && source.every((part, i) => names[i] === part) ? names.slice(source.length) : undefined;
}

/** The snapshot meant by a manifest ID, a root object ID or a unique beginning; undefined when there is none. */
async function findRoot(manifests: ManifestReader, text: string, consistent: boolean) {
  try {
    return await loadSnapshot(manifests, text);
  } catch (error) {
    if (!isCairnError(error, 'snapshot-not-found')) throw error;
  }
  const { snapshots } = await listSnapshots(manifests);
  const exact = snapshots.filter(({ rootEntry }) => rootEntry?.objectId === text);
  return newest(exact.length > 0 ? exact : byPrefix(snapshots, text), text, consistent);
}

function byPrefix(snapshots: readonly SnapshotManifest[], text: string): SnapshotManifest[] {
  const prefix = text.endsWith('...') ? text.slice(0, -3) : text;
  if (prefix.length < SHORTEST_PREFIX || !prefixForm.test(prefix)) return [];
  const matches = new Map<string, SnapshotManifest[]>();
  for (const snapshot of snapshots)
    for (const id of [snapshot.id, snapshot.rootEntry?.objectId ?? ''])
      if (id.startsWith(prefix)) matches.set(id, [...(matches.get(id) ?? []), snapshot]);
  if (matches.size <= 1) return [...matches.values()].flat();
  throw new CairnError('invalid-argument', `"${text}" is the beginning of ${matches.size} IDs`, {
    data: { matches: [...matches.keys()].slice(0, 10) },
    hint: `give more of it: ${[...matches.keys()].slice(0, 3).join(', ')}`,
  });
}

function newest(matches: readonly SnapshotManifest[], text: string, consistent: boolean): SnapshotManifest | undefined {
  if (consistent && new Set(matches.map(({ rootEntry }) => rootEntry && encodeEntry(rootEntry))).size > 1)
    throw new CairnError('invalid-argument', `snapshots with the root ${text} have different attributes`, {
      data: { snapshots: matches.map(({ id }) => id) },
      hint: 'name one of them by its manifest ID',
    });
  return matches.toSorted(byStartTime).at(-1);
}

/** An entry for an object that no snapshot was asked about; its attributes are Kopia's defaults. */
async function bareObject(contents: ObjectContents, id: string): Promise<DirEntry> {
  const entry = { name: 'file', type: 'f', mode: 0o644, size: 0, mtime: 0n, uid: 0, gid: 0, objectId: id };
  if (!isObjectId(id)) throw nothingHasId(id);
  try {
    if (isDirectoryObject(id)) {
      const summary = await openDirectory(contents, id).then(
        (directory) => directory.summary,
        (error) => {
          // an object with the prefix of directories may hold something else
          if (!isCairnError(error, 'corrupt')) throw error;
          return undefined;
        },
      );
      if (summary !== undefined) return { ...entry, name: '/', type: 'd', mode: 0o555, summary };
    }
    const last = (await objectPieces(contents, id)).at(-1);
    return { ...entry, size: last === undefined ? 0 : last.start + last.length };
  } catch (error) {
    if (isCairnError(error, 'content-not-found')) throw nothingHasId(id, error);
    throw error;
  }
}

function nothingHasId(id: string, cause?: unknown): CairnError {
  return new CairnError('entry-not-found', `no snapshot and no object has the ID ${id}`, {
    cause,
    data: { id },
    hint: "'cairn snapshot list --all' shows what there is",
  });
}
