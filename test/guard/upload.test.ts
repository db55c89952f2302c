import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts } from '../repository/fast.ts';
import { temporaryDirectory } from '../runtime.ts';
import { localWorkers } from '../upload/hooks.ts';
import { countedSnapshot, copyOf, emptyRepository, PackSink, putBytes, putCalls } from './counting.ts';

const MiB = 1 << 20;
const FOLDERS = 10;
const FILES = 1000;
const BIG = 64 * MiB;
const BLOCK = 256 << 10;

let small: string;
let big: string;
let blobs: MemoryStorage;
let smallBytes = 0;

beforeAll(async () => {
  const root = temporaryDirectory();
  small = join(root, 'small');
  for (let folder = 0; folder < FOLDERS; folder++) {
    mkdirSync(join(small, `d${folder}`), { recursive: true });
    for (let i = 0; i < FILES / FOLDERS; i++) {
      const data = noise(1000 + i * 40, folder * 100 + i + 1);
      smallBytes += data.length;
      writeFileSync(join(small, `d${folder}`, `f${i}`), data);
    }
  }
  big = join(root, 'big');
  mkdirSync(big);
  writeFileSync(join(big, 'big'), noise(BIG, 5));
  blobs = await emptyRepository();
});

describe('a first backup of 1,000 small files', () => {
  it('asks the storage and the file system for no more than it must', async () => {
    const { counts, storage } = await countedSnapshot(await copyOf(blobs, new MemoryStorage()), small);
    // session marker, p pack, q pack, index; opening reads the two format blobs and one index
    expect(putCalls(storage)).toBeLessThanOrEqual(4);
    expect(storage.counts.get?.calls ?? 0).toBeLessThanOrEqual(4);
    expect(storage.counts.list?.calls ?? 0).toBeLessThanOrEqual(3);
    expect(storage.counts.stat?.calls ?? 0).toBe(0);
    expect(counts.of('file.openRead')).toBe(FILES);
    expect(counts.of('file.close')).toBe(FILES);
    expect(counts.of('file.read')).toBe(FILES);
    expect(counts.of('file.names')).toBe(FOLDERS + 1);
    // each entry and the root, once
    expect(counts.of('file.lstat')).toBe(FILES + FOLDERS + 1);
    // 28 bytes of nonce and tag, some 40 of index and directory entries; nothing is stored twice
    expect(putBytes(storage)).toBeGreaterThan(smallBytes);
    expect(putBytes(storage)).toBeLessThan(smallBytes + FILES * 130 + 60_000);
  });

  it('hashes and encrypts every content once', async () => {
    const { counts } = await countedSnapshot(await copyOf(blobs, new MemoryStorage()), small);
    // beside the files: directories, the manifest, blobs named by their hash
    expect(counts.all('hash.')).toBeLessThanOrEqual(FILES + FOLDERS + 8);
    expect(counts.of('cipher.seal')).toBeLessThanOrEqual(FILES + FOLDERS + 8);
    expect(counts.of('cipher.open')).toBeLessThanOrEqual(2);
  });

  it('makes few big buffers', async () => {
    const { counts } = await countedSnapshot(await copyOf(blobs, new PackSink()), small);
    expect(counts.of('buffers')).toBeLessThanOrEqual(6);
    expect(counts.of('buffer bytes')).toBeLessThanOrEqual(8 * MiB);
  });
});

describe('nothing changed', () => {
  it('opens no file, hashes no directory and stores only the manifest', async () => {
    const to = await copyOf(blobs, new MemoryStorage());
    await countedSnapshot(to, small);
    const { counts, storage } = await countedSnapshot(to, small);
    expect(counts.of('file.openRead')).toBe(0);
    expect(counts.of('file.lstat')).toBe(FILES + FOLDERS + 1);
    // the manifest, and blobs named by their hash
    expect(counts.all('hash.')).toBeLessThanOrEqual(5);
    expect(counts.of('cipher.seal')).toBeLessThanOrEqual(4);
    // every directory, the manifests, and what opening reads
    expect(counts.of('cipher.open')).toBeLessThanOrEqual(FOLDERS + 3);
    expect(storage.counts.get?.calls ?? 0).toBeLessThanOrEqual(FOLDERS + 7);
    expect(putCalls(storage)).toBeLessThanOrEqual(3);
    expect(putBytes(storage)).toBeLessThan(8000);
    expect(counts.of('buffers')).toBe(0);
  });
});

describe('a file of 64 MiB', () => {
  it('is read once by one thread, hashed and encrypted once', async () => {
    const { counts, storage } = await countedSnapshot(await copyOf(blobs, new PackSink()), big);
    expect(counts.of('file.openRead')).toBe(1);
    expect(counts.of('file.read')).toBeLessThanOrEqual(BIG / BLOCK + 1);
    // chunks of 2 to 8 MiB, and what surrounds them
    expect(counts.all('hash.')).toBeLessThanOrEqual(BIG / (2 * MiB) + 10);
    expect(counts.of('cipher.seal')).toBeLessThanOrEqual(BIG / (2 * MiB) + 10);
    // 20 MiB packs
    expect(putCalls(storage)).toBeLessThanOrEqual(BIG / (20 * MiB) + 4);
    expect(putBytes(storage)).toBeLessThan(BIG + 20_000);
  });

  it('goes through buffers that are used again', async () => {
    const { counts } = await countedSnapshot(await copyOf(blobs, new PackSink()), big);
    // what waits for one append, and what is filled meanwhile
    expect(counts.of('buffers')).toBeLessThanOrEqual(10);
    expect(counts.of('buffer bytes')).toBeLessThanOrEqual(BIG);
  });
});

describe('workers', () => {
  it.each([1, 2, 4])('%i of them give the same snapshot and the same contents as none', async (workers) => {
    for (const tree of [small, big]) {
      const inline = await countedSnapshot(await copyOf(blobs, new MemoryStorage()), tree);
      const local = localWorkers(() => fastPorts());
      const base = { ...fastPorts(), spawn: local.spawn };
      const shared = await countedSnapshot(await copyOf(blobs, new MemoryStorage()), tree, workers, base);
      expect(shared.snapshot.rootEntry!.objectId).toBe(inline.snapshot.rootEntry!.objectId);
      expect(await contentsOf(shared)).toEqual(await contentsOf(inline));
      expect(putCalls(shared.storage)).toBe(putCalls(inline.storage));
      // contents may lie in other packs, each of which is filled up to 4 KiB
      const most = 4096 * putCalls(inline.storage);
      expect(Math.abs(putBytes(shared.storage) - putBytes(inline.storage))).toBeLessThanOrEqual(most);
    }
  });
});

/** IDs of a run's contents but the manifest's, which holds times. */
async function contentsOf({ repository }: Awaited<ReturnType<typeof countedSnapshot>>): Promise<string[]> {
  await repository.refresh();
  return [...repository.contents.entries()].map(({ id }) => id).filter((id) => !id.startsWith('m'));
}
