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

export async function run(context: Context): Promise<void> {
  const { console, ports, flags } = context;
  const { size, repeat, note } = plan(context);
  const { core, data, address } = await zeroBlock(context, size);
  const results: Measured[] = [];
  for (const name of hasherNames.toSorted()) {
    console.info(`Benchmarking hash '${name}' ${note}`);
    const hasher = await createHasher(name, new Uint8Array(32), core, ports.native);
    const inside = address !== undefined && hasher.hashAt !== undefined;
    results.push(
      await measure(context, name, 'hash', size, repeat, () =>
        inside ? hasher.hashAt!(address, size) : hasher.hash(data),
      ),
    );
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
