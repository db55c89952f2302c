import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { ReadAhead } from '../../src/content/read-ahead.ts';
import type { ContentInfo } from '../../src/content/types.ts';
import { noise } from '../compat/tree.ts';

const PACK = 'q00112233445566778899aabbccddeeff-s1';
const LENGTH = (2 << 20) + 12_345;
const bytes = noise(LENGTH, 1);

class Counting extends MemoryStorage {
  gets: number[] = [];
  override async get(...args: Parameters<MemoryStorage['get']>) {
    this.gets.push(args[1]?.length ?? -1);
    return super.get(...args);
  }
}

async function packed(pack = PACK) {
  const storage = new Counting();
  await storage.put(pack, bytes);
  const ahead = new ReadAhead(storage);
  const read = (packOffset: number, packedLength: number) =>
    ahead.read({ packBlob: pack, packOffset, packedLength } as ContentInfo);
  return { storage, read };
}

describe('contents read one by one', () => {
  it('are what lies there, wherever the pieces end', async () => {
    const { storage, read } = await packed();
    let at = 0;
    for (let i = 0; at < LENGTH; i++) {
      const length = Math.min(LENGTH - at, 1 + ((i * 7919) % 3000));
      expect(await read(at, length)).toEqual(bytes.subarray(at, at + length));
      at += length;
    }
    expect(storage.gets.length).toBeLessThan(12);
  });

  it('are alone when few are asked for, and in packs of file data', async () => {
    const { storage, read } = await packed();
    for (let i = 0; i < 4; i++) await read(i * 100, 50);
    expect(storage.gets).toEqual([50, 50, 50, 50]);
    const data = await packed('p' + PACK.slice(1));
    for (let i = 0; i < 20; i++) await data.read(i * 100, 50);
    expect(data.storage.gets.every((length) => length === 50)).toBe(true);
  });

  it('fail as they would alone when the pack is gone or too short', async () => {
    const { storage, read } = await packed();
    for (let i = 0; i < 5; i++) await read(i, 1);
    await expect(read(LENGTH - 10, 20)).rejects.toMatchObject({ code: 'invalid-range' });
    await storage.delete(PACK);
    await expect(read(1 << 20, 20)).rejects.toMatchObject({ code: 'blob-not-found' });
  });
});
