/** What benchmarks share: time, blocks, ranks and rows. */
import { formatSize } from '../../../bytes/size.ts';
import { CoreKernel } from '../../../kernels/core.ts';
import type { Context } from '../../context.ts';

export interface Measured {
  name: string;
  operation: string;
  /** Bytes of all repetitions. */
  bytes: number;
  seconds: number;
}

export const rate = ({ bytes, seconds }: Measured): number => bytes / Math.max(seconds, 1e-9);

/** Runs once to warm up, then `repeat` times by the clock, `together` in each call of `work`. */
export async function measure(
  { ports, signal }: Context,
  name: string,
  operation: string,
  size: number,
  repeat: number,
  work: (count: number) => unknown,
  together = 1,
): Promise<Measured> {
  await work(together);
  const start = ports.clock.monotonic();
  for (let i = 0; i < repeat; i += together) {
    signal.throwIfAborted();
    const done = work(Math.min(together, repeat - i));
    if (done instanceof Promise) await done;
  }
  return { name, operation, bytes: size * repeat, seconds: (ports.clock.monotonic() - start) / 1000 };
}

/** Block size, repetitions and the note on parallelism, which has no effect here. */
export function plan({ flags, console }: Context): { size: number; repeat: number; note: string } {
  const size = Number(flags.integer('block-size')!);
  const repeat = Number(flags.integer('repeat')!);
  if (flags.integer('parallel')! > 1n) console.warning('benchmarks run in one thread; --parallel is ignored');
  return { size, repeat, note: `(${repeat} x ${size} bytes, parallelism 1)` };
}

/** A block of zeros, in the kernels' memory where it fits: there the hot paths read without copying. */
export async function zeroBlock({ ports }: Context, size: number) {
  const core = CoreKernel.create(await ports.wasm('core'));
  const address = size <= core.contentCapacity ? core.contentAddress : undefined;
  if (address !== undefined) core.memory.fill(0, address, address + size);
  const data = address === undefined ? new Uint8Array(size) : core.memory.subarray(address, address + size);
  return { core, data, address };
}

export const perSecond = (measured: Measured): string => `${formatSize(rate(measured))} / second`;

export function fastestFirst<T extends Measured>(results: readonly T[]): T[] {
  return results.toSorted((a, b) => rate(b) - rate(a));
}

/** The JSON rows; true when they were asked for. */
export async function printedJson(context: Context, results: readonly Measured[]): Promise<boolean> {
  if (!context.json) return false;
  const { runtime, runtimeVersion } = context.environment;
  const engine = runtime === 'bun' ? 'JavaScriptCore' : 'V8';
  const rows = results.map((result) => ({
    ...result,
    bytesPerSecond: Math.round(rate(result)),
    runtime: `${runtime} ${runtimeVersion}`,
    engine,
  }));
  await context.console.json(rows, context.jsonIndent);
  return true;
}

export async function printRanked(
  context: Context,
  heading: string,
  rows: readonly string[],
  width: number,
): Promise<void> {
  const { console } = context;
  await console.line(`     ${heading}`);
  await console.line('-'.repeat(width));
  for (const [at, row] of rows.entries()) await console.line(`${String(at).padStart(3)}. ${row}`);
  await console.line('-'.repeat(width));
}
