import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { Histogram } from '../../output/histogram.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  const size = (bytes: number) => (flags.bool('raw') ? String(bytes) : context.size(bytes));
  await withRepository(context, async ({ repository: { storage } }) => {
    const histogram = new Histogram();
    for await (const { length } of storage.list(flags.text('prefix') ?? '')) histogram.add(length);
    if (context.json) {
      const { count, total: bytes, average } = histogram;
      return console.json({ schema: 1, count, bytes, average, histogram: histogram.json() }, context.jsonIndent);
    }
    await console.line(`Count: ${histogram.count}`);
    await console.line(`Total: ${size(histogram.total)}`);
    if (histogram.count === 0) return;
    await console.line(`Average: ${size(histogram.average)}`);
    for (const line of histogram.lines(size)) await console.line(line);
  });
}
