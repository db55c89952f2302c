import type { ObjectContents } from '../object/open.ts';
import type { DirEntry } from './entry.ts';
import { ObjectSet } from './object-set.ts';
import type { VerifyTarget } from './verify.ts';
import { joinPath, openDirectory } from './walk.ts';

/** What a tree lost to damaged objects. */
export interface AffectedTarget {
  target: VerifyTarget;
  /** Entries below the root that are damaged, the first thousand. */
  paths: string[];
  /** How many there are. */
  count: number;
}

const MAX_PATHS = 1000;

/** The trees that hold damaged objects, and where. Directories without damage are read once over all trees. */
export async function findAffected(
  contents: ObjectContents,
  targets: readonly VerifyTarget[],
  bad: ReadonlySet<string>,
): Promise<AffectedTarget[]> {
  const clean = new ObjectSet();
  const affected: AffectedTarget[] = [];
  for (const target of targets) {
    const found: AffectedTarget = { target, paths: [], count: 0 };
    await collect(contents, target.entry, '', bad, clean, found);
    if (found.count > 0) affected.push(found);
  }
  return affected;
}

async function collect(
  contents: ObjectContents,
  entry: DirEntry,
  path: string,
  bad: ReadonlySet<string>,
  clean: ObjectSet,
  found: AffectedTarget,
): Promise<void> {
  if (clean.has(entry.objectId)) return;
  // after an early end of the run, damage that it did not come to is met here
  const directory = bad.has(entry.objectId)
    ? undefined
    : entry.type === 'd'
      ? await openDirectory(contents, entry.objectId).catch(() => undefined)
      : { entries: [] };
  if (directory === undefined) {
    found.count++;
    if (found.paths.length < MAX_PATHS) found.paths.push(path);
    return;
  }
  const before = found.count;
  for (const child of directory.entries) await collect(contents, child, joinPath(path, child.name), bad, clean, found);
  if (entry.type === 'd' && found.count === before) clean.add(entry.objectId);
}
