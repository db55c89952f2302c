import { listLogs, readLog } from '../../../content/logs.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { selectedLogs, selects, shortId } from './select.ts';

export async function run(context: Context): Promise<void> {
  const { args, console } = context;
  await withRepository(context, async ({ repository }) => {
    let logs = await selectedLogs(context, repository);
    if (args.length > 0) {
      const all = await listLogs(repository.contents);
      logs = args.map((id) => {
        const found = all.find((log) => shortId(log) === id || log.id === id);
        if (found === undefined)
          throw new CairnError('entry-not-found', `no log '${id}'`, { hint: "'cairn logs list' shows them" });
        return found;
      });
    } else if (!selects(context)) logs = logs.slice(-1);
    if (logs.length === 0) throw new CairnError('entry-not-found', 'no logs found');
    for (const { segments } of logs)
      for (const { id } of segments) await console.bytes(await readLog(repository.contents, id));
  });
}
