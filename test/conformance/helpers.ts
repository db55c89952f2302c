import type { BlobStorage } from '../../src/blob/storage.ts';
import { CairnError } from '../../src/errors.ts';

/** Bytes that differ from place to place and from seed to seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let x = seed * 2654435761;
  for (let i = 0; i < length; i++) bytes[i] = (x = (Math.imul(x, 1103515245) + 12345) >>> 0) >>> 24;
  return bytes;
}

export async function listed(store: BlobStorage, prefix = ''): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.list(prefix)) ids.push(id);
  return ids.toSorted();
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return error instanceof CairnError ? error.code : `not a CairnError: ${String(error)}`;
  }
}
