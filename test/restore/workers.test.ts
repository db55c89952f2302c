import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { isCairnError } from '../../src/errors.ts';
import type { CreateOptions } from '../../src/format/create.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Spawn } from '../../src/ports.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { RestoreWorkers } from '../../src/restore/workers.ts';
import { noise } from '../compat/tree.ts';
import { Counts, countingSpawn } from '../guard/counting.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';
import { localWorkers } from './local-workers.ts';

const ZSTD = 0x1101;
const SMALL = 2600;
const BIG = 1_500_000;

/** Small and big contents, some of them compressed; gives the IDs in the order of writing. */
async function filled(memory: MemoryStorage, options: CreateOptions = {}): Promise<string[]> {
  const repository = await createRepository(memory, password, fastPorts(), { identity, ...options });
  const { contents } = repository.writeSession();
  const ids: string[] = [];
  for (let i = 0; i < SMALL; i++) ids.push(await contents.write(noise(40 + (i % 90), i + 1), '', 0));
  const text = new TextEncoder().encode('the same words again and again, ');
  for (let i = 0; i < 4; i++) ids.push(await contents.write(noise(BIG + i, 9000 + i), '', ZSTD));
  for (let i = 1; i < 6; i++) {
    const repeated = new Uint8Array(i * 400_000).map((_, at) => text[at % text.length]);
    ids.push(await contents.write(repeated, '', i === 2 ? 0 : ZSTD));
  }
  await contents.flush();
  return ids;
}

const open = (memory: MemoryStorage) => openRepository(memory, { password }, fastPorts(), { identity });

/** Every content as text of what came: its bytes, or its error. */
async function readAll(repository: Repository, ids: readonly string[], opener?: RestoreWorkers) {
  const seen = new Map<string, string>();
  const { hasher } = repository.contents.crypto;
  const each = (id: string, data: Uint8Array | Error) => {
    expect(seen.has(id)).toBe(false);
    const text = data instanceof Error ? errorText(data) : `${data.length} ${hasher.hash(data).join()}`;
    seen.set(id, text);
  };
  await repository.contents.readMany(ids, each, { transient: true, opener });
  return seen;
}

function errorText(error: Error): string {
  return isCairnError(error) ? `${error.code}: ${error.message} ${JSON.stringify(error.data)}` : error.message;
}

function workersOf(repository: Repository, spawn: Spawn): RestoreWorkers {
  return new RestoreWorkers({ spawn, environment: { cpuCount: 2 }, parameters: repository.format.parameters });
}

/** Resolves when all of them are ready. */
async function ready(workers: RestoreWorkers): Promise<void> {
  workers.start();
  for (let i = 0; i < workers.count; i++)
    while (!workers.isReady(i)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The same in real threads, which must really have been asked. */
async function readInThreads(repository: Repository, ids: readonly string[]) {
  const counts = new Counts();
  const workers = workersOf(repository, countingSpawn(fastPorts().spawn, counts));
  try {
    await ready(workers);
    const seen = await readAll(repository, ids, workers);
    expect(counts.of('from.opened')).toBeGreaterThanOrEqual(2);
    return seen;
  } finally {
    workers.close();
  }
}

const formats: [string, CreateOptions][] = [
  ['the default format', {}],
  ['another cipher and hash', { encryption: 'CHACHA20-POLY1305-HMAC-SHA256', hash: 'HMAC-SHA256' }],
  ['error correction', { eccOverheadPercent: 5 }],
];

describe('contents opened in other threads', () => {
  for (const [name, options] of formats)
    it(`are what they are in this one: ${name}`, async () => {
      const memory = new MemoryStorage();
      const ids = await filled(memory, options);
      const repository = await open(memory);
      const expected = await readAll(repository, ids);
      expect(expected.size).toBe(ids.length);
      expect(await readInThreads(repository, ids)).toEqual(expected);
    });

  it('fail with the same errors, each content for itself', async () => {
    const memory = new MemoryStorage();
    const ids = await filled(memory);
    const repository = await open(memory);
    const damaged = new MemoryStorage();
    for await (const { id } of memory.list('')) {
      const data = await memory.get(id);
      if (id.startsWith('p')) for (let at = 5000; at < data.length; at += 200_000) data[at] ^= 1;
      await damaged.put(id, data);
    }
    const last = repository.contents.require(ids.at(-1)!);
    const cut = (await damaged.get(last.packBlob)).subarray(0, last.packOffset + 10);
    const reading = await open(damaged);
    await damaged.delete(last.packBlob);
    const missing = await readAll(reading, ids);
    await damaged.put(last.packBlob, cut);
    const expected = await readAll(reading, ids);
    expect(expected).not.toEqual(missing);
    const failed = [...expected.values()].filter((text) => text.includes('damaged') || text.includes('lost'));
    expect(failed.length).toBeGreaterThan(5);
    expect(await readInThreads(reading, ids)).toEqual(expected);
  });

  it('repair what error correction can, and count it', async () => {
    const memory = new MemoryStorage();
    const ids = await filled(memory, { eccOverheadPercent: 10 });
    const repository = await open(memory);
    const { packBlob, packOffset, packedLength } = repository.contents.require(ids[SMALL]);
    const data = await memory.get(packBlob);
    // parity comes first
    data[packOffset + packedLength - 5000] ^= 255;
    await memory.delete(packBlob);
    await memory.put(packBlob, data);
    const seen = await readInThreads(repository, ids);
    expect([...seen.values()].every((text) => /^\d+ /.test(text))).toBe(true);
    expect(repository.contents.crypto.repaired).toBe(1);
  });

  it('end the reading when a thread dies: that is no damage', async () => {
    const memory = new MemoryStorage();
    const ids = await filled(memory);
    const repository = await open(memory);
    const local = localWorkers(() => fastPorts());
    const workers = workersOf(repository, local.spawn);
    await ready(workers);
    let errors = 0;
    const each = (_: string, data: Uint8Array | Error) => {
      if (data instanceof Error) errors++;
      local.kill(new Error('killed'));
    };
    const reading = repository.contents.readMany(ids, each, { transient: true, opener: workers });
    await expect(reading).rejects.toMatchObject({ code: 'internal', message: 'a restore worker died: killed' });
    expect(errors).toBe(0);
    workers.close();
    expect(local.closed).toBe(local.started);
  });

  it('go in one message a range and come back in one; few start no thread', async () => {
    const memory = new MemoryStorage();
    const ids = await filled(memory);
    const repository = await open(memory);
    const counts = new Counts();
    const local = localWorkers(() => fastPorts());
    const workers = workersOf(repository, countingSpawn(local.spawn, counts));
    await readAll(repository, ids.slice(0, 500), workers);
    expect(local.started).toBe(0);
    await ready(workers);
    await readAll(repository, ids, workers);
    expect(local.started).toBe(2);
    // 2,048 contents, 4 MiB packed or 8 MiB inflated
    expect(counts.of('to.open')).toBeGreaterThanOrEqual(3);
    expect(counts.of('to.open')).toBeLessThanOrEqual(8);
    expect(counts.of('from.opened')).toBe(counts.of('to.open'));
    expect(local.posts).toBe(counts.of('to.open') + 2);
    workers.close();
  });
});
