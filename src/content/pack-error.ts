import { CairnError, isCairnError } from '../errors.ts';
import type { ContentInfo } from './types.ts';

/** Says which content is damaged, and where it is stored. */
export function damaged(
  { id, packBlob: pack, packOffset: offset, packedLength: length }: ContentInfo,
  cause: unknown,
): unknown {
  if (!isCairnError(cause)) return cause;
  return new CairnError(
    cause.code,
    `content ${id} is damaged (${pack}, offset ${offset}, length ${length}): ${cause.message}`,
    { cause, data: { id, pack, offset, length } },
  );
}

/** Tells a missing or short pack apart from other failures of the storage. */
export function packError(info: ContentInfo, cause: unknown): unknown {
  if (!isCairnError(cause)) return cause;
  const data = { id: info.id, pack: info.packBlob };
  if (cause.code === 'blob-not-found')
    return new CairnError('corrupt', `content ${info.id} is lost: its pack ${info.packBlob} is missing`, {
      cause,
      data,
    });
  if (cause.code === 'invalid-range')
    return new CairnError('corrupt', `content ${info.id} is lost: its pack ${info.packBlob} is cut off`, {
      cause,
      data,
    });
  return cause;
}
