import { parseContentId } from '../../../content/id.ts';
import { requireWhole } from '../../../content/whole.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireDangerous, requireWritable } from '../../dangerous.ts';

export async function run(context: Context): Promise<void> {
  const { args } = context;
  requireDangerous(context);
  const ids = args.map(parseContentId);
  await withRepository(context, async ({ repository }) => {
    requireWritable(repository);
    requireWhole(repository);
    for (const id of ids) repository.contents.require(id);
    const session = repository.writeSession();
    for (const id of ids) await session.contents.delete(id);
    await session.close();
  });
}
