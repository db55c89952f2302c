import { cipherNames, createCipher } from '../../../kernels/cipher.ts';
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
  const results: (Measured & { hash: string; encryption: string })[] = [];
  for (const hash of hasherNames.toSorted())
    for (const encryption of cipherNames.toSorted()) {
      console.info(`Benchmarking hash '${hash}' and encryption '${encryption}'... ${note}`);
      const hasher = await createHasher(hash, new Uint8Array(32), core, ports.native);
      const cipher = createCipher(encryption, new Uint8Array(32), ports, core);
      const out = new Uint8Array(size + cipher.overhead);
      const work = () => {
        const digest =
          address !== undefined && hasher.hashAt !== undefined ? hasher.hashAt(address, size) : hasher.hash(data);
        return cipher.seal(digest.subarray(digest.length - 16), data, out);
      };
      results.push({
        ...(await measure(context, `${hash} ${encryption}`, 'hash and encrypt', size, repeat, work)),
        hash,
        encryption,
      });
    }
  const ranked = fastestFirst(results);
  if (await printedJson(context, ranked)) return;
  const options = ({ hash, encryption }: (typeof results)[number]) => `--block-hash=${hash} --encryption=${encryption}`;
  const rows = ranked.map((row) => {
    const option = flags.bool('print-options') ? `,   ${options(row)}` : '';
    return `${row.hash.padEnd(20)} ${row.encryption.padEnd(30)} ${perSecond(row)}${option}`;
  });
  await printRanked(context, 'Hash                 Encryption                     Throughput', rows, 65);
  await console.line(`Fastest option for this machine is: ${options(ranked[0])}`);
}
