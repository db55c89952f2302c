import { formatSize } from '../../../bytes/size.ts';
import { compressorNames, Compressors, compressorByName } from '../../../kernels/compressors.ts';
import type { Compressor } from '../../../kernels/types.ts';
import { CairnError, fileError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { measure, printedJson, rate, type Measured } from './measure.ts';

type Result = Measured & { compressedSize: number };
const MOST = 128 << 20;

export async function run(context: Context): Promise<void> {
  const { flags, console, ports } = context;
  const path = flags.text('data-file')!;
  const data = await firstBytes(context, path);
  if (data.length === 0) throw new CairnError('invalid-argument', `${path} is empty`);
  const repeat = flags.number('repeat') || Math.max(1, Math.floor(MOST / data.length));
  const wanted = (flags.text('algorithms') ?? '').split(',').filter((name) => name !== '');
  const names = compressorNames.filter((name) => {
    const { writable, deprecated } = compressorByName(name);
    return (
      writable &&
      (!deprecated || flags.bool('deprecated')) &&
      (wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)))
    );
  });
  if (names.length === 0) throw new CairnError('usage', `no compression method begins with '${wanted.join(',')}'`);
  console.info(
    `Will repeat each benchmark ${repeat} times per compression method (total ${formatSize(repeat * data.length)}). Override with --repeat=N.`,
  );
  const compressors = new Compressors(ports);
  const operations = flags.text('operations')!;
  const results: Result[][] = [];
  if (operations !== 'decompress') results.push(await each(context, compressors, names, 'compress', data, repeat));
  if (operations !== 'compress') results.push(await each(context, compressors, names, 'decompress', data, repeat));
  if (await printedJson(context, results.flat())) return;
  for (const rows of results) await printTable(context, rows);
}

async function firstBytes({ files }: Context, path: string): Promise<Uint8Array> {
  try {
    const handle = await files.open(path, 'read');
    try {
      const data = new Uint8Array(Math.min(MOST, (await handle.stat()).size));
      let at = 0;
      for (let read = -1; read !== 0 && at < data.length; at += read) read = await handle.read(data.subarray(at), at);
      return data.subarray(0, at);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, 'cannot read', path);
  }
}

async function each(
  context: Context,
  compressors: Compressors,
  names: readonly string[],
  operation: 'compress' | 'decompress',
  data: Uint8Array,
  repeat: number,
): Promise<Result[]> {
  const { console, flags } = context;
  console.info(
    `${operation === 'compress' ? 'Compressing' : 'Decompressing'} input file (${formatSize(data.length)}) using ${names.length} compression methods.`,
  );
  const results: Result[] = [];
  for (const name of names) {
    console.info(`Benchmarking ${operation}or '${name}'...`);
    const compressor: Compressor = await compressors.byId(compressorByName(name).id);
    const stream = compressor.compress(data);
    let stable = true;
    const work = () => {
      if (operation === 'decompress') return void compressor.decompress(stream, data.length);
      const again = compressor.compress(data);
      if (
        flags.bool('verify-stable') &&
        (again.length !== stream.length || again.some((byte, at) => byte !== stream[at]))
      )
        stable = false;
    };
    results.push({
      ...(await measure(context, name, operation, data.length, repeat, work)),
      compressedSize: stream.length,
    });
    if (!stable)
      throw new CairnError('verification-failed', `compression '${name}' does not give the same bytes each time`);
  }
  return results;
}

/** Allocations cannot be measured here; Kopia's columns for them stay. */
async function printTable({ console, flags }: Context, results: readonly Result[]): Promise<void> {
  const bySize = flags.bool('by-size');
  const ranked = results.toSorted((a, b) => (bySize ? a.compressedSize - b.compressedSize : rate(b) - rate(a)));
  await console.line('     Compression                Compressed   Throughput   Allocs   Memory Usage');
  await console.line('-'.repeat(96));
  for (const [at, row] of ranked.entries()) {
    const deprecated = compressorByName(row.name).deprecated ? ' (deprecated)' : '';
    const option = flags.bool('print-options') ? `, --compression=${row.name}` : '';
    await console.line(
      `${String(at).padStart(3)}. ${row.name.padEnd(26)} ${formatSize(row.compressedSize).padEnd(12)} ${formatSize(rate(row)).padStart(8)}/s     ${'-'.padEnd(8)} -${deprecated}${option}`,
    );
  }
}
