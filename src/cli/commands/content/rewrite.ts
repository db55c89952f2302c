import { parseContentId } from '../../../content/id.ts';
import { chooseContents, rewriteContents } from '../../../content/rewrite.ts';
import type { ContentInfo } from '../../../content/types.ts';
import { toSeconds } from '../../../bytes/time.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireDangerous, requireWritable } from '../../dangerous.ts';
import { contentFilter } from './range.ts';

/** Contents younger than this stay, so that no upload of the moment is disturbed. */
const MIN_AGE_SECONDS = 2 * 3600;

export async function run(context: Context): Promise<void> {
  const { args, flags, console, signal } = context;
  requireDangerous(context);
  const ids = args.map(parseContentId);
  const version = flags.number('format-version')!;
  const choice = {
    ids: ids.length === 0 ? undefined : ids,
    shortPacks: flags.bool('short'),
    formatVersion: version < 0 ? undefined : version,
    packPrefix: flags.text('pack-prefix'),
    filter: contentFilter(context),
  };
  if (choice.ids === undefined && !choice.shortPacks && choice.formatVersion === undefined)
    throw new CairnError('usage', 'nothing chosen: name contents, or pass --short or --format-version');
  await withRepository(context, async ({ repository }) => {
    requireWritable(repository);
    const { contents, format, state } = repository;
    const { entries } = contents.index;
    const chosen = chooseContents(entries, choice, format.parameters.maxPackSize);
    const line = ({ id, packedLength, packBlob, deleted }: ContentInfo) =>
      `Rewriting content ${id} (${packedLength} bytes) from pack ${packBlob}${deleted ? ' (deleted)' : ''}`;
    const minAge = flags.text('safety') === 'none' ? 0 : MIN_AGE_SECONDS;
    const before = toSeconds(state.ports.clock.now()) - minAge;
    if (flags.bool('dry-run')) {
      for (const at of chosen) if (entries.timestamp(at) <= before) console.info(line(entries.info(at)));
      return;
    }
    const session = repository.writeSession();
    const stats = await rewriteContents(contents, session.contents, chosen, {
      before,
      signal,
      onContent: (info) => console.debug(line(info)),
      onError: (info, error) => console.error(`unable to rewrite content ${info.id}: ${error.message}`),
    });
    await session.close();
    console.info(
      `Rewrote ${stats.rewritten.count} contents (${context.size(stats.rewritten.bytes)}), left ${stats.retained.count} recent ones.`,
    );
    if (stats.failed > 0)
      throw new CairnError('verification-failed', `failed to rewrite ${stats.failed} contents`, {
        hint: "they stay where they are; 'cairn snapshot verify' tells which files need them",
      });
  });
}
