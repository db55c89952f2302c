/** A repository in memory and snapshots of local trees into it. */
import { MemoryStorage } from '../../src/blob/memory.ts';
import { emptyPolicy, builtInPolicy, type Policy } from '../../src/policy/policy.ts';
import { buildPolicyTree } from '../../src/policy/tree.ts';
import { createRepository } from '../../src/repository/create.ts';
import { takeSnapshot, type SnapshotOptions } from '../../src/repository/snapshot.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import type { SnapshotManifest } from '../../src/snapshot/manifest.ts';
import { walkTree } from '../../src/snapshot/walk.ts';
import { ports } from '../runtime.ts';

export const identity = { user: 'ann', host: 'alpha' };

export async function memoryRepository(): Promise<Repository> {
  return createRepository(new MemoryStorage(), 'secret', ports(), { identity });
}

export type TestSnapshot = Partial<SnapshotOptions> & {
  root?: Partial<Policy>;
  below?: Record<string, Partial<Policy>>;
};

/** One snapshot of a path; `root` goes over the built-in policy, `below` are policies of paths in it. */
export async function snapshotOf(
  repository: Repository,
  path: string,
  { root, below = {}, ...options }: TestSnapshot = {},
): Promise<SnapshotManifest> {
  const source = options.source ?? { host: identity.host, userName: identity.user, path };
  const session = repository.writeSession();
  const policy = buildPolicyTree(
    { ...builtInPolicy(), ...root },
    source,
    Object.entries(below).map(([at, own]) => ({
      target: { ...source, path: `${path}/${at}` },
      policy: { ...emptyPolicy(), ...own },
    })),
  );
  const snapshot = await takeSnapshot(session, { workers: 0, policy, path, ...options, source });
  await session.close();
  await repository.refresh();
  return snapshot;
}

/** Entries below a root by path. */
export async function treeOf(repository: Repository, root: DirEntry): Promise<Record<string, DirEntry>> {
  const found: Record<string, DirEntry> = {};
  for await (const { path, entry } of walkTree(repository.objects, root)) if (path !== '') found[path] = entry;
  return found;
}
