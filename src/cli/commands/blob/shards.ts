import { reshard } from '../../../blob/reshard.ts';
import type { ShardLayout } from '../../../blob/sharded.ts';
import { CairnError } from '../../../errors.ts';
import type { Context } from '../../context.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, files, signal } = context;
  if (!flags.bool('i-am-sure-kopia-is-not-running'))
    throw new CairnError('usage', 'no program may use the repository meanwhile: pass --i-am-sure-kopia-is-not-running');
  const dryRun = flags.bool('dry-run');
  const result = await reshard({
    files,
    path: flags.text('path')!,
    change: (layout) => changed(context, layout),
    dryRun,
    signal,
    onMove: (from, to) => console.info(`${dryRun ? 'would move' : 'mv'} ${from} ${to}`),
  });
  if (result.resumed) console.warning('an earlier run had been stopped; its layout was used');
  console.info(`${dryRun ? 'Would move' : 'Moved'} ${result.moved} files, ${result.unchanged} unchanged.`);
  if (!dryRun) console.info(`Removed ${result.removedDirectories} empty directories.`);
}

function changed({ flags }: Context, layout: ShardLayout): ShardLayout {
  const shards = flags.text('default-shards');
  const removed = new Set(flags.texts('remove-override'));
  const added = flags.texts('override').map((text) => {
    const [prefix, lengths, more] = text.split('=');
    if (lengths === undefined || more !== undefined || prefix === '')
      throw new CairnError('usage', `flag '--override' takes prefix=n1,n2, got '${text}'`);
    return { prefix, shards: lengthsOf(lengths) };
  });
  const replaced = new Set([...removed, ...added.map(({ prefix }) => prefix)]);
  return {
    shards: shards === undefined || shards === '' ? layout.shards : lengthsOf(shards),
    maxNonShardedLength: flags.number('unsharded-length') ?? layout.maxNonShardedLength,
    overrides: [...layout.overrides.filter(({ prefix }) => !replaced.has(prefix)), ...added],
  };
}

function lengthsOf(text: string): number[] {
  if (text === 'flat') return [];
  const lengths = text.split(',').map(Number);
  if (lengths.some((length) => !Number.isInteger(length) || length < 1 || length > 32))
    throw new CairnError('usage', `invalid shards '${text}': numbers from 1 to 32 such as 1,3, or flat`);
  return lengths;
}
