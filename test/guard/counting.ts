/** Counts of work done, which are the same on every machine: storage calls, messages, kernel calls, big buffers. */
import { MemoryStorage } from '../../src/blob/memory.ts';
import { MetricsStorage } from '../../src/blob/metrics.ts';
import type { BlobAppender, BlobMetadata, BlobStorage } from '../../src/blob/storage.ts';
import { gatherLength } from '../../src/bytes/gather.ts';
import type { ContentCrypto } from '../../src/content/crypto.ts';
import type { Ports, Spawn, SyncFiles } from '../../src/ports.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { takeSnapshot } from '../../src/repository/snapshot.ts';
import { decodeBatch } from '../../src/upload/batch.ts';
import type { FileBatch, StageRequest } from '../../src/upload/messages.ts';
import type { SnapshotManifest } from '../../src/snapshot/manifest.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';

export class Counts {
  readonly #values = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#values.set(name, this.of(name) + by);
  }

  of(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** Sum of all names that begin so. */
  all(prefix: string): number {
    let sum = 0;
    for (const [name, value] of this.#values) if (name.startsWith(prefix)) sum += value;
    return sum;
  }
}

/** Calls of the synchronous file port, `file.read` and so on. */
export function countingFiles(inner: SyncFiles, counts: Counts): SyncFiles {
  return new Proxy(inner, {
    get(target, name: keyof SyncFiles) {
      const member = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        counts.add(`file.${name}`);
        return member.apply(target, args);
      };
    },
  });
}

/** Workers, tasks, and messages by kind: `to.files`, `from.sealed`. */
export function countingSpawn(inner: Spawn, counts: Counts): Spawn {
  return (program) => {
    counts.add('workers');
    const channel = inner(program);
    return {
      post(message, transfer) {
        const { kind, batch } = message as StageRequest & { batch?: FileBatch };
        counts.add(`to.${kind}`);
        if (kind === 'files') counts.add('tasks', decodeBatch(batch!).length);
        channel.post(message, transfer);
      },
      onMessage: (handler) =>
        channel.onMessage((message) => {
          counts.add(`from.${(message as { kind: string }).kind}`);
          handler(message);
        }),
      onError: (handler) => channel.onError(handler),
      close: () => channel.close(),
    };
  };
}

/** Counts calls of the hasher and the cipher of this thread. */
export function countCrypto(crypto: ContentCrypto, counts: Counts): void {
  const { hasher, cipher } = crypto;
  const counted = <T extends object>(target: T, name: string, methods: readonly string[]): T =>
    new Proxy(target, {
      get(object, key) {
        const member = Reflect.get(object, key, object) as unknown;
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (methods.includes(String(key))) counts.add(`${name}.${String(key)}`);
          return (member as (...rest: unknown[]) => unknown).apply(object, args);
        };
      },
    });
  crypto.hasher = counted(hasher, 'hash', ['hash', 'hashAt', 'hashManyAt']);
  crypto.cipher = counted(cipher, 'cipher', ['seal', 'open']);
}

const BIG = 256 << 10;

/** Runs work and counts the fresh buffers of 256 KiB and more that this thread makes meanwhile. */
export async function countBuffers<T>(counts: Counts, work: () => Promise<T>): Promise<T> {
  const scope = globalThis as unknown as Record<string, unknown>;
  const originals = { ArrayBuffer, Uint8Array };
  const { slice } = Uint8Array.prototype;
  const note = (bytes: unknown) => {
    if (typeof bytes !== 'number' || bytes < BIG) return;
    counts.add('buffers');
    counts.add('buffer bytes', bytes);
  };
  for (const [name, original] of Object.entries(originals))
    scope[name] = new Proxy(original as unknown as new (...args: unknown[]) => object, {
      construct(target, args, newTarget) {
        note(args[0]);
        return Reflect.construct(target, args, newTarget === scope[name] ? target : newTarget) as object;
      },
    });
  Uint8Array.prototype.slice = function (start, end) {
    const result = slice.call(this, start, end);
    note(result.length);
    return result;
  };
  try {
    return await work();
  } finally {
    Object.assign(scope, originals);
    Uint8Array.prototype.slice = slice;
  }
}

export interface CountedRun {
  snapshot: SnapshotManifest;
  counts: Counts;
  storage: MetricsStorage;
  repository: Repository;
}

/** One snapshot into `blobs` with everything counted. */
export async function countedSnapshot(
  blobs: BlobStorage,
  path: string,
  workers = 0,
  base: Required<Ports> = fastPorts(),
): Promise<CountedRun> {
  const counts = new Counts();
  const ports = {
    ...base,
    syncFiles: countingFiles(base.syncFiles, counts),
    spawn: countingSpawn(base.spawn, counts),
  };
  const storage = new MetricsStorage(blobs);
  const repository = await openRepository(storage, { password }, ports, { identity });
  countCrypto(repository.state.contents.crypto, counts);
  const session = repository.writeSession();
  const source = { host: identity.host, userName: identity.user, path };
  const snapshot = await countBuffers(counts, async () => {
    const taken = await takeSnapshot(session, { workers, path, source });
    await session.close();
    return taken;
  });
  return { snapshot, counts, storage, repository };
}

/** Keeps no pack of file contents, only its length: what is allocated is not the storage's. */
export class PackSink extends MemoryStorage {
  readonly #lengths = new Map<string, number>();

  override async begin(id: string): Promise<BlobAppender> {
    if (!id.startsWith('p')) return super.begin(id);
    let length = 0;
    return {
      append: async (data) => void (length += gatherLength(data)),
      commit: () => {
        this.#lengths.set(id, length);
        return this.stat(id);
      },
      abort: async () => {},
    };
  }

  override async stat(id: string): Promise<BlobMetadata> {
    const length = this.#lengths.get(id);
    return length === undefined ? super.stat(id) : { id, length, timestamp: 0n };
  }
}

export async function emptyRepository(): Promise<MemoryStorage> {
  const blobs = new MemoryStorage();
  await createRepository(blobs, password, fastPorts(), { identity });
  return blobs;
}

/** A copy, so that one repository with one secret can be written twice. */
export async function copyOf<T extends MemoryStorage>(blobs: MemoryStorage, copy: T): Promise<T> {
  for await (const { id } of blobs.list('')) await copy.put(id, await blobs.get(id));
  return copy;
}

export const putCalls = ({ counts }: MetricsStorage) => (counts.put?.calls ?? 0) + (counts.commit?.calls ?? 0);
export const putBytes = ({ counts }: MetricsStorage) => (counts.put?.bytes ?? 0) + (counts.append?.bytes ?? 0);
