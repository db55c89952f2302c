import { CairnError } from '../../../errors.ts';
import { removeFilesFix, type Handling } from '../../../snapshot/fix.ts';
import type { Context } from '../../context.ts';
import { runFix } from './fix.ts';

export async function run(context: Context): Promise<void> {
  const { flags } = context;
  const [objectIds, names] = [flags.texts('object-id'), flags.texts('filename')];
  if (objectIds.length === 0 && names.length === 0)
    throw new CairnError('usage', 'must specify files to remove', { hint: 'by --object-id or --filename' });
  await runFix(context, (target, _, onStep) =>
    removeFilesFix(target, {
      objectIds,
      names,
      directoryHandling: flags.text('invalid-directory-handling') as Exclude<Handling, 'remove'>,
      onStep,
    }),
  );
}
