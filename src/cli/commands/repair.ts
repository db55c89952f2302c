/** Lists what is damaged and, with --commit, mends what can be mended. */
import { findDamage, mendDamage } from '../../content/recover-damaged.ts';
import { ContentStore } from '../../content/store.ts';
import { commitRecovery, recoverIndex } from '../../content/recover.ts';
import { CairnError } from '../../errors.ts';
import { Repository } from '../../repository/repository.ts';
import { withRepository } from '../connection.ts';
import type { Context } from '../context.ts';
import { requireWritable } from '../dangerous.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, signal } = context;
  const commit = flags.bool('commit');
  await withRepository(context, async ({ repository }) => {
    if (commit) requireWritable(repository);
    // What the storage holds counts, not what a cache still knows of it.
    const contents = await ContentStore.open({ ...repository.contents.options, cache: undefined });
    const state = { ...repository.state, contents };
    const recovery = await recoverIndex(state, { ignoreErrors: true, parallel: 8, signal });
    if (recovery.missing.length > 0) console.info(`${recovery.missing.length} contents are in packs and in no index.`);
    if (commit && recovery.missing.length > 0) {
      await commitRecovery(state, recovery);
      console.info('They are in the index again.');
    }
    let checked = 0;
    const progress = context.progress(() => ({
      text: `Checked ${checked} of ${contents.index.count} contents`,
      done: checked,
      json: { checked },
    }));
    const report = await findDamage(state, { signal, onContent: () => checked++ }).finally(() => progress.finish());
    for (const { info, shards } of report.contents)
      console.info(`content ${info.id} in ${info.packBlob}: ${shards} shard(s) damaged, repairable`);
    for (const { blob, shards } of report.blobs)
      console.info(`blob ${blob.id}: ${shards} shard(s) damaged, repairable`);
    for (const { error } of report.lost) console.error(error.message);
    for (const { error } of report.lostBlobs) console.error(error.message);
    const repairable = report.contents.length + report.blobs.length;
    console.info(`Checked ${report.checkedContents} contents and ${report.checkedBlobs} index, session and log blobs.`);
    if (context.json)
      await console.json(
        {
          checkedContents: report.checkedContents,
          checkedBlobs: report.checkedBlobs,
          missingFromIndex: recovery.missing.length,
          repairableContents: report.contents.map(({ info }) => info.id),
          repairableBlobs: report.blobs.map(({ blob }) => blob.id),
          lostContents: report.lost.map(({ info }) => info.id),
          lostBlobs: report.lostBlobs.map(({ blob }) => blob.id),
        },
        context.jsonIndent,
      );
    if (commit && repairable > 0) {
      const mended = await mendDamage(state, new Repository(state).writeSession().contents, report, signal);
      console.info(`Repaired ${mended.contents} contents and ${mended.blobs} blobs.`);
    } else if (repairable > 0 || (!commit && recovery.missing.length > 0)) console.info('Pass --commit to repair.');
    const lost = report.lost.length + report.lostBlobs.length;
    if (lost > 0)
      throw new CairnError('verification-failed', `${lost} contents or blobs are damaged beyond repair`, {
        data: { contents: report.lost.length, blobs: report.lostBlobs.length },
        hint: "'cairn snapshot verify' tells which files need them; backing those files up again stores them anew",
      });
  });
}
