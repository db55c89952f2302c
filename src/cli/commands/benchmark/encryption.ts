import { cipherNames, createCipher } from '../../../kernels/cipher.ts';
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
  const { core, data } = await zeroBlock(context, size);
  const results: Measured[] = [];
  for (const name of cipherNames.toSorted()) {
    console.info(`Benchmarking encryption '${name}'... ${note}`);
    const cipher = createCipher(name, new Uint8Array(32), ports, core);
    const out = new Uint8Array(size + cipher.overhead);
    results.push(
      await measure(context, name, 'encrypt', size, repeat, () => cipher.seal(new Uint8Array(16), data, out)),
    );
  }
  const ranked = fastestFirst(results);
  if (await printedJson(context, ranked)) return;
  const option = (name: string) => (flags.bool('print-options') ? `,   --encryption=${name}` : '');
  await printRanked(
    context,
    'Encryption                     Throughput',
    ranked.map((row) => `${row.name.padEnd(30)} ${perSecond(row)}${option(row.name)}`),
    65,
  );
  await console.line(`Fastest option for this machine is: --encryption=${ranked[0].name}`);
}
