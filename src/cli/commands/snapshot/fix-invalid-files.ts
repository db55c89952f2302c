import { invalidFilesFix, type Handling } from '../../../snapshot/fix.ts';
import type { Context } from '../../context.ts';
import { listPacks } from '../packs.ts';
import { percentOf } from '../percent.ts';
import { runFix } from './fix.ts';

export async function run(context: Context): Promise<void> {
  const { flags } = context;
  const filesPercent = percentOf(flags, 'verify-files-percent');
  await runFix(context, async (target, repository, onStep) => {
    const packs = await listPacks(repository.storage, repository.contents);
    return invalidFilesFix(target, {
      packs: packs.lengths,
      filesPercent,
      fileHandling: flags.text('invalid-file-handling') as Handling,
      directoryHandling: flags.text('invalid-directory-handling') as Exclude<Handling, 'remove'>,
      onStep,
    });
  });
}
