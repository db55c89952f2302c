import { isCairnError } from '../errors.ts';
import { compressorByName } from '../kernels/compressors.ts';
import { isSplitterName } from '../kernels/splitter.ts';

/** Header ID of a policy's compressor; an unknown or unwritable one is none, as in Kopia (snapshots spec section 8.4). */
export function compressionId(name: string): number {
  if (name === '') return 0;
  try {
    const info = compressorByName(name);
    return info.writable ? info.id : 0;
  } catch (error) {
    if (isCairnError(error, 'unknown-algorithm')) return 0;
    throw error;
  }
}

/** A policy's splitter; none or an unknown one is the repository's. */
export function splitterName(wanted: string | undefined, standard: string): string {
  return wanted !== undefined && isSplitterName(wanted) ? wanted : standard;
}
