import { openNamedBlob } from '../../../content/named-blob.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';

/** Blobs named after the hash of their bytes: indexes, compaction logs, session markers, logs. */
const named = /^(?:_log_|[nmls][0-9a-f]|x[nsr])/;

export async function run(context: Context): Promise<void> {
  const { args, flags, console } = context;
  await withRepository(context, async ({ repository: { storage, contents } }) => {
    for (const id of args) {
      const data = await storage.get(id);
      await console.bytes(
        flags.bool('decrypt') && named.test(id) ? await openNamedBlob(contents.crypto, id, data) : data,
      );
    }
  });
}
