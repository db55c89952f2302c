import { CairnError } from '../../../errors.ts';
import { formatSource, parseSource } from '../../../policy/source.ts';
import { migratePolicies, migrateSnapshots, type MigrateStep } from '../../../repository/migrate.ts';
import { listSources } from '../../../snapshot/store.ts';
import { openConnected, withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { absolutePath } from '../../config/paths.ts';
import { sourceContext } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, environment, files, ports, signal, times, size } = context;
  if (flags.bool('all') === flags.texts('sources').length > 0)
    throw new CairnError('usage', "must specify either '--all' or '--sources'");
  const file = absolutePath(flags.text('source-config')!, environment.currentDirectory(), files.separator);
  await withRepository(context, async ({ repository }) => {
    const { repository: from } = await openConnected(context, file);
    try {
      const known = sourceContext(context, repository);
      const sources = flags.bool('all')
        ? await listSources(from.manifests)
        : flags.texts('sources').map((text) => parseSource(text, known));
      const session = repository.writeSession();
      const policies = flags.bool('policies')
        ? await migratePolicies(from.manifests, session.manifests, flags.bool('all') ? undefined : sources, {
            overwrite: flags.bool('overwrite-policies'),
            clock: ports.clock,
          })
        : [];
      for (const { target, action } of policies)
        console.info(
          action === 'copied'
            ? `Set policy for ${formatSource(target)}`
            : `policy of ${formatSource(target)}: ${action}`,
        );
      let bytes = 0;
      let done = 0;
      const progress = context.progress(() => ({
        text: `Copied ${done} files (${size(bytes)})`,
        done: bytes,
        json: { files: done, bytes },
      }));
      let steps;
      try {
        steps = await migrateSnapshots(from, session, sources, {
          latestOnly: flags.bool('latest-only'),
          parallel: Math.max(1, flags.number('parallel')!),
          applyIgnoreRules: flags.bool('apply-ignore-rules'),
          onSnapshot: (step) => console.info(describe(step, times.text(step.snapshot.startTime))),
          onFile: (length) => (done++, (bytes += length)),
          onFailure: (path, error) => console.error(` ! Error when processing "${path}": ${error.message}`),
          signal,
        });
      } finally {
        await progress.finish();
      }
      await session.close();
      if (context.json) await console.json(resultJson(steps, policies), context.jsonIndent);
      const failed = steps.filter(
        ({ action, saved }) => action === 'failed' || (saved?.rootEntry?.summary?.numFailed ?? 0) > 0,
      );
      if (failed.length > 0)
        throw new CairnError('partial', `${failed.length} snapshot(s) could not be copied as a whole`, {
          hint: "'cairn snapshot verify' on the other repository tells what is damaged there",
        });
    } finally {
      await from.close();
    }
  });
}

function describe({ snapshot, action, error }: MigrateStep, time: string): string {
  const name = `snapshot of ${formatSource(snapshot.source)} at ${time}`;
  return action === 'copied'
    ? `Migrated ${name}`
    : action === 'present'
      ? `Already there: ${name}`
      : `Failed: ${name}: ${error!.message}`;
}

function resultJson(steps: readonly MigrateStep[], policies: Awaited<ReturnType<typeof migratePolicies>>) {
  return {
    schema: 1,
    snapshots: steps.map(({ snapshot, action, saved, error }) => ({
      id: snapshot.id,
      source: formatSource(snapshot.source),
      action,
      newId: saved?.id,
      root: saved?.rootEntry?.objectId,
      error: error?.message,
    })),
    policies: policies.map(({ target, action }) => ({ target: formatSource(target), action })),
  };
}
