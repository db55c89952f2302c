import { formatSize } from '../../../bytes/size.ts';
import { CoreKernel } from '../../../kernels/core.ts';
import { createSplitter, splitterNames } from '../../../kernels/splitter.ts';
import type { Splitter } from '../../../kernels/types.ts';
import { CairnError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { fastestFirst, printedJson, rate, type Measured } from './measure.ts';

type Result = Measured & { lengths: number[] };

/**
 * Cuts blocks of generated data (xorshift, not Kopia's generator, so the counts differ from Kopia's). Kernels look at
 * them in windows of their own memory, as an upload does; the copying into it is not counted.
 */
export async function run(context: Context): Promise<void> {
  const { flags, console, ports, signal } = context;
  const size = Number(flags.integer('data-size')!);
  const count = Number(flags.integer('block-count')!);
  if (size < 1 || count < 1) throw new CairnError('usage', 'there must be data to split');
  if (flags.integer('parallel')! > 1n) console.warning('benchmarks run in one thread; --parallel is ignored');
  console.info(`splitting ${count} blocks of ${formatSize(size, true).replace(' ', '')} each, parallelism 1`);
  const core = CoreKernel.create(await ports.wasm('core'));
  const results: Result[] = [];
  for (const name of splitterNames) {
    const splitter = createSplitter(name, core);
    const lengths: number[] = [];
    let milliseconds = 0;
    let seed = Number(BigInt.asUintN(32, flags.integer('rand-seed')!));
    for (let block = 0; block < count; block++) {
      signal.throwIfAborted();
      const data = noise(size, seed++);
      milliseconds += cut(splitter, core, data, lengths, () => ports.clock.monotonic());
    }
    results.push({ name, operation: 'split', bytes: size * count, seconds: milliseconds / 1000, lengths });
  }
  const ranked = fastestFirst(results);
  if (
    await printedJson(
      context,
      ranked.map(({ lengths, ...row }) => ({ ...row, chunks: lengths.length })),
    )
  )
    return;
  for (const row of results.toSorted((a, b) => (a.name < b.name ? -1 : 1))) await console.line(line(row));
  await console.line('-----------------------------------------------------------------');
  for (const [at, row] of ranked.entries())
    await console.line(
      `${String(at).padStart(3)}. ${line(row)}${flags.bool('print-options') ? `,   --object-splitter=${row.name}` : ''}`,
    );
}

function noise(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let x = (Math.imul(seed + 1, 0x9e3779b9) ^ 0x5bd1e995) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** Milliseconds spent looking for borders; the lengths of the chunks are added. */
function cut(splitter: Splitter, core: CoreKernel, data: Uint8Array, lengths: number[], now: () => number): number {
  splitter.reset();
  const base = core.contentAddress;
  const window = core.contentCapacity;
  let spent = 0;
  for (let start = 0; start < data.length;) {
    const length = Math.min(window, data.length - start);
    const piece = data.subarray(start, start + length);
    core.memory.set(piece, base);
    const last = start + length === data.length;
    let at = 0;
    const begin = now();
    while (at < length) {
      const found =
        splitter.scanAt === undefined
          ? splitter.scan(piece.subarray(at), 0, length - at)
          : splitter.scanAt(base + at, 0, length - at);
      // what is left belongs to a chunk that may end in the next window
      if (found < 0 && !last && at > 0) break;
      const chunk = found < 0 ? length - at : found;
      lengths.push(chunk);
      at += chunk;
    }
    spent += now() - begin;
    start += at;
  }
  return spent;
}

function line(row: Result): string {
  const sorted = row.lengths.toSorted((a, b) => a - b);
  const percentile = (percent: number) => sorted[Math.floor((sorted.length * percent) / 100)];
  const places = [10, 25, 50, 75, 90].map((percent) => `${percent}th:${percentile(percent)}`).join(' ');
  return `${row.name.padEnd(25)} ${formatSize(rate(row)).padStart(12)}/s count:${sorted.length} min:${sorted[0]} ${places} max:${sorted.at(-1)}`;
}
