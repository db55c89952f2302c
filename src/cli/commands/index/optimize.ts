import { advanceWatermark, compactSingleEpoch } from '../../../content/index/compact-epochs.ts';
import { compactLegacyIndexes } from '../../../content/index/compact-legacy.ts';
import { parseContentId } from '../../../content/id.ts';
import { toSeconds } from '../../../bytes/time.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireDangerous, requireWritable } from '../../dangerous.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  requireDangerous(context);
  const age = flags.integer('drop-deleted-older-than');
  const dropContents = flags.texts('drop-contents').map(parseContentId);
  await withRepository(context, async ({ repository }) => {
    requireWritable(repository);
    const { state } = repository;
    const before = age === undefined || age === 0n ? undefined : toSeconds(state.ports.clock.now() - age);
    if (!repository.format.parameters.epochParameters.enabled) {
      const { inputs, outputs, deleted } = await compactLegacyIndexes(state, {
        maxSmallBlobs: flags.number('max-small-blobs')!,
        allIndexes: flags.bool('all'),
        dropDeletedBefore: before,
        dropContents,
      });
      console.info(
        `Merged ${inputs.length} index blobs into ${outputs.length}, deleted ${deleted.length} replaced ones.`,
      );
      return;
    }
    if (dropContents.length > 0)
      throw new CairnError('unsupported', 'repositories with epochs cannot drop single contents', {
        hint: "'cairn content delete' marks them, --drop-deleted-older-than hides what was marked",
      });
    if (before !== undefined && (await advanceWatermark(state, before)))
      console.info(`Dropped contents that were deleted until ${before}.`);
    for (let done = await compactSingleEpoch(state); done !== undefined; done = await compactSingleEpoch(state))
      console.info(`Compacted epoch ${done.epoch} (${done.supersededIndexBlobCount} index blobs).`);
  });
}
