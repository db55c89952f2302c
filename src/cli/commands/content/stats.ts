import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { compressionPercent, Histogram } from '../../output/histogram.ts';
import { compressorName } from './list.ts';
import { contentFilter } from './range.ts';

interface Sum {
  count: number;
  original: number;
  packed: number;
}

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  const wanted = contentFilter(context);
  const size = (bytes: number) => (flags.bool('raw') ? String(bytes) : context.size(bytes));
  await withRepository(context, async ({ repository: { contents } }) => {
    const histogram = new Histogram();
    const methods = new Map<number, Sum>();
    let original = 0;
    for (const info of contents.entries()) {
      if (info.deleted || !wanted(info)) continue;
      histogram.add(info.packedLength);
      original += info.originalLength;
      let sum = methods.get(info.compression);
      if (sum === undefined) methods.set(info.compression, (sum = { count: 0, original: 0, packed: 0 }));
      sum.count++;
      sum.original += info.originalLength;
      sum.packed += info.packedLength;
    }
    const sums = [...methods].toSorted(([a], [b]) => a - b);
    if (context.json) {
      const { count, total: packed, average } = histogram;
      const byMethod = sums.map(([id, sum]) => ({ compression: id === 0 ? '' : compressorName(id), ...sum }));
      const all = { schema: 1, count, original, packed, average, byMethod, histogram: histogram.json() };
      return console.json(all, context.jsonIndent);
    }
    await console.line(`Count: ${histogram.count}`);
    await console.line(`Total Bytes: ${size(original)}`);
    if (histogram.count === 0) return;
    const packed = histogram.total;
    await console.line(`Total Packed: ${size(packed)} (compression ${compressionPercent(original, packed)})`);
    await console.line('By Method:');
    for (const [id, sum] of sums) {
      const saved = ` packed: ${size(sum.packed)} compression: ${compressionPercent(sum.original, sum.packed)}`;
      const name = id === 0 ? '(uncompressed)' : compressorName(id);
      await console.line(
        `  ${name.padEnd(22)} count: ${sum.count} size: ${size(sum.original)}${id === 0 ? '' : saved}`,
      );
    }
    await console.line(`Average: ${size(Math.trunc(original / histogram.count))}`);
    for (const line of histogram.lines(size)) await console.line(line);
  });
}
