import { createHasher, hasherNames } from '../../../kernels/hasher.ts';
import type { Context } from '../../context.ts';
import {
  fastestFirst,
  measure,
  perSecond,
  plan,
  printedJson,
  printRanked,
  zeroBlock,
  type Measured,
} from './measure.ts';

/** Blocks hashed side by side, as an upload does, where the kernel has lanes for it. */
const TOGETHER = 4;

export async function run(context: Context): Promise<void> {
  const { console, ports, flags } = context;
  const { size, repeat, note } = plan(context);
  const { core, data, address } = await zeroBlock(context, size);
  const results: Measured[] = [];
  for (const name of hasherNames.toSorted()) {
    console.info(`Benchmarking hash '${name}' ${note}`);
    const hasher = await createHasher(name, new Uint8Array(32), core, ports.native);
    const lanes = address !== undefined && hasher.hashManyAt !== undefined;
    const hash = (count: number) =>
      lanes
        ? hasher.hashManyAt!(Array.from({ length: count }, () => ({ address, length: size })))
        : address !== undefined && hasher.hashAt !== undefined
          ? hasher.hashAt(address, size)
          : hasher.hash(data);
    results.push(await measure(context, name, 'hash', size, repeat, hash, lanes ? TOGETHER : 1));
  }
  const ranked = fastestFirst(results);
  if (await printedJson(context, ranked)) return;
  const option = (name: string) => (flags.bool('print-options') ? `,   --block-hash=${name}` : '');
  await printRanked(
    context,
    'Hash                 Throughput',
    ranked.map((row) => `${row.name.padEnd(20)} ${perSecond(row)}${option(row.name)}`),
    65,
  );
  await console.line(`Fastest option for this machine is: --block-hash=${ranked[0].name}`);
}
