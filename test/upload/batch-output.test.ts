import { describe, expect, it } from 'vitest';
import { BatchOutput, BUFFER, BufferPool } from '../../src/upload/batch-output.ts';
import type { SealedBatch } from '../../src/upload/messages.ts';

const HASH = new Uint8Array(16);

function outputOf(pool: BufferPool, dense = false) {
  const batches: SealedBatch[] = [];
  const output = new BatchOutput(HASH.length, pool, (batch) => void batches.push(batch), dense);
  const put = (length: number) => {
    output.space(length).fill(7);
    output.emit(HASH, length, 0, length);
  };
  return { output, batches, put };
}

describe('sealed contents', () => {
  it('gather in a buffer, which goes out when the next does not fit', () => {
    const { output, batches, put } = outputOf(new BufferPool(8 * BUFFER));
    for (let at = 0; at < 5; at++) put(300_000);
    expect(batches.map(({ numbers }) => numbers.length / 3)).toEqual([3]);
    output.flush();
    expect(batches.map(({ numbers }) => numbers.length / 3)).toEqual([3, 2]);
    output.flush();
    expect(batches.length).toBe(2);
  });

  it('go out as a copy when they are little, so that they hold no buffer', () => {
    const pool = new BufferPool(BUFFER);
    const { output, batches, put } = outputOf(pool);
    for (let at = 0; at < 100; at++) {
      put(1000);
      output.flush();
    }
    expect(batches.every(({ buffer }) => buffer.byteLength === 1000)).toBe(true);
    // the one buffer is still there, and the only one
    put(BUFFER);
    output.flush();
    expect(batches.at(-1)!.buffer.byteLength).toBe(BUFFER);
  });

  it('larger than the buffer at hand get another, and that one is not lost', async () => {
    const pool = new BufferPool(20 * BUFFER);
    const { output, batches, put } = outputOf(pool);
    put(1000);
    put(5 * BUFFER);
    output.flush();
    expect(batches.map(({ numbers }) => numbers[0])).toEqual([1000, 5 * BUFFER]);
    // only the large one is out: as much again fits before anyone waits
    pool.take(BUFFER);
    expect(pool.room()).toBeUndefined();
  });

  it('of at most half a buffer are copied where whole packs are held in memory', () => {
    const { output, batches, put } = outputOf(new BufferPool(40 * BUFFER), true);
    put(4 * BUFFER);
    output.flush();
    put(5 * BUFFER);
    output.flush();
    expect(batches[0].buffer.byteLength).toBe(4 * BUFFER);
    expect(batches[1].buffer.byteLength).toBeGreaterThan(5 * BUFFER);
  });
});

describe('buffers', () => {
  it('that are out hold back whoever needs more, until they are given back', async () => {
    const pool = new BufferPool(2 * BUFFER);
    const first = pool.send(pool.take(1));
    expect(pool.room()).toBeUndefined();
    pool.take(1);
    let free = false;
    const waiting = pool.room()!.then(() => (free = true));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(free).toBe(false);
    pool.give(first);
    await waiting;
    expect(pool.take(1)).toBe(first);
  });

  it('that are too large for the limit hold nobody back while they are still here', () => {
    const pool = new BufferPool(2 * BUFFER);
    const buffer = pool.take(20 * BUFFER);
    expect(pool.room()).toBeUndefined();
    pool.send(buffer);
    expect(pool.room()).toBeDefined();
  });

  it('count what is out exactly, large copies too', () => {
    const pool = new BufferPool(20 * BUFFER);
    const { output, batches, put } = outputOf(pool, true);
    for (let at = 0; at < 10; at++) {
      put(4 * BUFFER);
      output.flush();
    }
    expect(pool.room()).toBeDefined();
    for (const { buffer } of batches) pool.give(buffer);
    expect(pool.room()).toBeUndefined();
    // the buffer of nine that everything was copied from is still here
    for (let at = 0; at < 2; at++) expect(pool.send(pool.take(1)).byteLength).toBe(4 * BUFFER);
    expect(pool.room()).toBeUndefined();
    // with these two it is full; the other eight were given back to the system
    for (let at = 0; at < 3; at++) expect(pool.send(pool.take(1)).byteLength).toBe(BUFFER);
    expect(pool.room()).toBeDefined();
  });
});
