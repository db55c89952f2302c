import { equalBytes, utf8 } from '../bytes/gather.ts';
import type { BlobMetadata, BlobStorage } from '../blob/storage.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { hmacSha256 } from '../kernels/derive.ts';
import { parseRepositoryBlob, REPOSITORY } from './repository-blob.ts';

/**
 * Finds the copy of kopia.repository that packs of repositories without password change begin with
 * (spec/repository-format.md section 8.2): `length(2, LE) || blob || HMAC-SHA256 || length(2, LE)`.
 */
const READ = 65536;
const MAC = 32;
/** Every pack has a copy or none has; this many without one are enough to know. */
const PACKS = 1000;

/** The copy at the start or the end of these bytes; undefined when there is none. */
export function findFormatCopy(bytes: Uint8Array): Uint8Array | undefined {
  return copyAt(bytes, 'start') ?? copyAt(bytes, 'end');
}

function copyAt(bytes: Uint8Array, side: 'start' | 'end'): Uint8Array | undefined {
  const at = side === 'start' ? 0 : bytes.length - 2;
  if (bytes.length < 4 + MAC) return undefined;
  const length = bytes[at] | (bytes[at + 1] << 8);
  if (length <= MAC || length > 65000 || length + 2 > bytes.length) return undefined;
  const body = side === 'start' ? bytes.subarray(2, 2 + length) : bytes.subarray(at - length, at);
  const blob = body.subarray(0, length - MAC);
  return equalBytes(hmacSha256(utf8('kopia-repository'), blob), body.subarray(length - MAC)) ? blob.slice() : undefined;
}

export interface FormatRecovery {
  blob: Uint8Array;
  /** Pack that the copy came from. */
  pack: string;
}

/** Looks into the newest packs first: their copies have the newest parameters. */
export async function recoverFormatBlob(
  storage: BlobStorage,
  prefixes: readonly string[] = ['p', 'q'],
  onPack?: (pack: string) => void,
): Promise<FormatRecovery> {
  const packs: BlobMetadata[] = [];
  for (const prefix of prefixes) for await (const blob of storage.list(prefix)) packs.push(blob);
  packs.sort((a, b) => (a.timestamp > b.timestamp ? -1 : a.timestamp < b.timestamp ? 1 : 0));
  for (const { id, length } of packs.slice(0, PACKS)) {
    onPack?.(id);
    const blob = await copyIn(storage, id, length);
    if (blob === undefined) continue;
    parseRepositoryBlob(blob);
    return { blob, pack: id };
  }
  throw new CairnError('not-a-repository', `no pack holds a copy of ${REPOSITORY}`, {
    data: { packs: packs.length },
    hint: "only repositories made with format version 1 carry copies; import one that 'cairn repository export-format' saved",
  });
}

async function copyIn(storage: BlobStorage, id: string, length: number): Promise<Uint8Array | undefined> {
  try {
    const size = Math.min(length, READ);
    const start = await storage.get(id, { offset: 0, length: size });
    const found = findFormatCopy(start);
    if (found !== undefined || size === length) return found;
    return findFormatCopy(await storage.get(id, { offset: length - size, length: size }));
  } catch (error) {
    if (isCairnError(error, 'blob-not-found') || isCairnError(error, 'invalid-range')) return undefined;
    throw error;
  }
}
