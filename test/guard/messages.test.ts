import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WorkerExecutor, WorkerShare } from '../../src/upload/executor.ts';
import type { FileTask, SealedBatch } from '../../src/upload/messages.ts';
import { openRepository } from '../../src/repository/open.ts';
import { noise } from '../compat/tree.ts';
import { fastPorts, identity, password } from '../repository/fast.ts';
import { temporaryDirectory } from '../runtime.ts';
import { localWorkers } from '../upload/hooks.ts';
import { Counts, countingSpawn, emptyRepository } from './counting.ts';

const FILES = 1024;
const MiB = 1 << 20;

async function worker() {
  const ports = fastPorts();
  const repository = await openRepository(await emptyRepository(), { password }, ports, { identity });
  const counts = new Counts();
  const batches: SealedBatch[] = [];
  const share = new WorkerShare(repository.format.parameters, repository.contents.index, true);
  const executor = new WorkerExecutor(
    countingSpawn(localWorkers(() => fastPorts()).spawn, counts),
    share,
    (batch, release) => {
      batches.push(batch);
      release();
    },
    (error) => {
      throw error;
    },
  );
  await executor.ready;
  const { splitter } = repository.format.parameters;
  const task = (path: string): FileTask => ({ path, offset: 0, splitter, compression: 0 });
  return { counts, batches, executor, task };
}

describe('messages between owner and worker', () => {
  it('are one request and one answer for a batch of files, one more a MiB of sealed bytes and one back', async () => {
    const folder = join(temporaryDirectory(), 'files');
    mkdirSync(folder);
    const paths = Array.from({ length: FILES }, (_, i) => join(folder, `f${i}`));
    for (const [i, path] of paths.entries()) writeFileSync(path, noise(4000, i + 1));
    const { counts, batches, executor, task } = await worker();
    const results = await executor.files(paths.map(task));
    expect(results.failures).toEqual([]);
    expect(results.lengths.length).toBe(FILES);
    expect(counts.of('to.files')).toBe(1);
    expect(counts.of('from.files')).toBe(1);
    const sealed = FILES * (4000 + 28);
    expect(counts.of('from.sealed')).toBe(Math.ceil(sealed / MiB));
    expect(counts.of('to.buffer')).toBe(counts.of('from.sealed'));
    // a buffer that went back is not here any more: it was transferred, not copied
    for (const { buffer } of batches) expect(buffer.byteLength).toBe(0);
    executor.close();
  });

  it('of a content that is known carry no bytes', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, noise(5 * MiB, 3));
    const { counts, executor, task } = await worker();
    const first = await executor.files([task(path)]);
    const sealed = counts.of('from.sealed');
    const again = await executor.files([task(path)]);
    expect(again).toEqual(first);
    expect(sealed).toBeGreaterThan(0);
    expect(counts.of('from.sealed')).toBe(sealed);
    executor.close();
  });

  it('about cuts are one for each 256 MiB at least', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, noise(40 * MiB, 4));
    const { counts, executor, task } = await worker();
    let offset = 0;
    for (let end = false; !end;) {
      const cut = await executor.cuts({ ...task(path), offset });
      for (const length of cut.lengths) offset += length;
      end = cut.end;
    }
    expect(offset).toBe(40 * MiB);
    expect(counts.of('to.cuts')).toBe(1);
    executor.close();
  });
});
