import { parseContentId } from '../../../content/id.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { showBytes } from '../../output/show-bytes.ts';

const GZIP = 0x1000;
/** Inflated size of one content at most. */
const LIMIT = 512 << 20;

export async function run(context: Context): Promise<void> {
  const { args, flags, console } = context;
  const ids = args.map(parseContentId);
  if (ids.includes('')) throw new CairnError('invalid-argument', 'a content ID must not be empty');
  await withRepository(context, async ({ repository: { contents } }) => {
    for (const id of ids) {
      let data = await contents.read(id);
      if (flags.bool('unzip')) data = (await contents.crypto.compressors.byId(GZIP)).decompress(data, LIMIT);
      await showBytes(console, data, flags.bool('json'));
    }
  });
}
