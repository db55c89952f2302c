import { commitRecovery, missingEntries, recoverIndex } from '../../../content/recover.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireDangerous, requireWritable } from '../../dangerous.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, signal } = context;
  const deleteIndexes = flags.bool('delete-indexes');
  const commit = flags.bool('commit');
  if (deleteIndexes) requireDangerous(context);
  const given = (name: string) => (flags.texts(name).length === 0 ? undefined : flags.texts(name));
  await withRepository(context, async ({ repository }) => {
    if (commit) requireWritable(repository);
    let packs = 0;
    let found = 0;
    const progress = context.progress(() => ({
      text: `Recovered ${found} index entries from ${packs} blobs`,
      done: packs,
      json: { packs, found },
    }));
    let recovery;
    try {
      recovery = await recoverIndex(repository.state, {
        blobs: given('blobs'),
        prefixes: given('blob-prefixes'),
        parallel: flags.number('parallel'),
        ignoreErrors: flags.bool('ignore-errors'),
        signal,
        onPack: (_, contents) => {
          packs++;
          found += contents;
        },
      });
    } finally {
      await progress.finish();
    }
    for (const { error } of recovery.failures) console.warning(error.message);
    const missing = missingEntries(recovery);
    const lost = `${missing.length} of them in no index`;
    if (!commit) {
      console.info(
        `Found ${recovery.usable.length} contents to recover from ${recovery.packs} blobs, ${lost}, but not committed. Re-run with --commit`,
      );
      return;
    }
    const { written, deleted } = await commitRecovery(repository.state, recovery, { deleteIndexes });
    console.info(`Recovered ${written} contents from ${recovery.packs} blobs (${lost} before).`);
    if (deleted.length > 0) console.info(`Deleted ${deleted.length} old index blobs.`);
    for (const problem of repository.problems)
      console.hint(
        `${String(problem.data.blob)} is still there and damaged: 'cairn blob delete --dangerous-commands=enabled ${String(problem.data.blob)}' removes it`,
      );
  });
}
