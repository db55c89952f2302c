import type { BlobMetadata, BlobStorage } from '../blob/storage.ts';
import { equalBytes } from '../bytes/gather.ts';
import { CairnError } from '../errors.ts';
import { openBytes, type ContentCrypto } from './crypto.ts';
import type { EntryList } from './index/entries.ts';
import { readIndex } from './index/read.ts';
import { decodePostamble } from './pack-file.ts';

/** What is read from the end of a pack first: nearly every local index lies in it. */
const TAIL = 8192;

/**
 * The local index at the end of a pack (spec/repository-format.md sections 8.4, 8.5). The postamble proves nothing; what
 * it points to must decrypt, and its hash must be the one that the postamble gives.
 */
export async function readLocalIndex(
  storage: BlobStorage,
  crypto: ContentCrypto,
  pack: BlobMetadata,
): Promise<EntryList> {
  try {
    return await read(storage, crypto, pack);
  } catch (cause) {
    if (!(cause instanceof CairnError) || !['corrupt', 'authentication-failed', 'invalid-range'].includes(cause.code))
      throw cause;
    throw new CairnError(
      'corrupt',
      `the index at the end of pack ${pack.id} (${pack.length} bytes) cannot be read: ${cause.message}`,
      {
        cause,
        data: { pack: pack.id, length: pack.length },
      },
    );
  }
}

async function read(storage: BlobStorage, crypto: ContentCrypto, { id, length }: BlobMetadata): Promise<EntryList> {
  if (length === 0) throw new CairnError('corrupt', 'the pack is empty');
  const tailLength = Math.min(TAIL, length);
  const tail = await storage.get(id, { offset: length - tailLength, length: tailLength });
  const postamble = decodePostamble(tail);
  if (postamble.length === 0 || postamble.offset + postamble.length > length)
    throw new CairnError('corrupt', 'damaged pack postamble: the index lies outside the pack');
  const tailStart = length - tailLength;
  const sealed =
    postamble.offset >= tailStart
      ? tail.subarray(postamble.offset - tailStart, postamble.offset - tailStart + postamble.length)
      : await storage.get(id, { offset: postamble.offset, length: postamble.length });
  const plain = await openBytes(crypto, postamble.id, sealed);
  if (!equalBytes(crypto.hasher.hash(plain), postamble.id)) throw new CairnError('corrupt', 'its hash does not match');
  const entries = readIndex(plain);
  if (entries.count > 0 && entries.keySize !== crypto.hasher.size + 1)
    throw new CairnError(
      'corrupt',
      `its keys have ${entries.keySize} bytes, the repository's ${crypto.hasher.size + 1}`,
    );
  for (let at = 0; at < entries.count; at++)
    if (entries.packName(at) === id && entries.offset(at) + entries.packedLength(at) > postamble.offset)
      throw new CairnError('corrupt', 'an entry lies outside the pack');
  return entries;
}
