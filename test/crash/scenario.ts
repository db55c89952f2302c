import { mkdirSync, readFileSync, readlinkSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { BlobStorage } from '../../src/blob/storage.ts';
import { StorageWrapper } from '../../src/blob/wrapper.ts';
import { concatBytes, fromUtf8 } from '../../src/bytes/gather.ts';
import { listBlobs } from '../../src/content/index/load.ts';
import { readLocalIndex } from '../../src/content/recover-pack.ts';
import type { CreateOptions } from '../../src/format/create.ts';
import { openObject } from '../../src/object/open.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { takeSnapshot, type SnapshotOptions } from '../../src/repository/snapshot.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import type { SnapshotManifest } from '../../src/snapshot/manifest.ts';
import { deleteSnapshot, listSnapshots } from '../../src/snapshot/store.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';

export const runtime = fastPorts();
const source = { host: identity.host, userName: identity.user, path: '/changing/tree' };

/** A tree in two states, as two folders. The big file is long enough for a pack to grow under a temporary name. */
export function makeStates(root: string): readonly [string, string] {
  const states = [join(root, 'one'), join(root, 'two')] as const;
  for (const [at, path] of states.entries()) {
    mkdirSync(join(path, 'sub/empty'), { recursive: true });
    const file = (name: string, data: Uint8Array | string, time = 1_700_000_000) => {
      writeFileSync(join(path, name), data);
      utimesSync(join(path, name), time, time);
    };
    file('same', noise(9000, 1));
    file('changed', noise(9000, 2 + at), 1_700_000_000 + at);
    file('sub/big', noise(1_300_000, 15 + at), 1_700_000_000 + at);
    file(`sub/only-${at}`, noise(12_000, 6 + at));
    file(`sub/text-${at}`, 'text '.repeat(1000 + at));
    symlinkSync('../same', join(path, 'sub/link'));
  }
  return states;
}

/** The same storage without `begin`, as most providers are. */
export class WholeStorage extends StorageWrapper {
  override readonly begin = undefined;
}

export interface Reported {
  /** How the repository is made. */
  options: CreateOptions;
  created: boolean;
  saved: { id: string; path: string }[];
  deleted: string[];
}

export async function openSmall(storage: BlobStorage): Promise<Repository> {
  const repository = await openRepository(storage, { password }, runtime, { identity });
  repository.format.parameters.maxPackSize = 20_000;
  return repository;
}

export async function snapshot(
  storage: BlobStorage,
  path: string,
  options: Partial<SnapshotOptions> = {},
): Promise<SnapshotManifest> {
  const session = (await openSmall(storage)).writeSession();
  try {
    return await takeSnapshot(session, { source, path, workers: 0, ...options });
  } finally {
    // as a program does that ends with an error
    await session.abandon();
  }
}

/** Creates a repository, takes a snapshot of each state, deletes the first. What comes back without error is reported. */
export const steps: readonly ((
  storage: BlobStorage,
  states: readonly [string, string],
  reported: Reported,
) => Promise<void>)[] = [
  async (storage, _, reported) => {
    await createRepository(storage, password, runtime, { ...reported.options, identity });
    reported.created = true;
  },
  async (storage, [path], reported) => {
    const { id } = await snapshot(storage, path);
    reported.saved.push({ id, path });
  },
  async (storage, [, path], reported) => {
    const { id } = await snapshot(storage, path);
    reported.saved.push({ id, path });
  },
  async (storage, _, reported) => {
    const session = (await openSmall(storage)).writeSession();
    await deleteSnapshot(session.manifests, reported.saved[0].id);
    await session.close();
    reported.deleted.push(reported.saved[0].id);
  },
];

export async function copyOf(storage: MemoryStorage): Promise<MemoryStorage> {
  const copy = new MemoryStorage();
  for (const { id } of await listBlobs(storage, '')) await copy.put(id, await storage.get(id));
  return copy;
}

/** Reads every byte of a snapshot and compares with the local tree. */
export async function expectSame(repository: Repository, snapshotId: string, path: string): Promise<void> {
  const { snapshots } = await listSnapshots(repository.manifests);
  const found = snapshots.find(({ id }) => id === snapshotId);
  expect(found, `snapshot ${snapshotId}`).toBeDefined();
  const names: string[] = [];
  const walk = async (entry: DirEntry, at: string) => {
    for (const child of await repository.listDirectory(entry.objectId)) {
      const local = join(at, child.name);
      names.push(local.slice(path.length + 1));
      if (child.type === 'd') await walk(child, local);
      else {
        const chunks: Uint8Array[] = [];
        for await (const chunk of (await openObject(repository.objects, child.objectId)).chunks()) chunks.push(chunk);
        const data = concatBytes(chunks);
        if (child.type === 's') expect(fromUtf8(data)).toBe(readlinkSync(local));
        else expect(Buffer.compare(data, readFileSync(local)), local).toBe(0);
      }
    }
  };
  await walk(found!.rootEntry!, path);
  expect(names.length).toBe(8);
}

/** Whatever happened: nothing that an index names is missing, nothing that a manifest needs, and no pack is half. */
export async function expectWhole(storage: MemoryStorage): Promise<Repository> {
  const repository = await openSmall(storage);
  expect(repository.problems).toEqual([]);
  const packs = new Map<string, number>();
  for (const prefix of ['p', 'q'])
    for (const pack of await listBlobs(storage, prefix)) {
      packs.set(pack.id, pack.length);
      await readLocalIndex(storage, repository.contents.crypto, pack);
    }
  for (const info of repository.contents.entries()) {
    expect(packs.get(info.packBlob), `${info.packBlob} of ${info.id}`).toBeDefined();
    expect(info.packOffset + info.packedLength).toBeLessThan(packs.get(info.packBlob)!);
  }
  const { snapshots, unreadable } = await listSnapshots(repository.manifests);
  expect(unreadable).toEqual([]);
  for (const { rootEntry } of snapshots) {
    const walk = async (entry: DirEntry): Promise<void> => {
      if (entry.type !== 'd') {
        for await (const _ of (await openObject(repository.objects, entry.objectId)).chunks());
      } else for (const child of await repository.listDirectory(entry.objectId)) await walk(child);
    };
    await walk(rootEntry!);
  }
  return repository;
}
