/** Which compressor a file gets (spec/snapshots-and-policies.md section 8.4). Empty text is none. */
import { compareNames } from '../bytes/name.ts';
import type { CompressionPolicy, Large, Policy } from './policy.ts';

export function compressorForFile(policy: CompressionPolicy, name: string, size: Large): string {
  const compressor = policy.compressorName ?? '';
  if (compressor === '' || compressor === 'none') return '';
  if (policy.minSize && policy.minSize > 0 && size < policy.minSize) return '';
  if (policy.maxSize && policy.maxSize > 0 && size > policy.maxSize) return '';
  const only = policy.onlyCompress ?? [];
  const never = policy.neverCompress ?? [];
  if (only.length === 0 && never.length === 0) return compressor;
  const extension = name.slice(name.lastIndexOf('.') >>> 0);
  // Kopia's quirk, kept: the list restricts nothing, it only overrides the other one.
  if (isInSorted(only, extension)) return compressor;
  return isInSorted(never, extension) ? '' : compressor;
}

/** Compressor of directories and of other metadata. */
export function metadataCompressor(policy: Policy): string {
  const compressor = policy.metadataCompression.compressorName ?? '';
  return compressor === 'none' ? '' : compressor;
}

/** Binary search, as Kopia does: in a list that is not sorted it may miss. */
function isInSorted(list: readonly string[], text: string): boolean {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareNames(list[middle], text) < 0) low = middle + 1;
    else high = middle;
  }
  return list[low] === text;
}
