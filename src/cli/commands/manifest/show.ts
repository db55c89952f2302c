import { indentJson } from '../../../bytes/json.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';
import { manifestJson } from './list.ts';

export async function run(context: Context): Promise<void> {
  const { args, console, times } = context;
  await withRepository(context, async ({ repository: { manifests } }) => {
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const id of args) {
      const { metadata, data } = await manifests.get(id);
      if (list !== undefined) {
        await list.add({ ...manifestJson(metadata), data });
        continue;
      }
      await console.line(`// id: ${metadata.id}`);
      await console.line(`// length: ${metadata.length}`);
      await console.line(`// modified: ${times.text(metadata.modified)}`);
      for (const [key, value] of Object.entries(metadata.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        await console.line(`// label ${key}:${value}`);
      await console.line(indentJson(data));
    }
    await list?.end();
  });
}
