import { CairnError } from '../errors.ts';
import type { BlobRange, PutOptions } from './storage.ts';

/** The errors of the storage contract that every provider has to give alike. */

export function blobNotFound(id: string, cause?: unknown): CairnError {
  return new CairnError('blob-not-found', `blob ${id} not found`, { data: { id }, cause });
}

export function invalidRange(id: string, { offset, length }: BlobRange, size?: number): CairnError {
  const has = size === undefined ? '' : `, which has ${size} bytes`;
  return new CairnError('invalid-range', `invalid range of blob ${id}${has}: ${length} bytes from ${offset}`, {
    data: { id, offset, length, ...(size === undefined ? {} : { size }) },
  });
}

/** Refuses ranges that fit no blob. */
export function checkRange(id: string, range: BlobRange | undefined): void {
  if (range === undefined) return;
  const { offset, length } = range;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
    throw invalidRange(id, range);
}

/** Refuses options that a provider cannot keep. */
export function refuseOptions(type: string, options: PutOptions | undefined, names: (keyof PutOptions)[]): void {
  for (const name of names)
    if (options?.[name] !== undefined && options[name] !== false)
      throw new CairnError('unsupported', `storage of type ${type} does not support ${name} when a blob is put`, {
        data: { type, option: name },
      });
}
