import type { Batch, WholeFile } from './whole-file.ts';

/** A batch as it goes between threads: objects for each file would cost as much as writing it. */
export interface EncodedBatch {
  /** The temporary and the final path of each file, joined by NUL. */
  paths: string;
  /** Of each file: start, length, mode, owner, group, and owner and group of the mode; -1 for what is not set. */
  numbers: Float64Array;
  /** Of each file; 0 where it is not set. */
  mtimes: BigInt64Array;
  /** 1 for each file whose time is set. */
  timed: Uint8Array;
  buffer: ArrayBuffer;
  tolerant: boolean;
}

const NUMBERS = 7;

export function encodeBatch({ files, buffer, tolerant }: Batch): EncodedBatch {
  const paths: string[] = [];
  const numbers = new Float64Array(files.length * NUMBERS);
  const mtimes = new BigInt64Array(files.length);
  const timed = new Uint8Array(files.length);
  for (const [i, { temporary, path, start, length, attributes, modeOwner }] of files.entries()) {
    const { mode = -1, owner, mtime } = attributes;
    paths.push(temporary, path);
    const at = i * NUMBERS;
    numbers[at] = start;
    numbers[at + 1] = length;
    numbers[at + 2] = mode;
    numbers[at + 3] = owner?.uid ?? -1;
    numbers[at + 4] = owner?.gid ?? -1;
    numbers[at + 5] = modeOwner.uid;
    numbers[at + 6] = modeOwner.gid;
    if (mtime === undefined) continue;
    mtimes[i] = mtime;
    timed[i] = 1;
  }
  return { paths: paths.join('\0'), numbers, mtimes, timed, buffer, tolerant };
}

export function decodeBatch({ paths, numbers, mtimes, timed, buffer, tolerant }: EncodedBatch): Batch {
  const names = paths.split('\0');
  const files: WholeFile[] = [];
  for (let i = 0; i < mtimes.length; i++) {
    const [start, length, mode, uid, gid, modeUid, modeGid] = numbers.subarray(i * NUMBERS, (i + 1) * NUMBERS);
    files.push({
      temporary: names[2 * i],
      path: names[2 * i + 1],
      start,
      length,
      attributes: {
        mode: mode < 0 ? undefined : mode,
        owner: uid < 0 ? undefined : { uid, gid },
        mtime: timed[i] === 1 ? mtimes[i] : undefined,
      },
      modeOwner: { uid: modeUid, gid: modeGid },
    });
  }
  return { files, buffer, tolerant };
}
