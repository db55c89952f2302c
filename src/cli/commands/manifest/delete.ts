import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { requireDangerous, requireWritable } from '../../dangerous.ts';

export async function run(context: Context): Promise<void> {
  requireDangerous(context);
  await withRepository(context, async ({ repository }) => {
    requireWritable(repository);
    for (const id of context.args) await repository.manifests.get(id);
    const session = repository.writeSession();
    for (const id of context.args) await session.manifests.delete(id);
    await session.close();
  });
}
