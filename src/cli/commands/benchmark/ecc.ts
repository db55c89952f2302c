import { formatSize } from '../../../bytes/size.ts';
import { createEcc, eccNames } from '../../../kernels/ecc.ts';
import type { Context } from '../../context.ts';
import { measure, plan, printedJson, printRanked, rate, type Measured } from './measure.ts';

const PERCENTS = [1, 2, 5, 10, 20];

export async function run(context: Context): Promise<void> {
  const { console, ports, flags } = context;
  const { size, repeat, note } = plan(context);
  const data = new Uint8Array(size).map((_, at) => (at % 255) + 1);
  const module = await ports.wasm('codecs');
  const results: { name: string; encode: Measured; decode: Measured; stored: number }[] = [];
  for (const algorithm of eccNames)
    for (const percent of PERCENTS) {
      const name = `${algorithm} - ${percent}%`;
      const ecc = createEcc(algorithm, percent, module);
      const stored = new Uint8Array(ecc.encodedLength(size));
      console.info(`Benchmarking ECC encoding '${algorithm}' with ${percent} space overhead... ${note}`);
      const encode = await measure(context, name, 'encode', size, repeat, () => ecc.encode(data, stored));
      const damaged = stored.slice();
      // the data ends the stored form: its last bytes belong to a data shard
      if (damaged.length > 0) damaged[damaged.length - 1] ^= 1;
      console.info(`Benchmarking ECC decoding '${algorithm}' with ${percent} space overhead... ${note}`);
      const decode = await measure(context, name, 'decode', size, repeat, () => ecc.decode(damaged));
      results.push({ name, encode, decode, stored: stored.length });
    }
  const slower = ({ encode, decode }: (typeof results)[number]) => Math.min(rate(encode), rate(decode));
  const ranked = results.toSorted((a, b) => slower(b) - slower(a));
  if (
    await printedJson(
      context,
      ranked.flatMap(({ encode, decode }) => [encode, decode]),
    )
  )
    return;
  const rows = ranked.map(({ name, encode, decode, stored }) => {
    const growth = Math.round((stored / size - 1) * 100);
    const option = flags.bool('print-options')
      ? `,   --ecc=${name.split(' ')[0]} --ecc-overhead-percent=${name.split(' - ')[1].slice(0, -1)}`
      : '';
    return `${name.padEnd(30)} ${formatSize(rate(encode)).padStart(12)}/s ${formatSize(rate(decode)).padStart(12)}/s   ${String(growth).padStart(6)}% [${formatSize(stored)}]${option}`;
  });
  await printRanked(
    context,
    'ECC                                Throughput     Throughput       Growth\n                                          Encoding       Decoding',
    rows,
    87,
  );
  await console.line(`Fastest option for this machine is: --ecc=${ranked[0].name}`);
}
