/** `--prefix`, `--prefixed` and `--non-prefixed`. */
import { contentPrefix } from '../../../content/id.ts';
import type { ContentInfo } from '../../../content/types.ts';
import { CairnError } from '../../../errors.ts';
import type { Context } from '../../context.ts';

export function contentFilter({ flags }: Context): (info: ContentInfo) => boolean {
  const prefix = (flags.text('prefix') ?? '').toLowerCase();
  const prefixed = flags.bool('prefixed');
  const nonPrefixed = flags.bool('non-prefixed');
  if (!/^[g-z]?[0-9a-f]*$/.test(prefix))
    throw new CairnError('usage', `flag '--prefix' takes the beginning of a content ID, got '${prefix}'`);
  return ({ id }) =>
    id.startsWith(prefix) && (!prefixed || contentPrefix(id) !== '') && (!nonPrefixed || contentPrefix(id) === '');
}
