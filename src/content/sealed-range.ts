import { CairnError, isCairnError, type ErrorCode } from '../errors.ts';
import { openStored, type ContentCrypto } from './crypto.ts';
import { cipherId, contentKey } from './id.ts';
import { damaged } from './pack-error.ts';
import type { ContentInfo } from './types.ts';

/** Contents of one range of a pack on their way to a thread that opens them. Its buffers come back with what they hold then. */
export interface SealedRange {
  packed: ArrayBuffer;
  /** Takes what was compressed, one content after the other. */
  inflated: ArrayBuffer;
  /** The cipher's id of each content, 16 bytes. */
  ids: Uint8Array;
  /** Four numbers a content: offset and length in `packed`, length of the plaintext, compression header ID. */
  forms: Uint32Array;
}

/** What became of it, in its order. */
export interface OpenedRange {
  packed: ArrayBuffer;
  inflated: ArrayBuffer;
  /** Two numbers a content: where its bytes begin, below zero as `~start` in `inflated`; and how many there are. */
  places: Int32Array;
  failures: RangeFailure[];
  /** Shards that error correction had to rebuild. */
  repaired: number;
}

interface RangeFailure {
  at: number;
  code?: ErrorCode;
  message: string;
}

/** Threads that open contents for this one. */
export interface Opener {
  /** Undefined while no thread is ready, or it would not be worth one. Rejects when one died, which is no content's fault. */
  open(range: SealedRange): Promise<OpenedRange> | undefined;
}

const ID = 16;

/** Describes the contents of `packed`, which begins at `offset` of the pack; undefined when that cannot be done. */
export function describeRange(
  contents: readonly ContentInfo[],
  offset: number,
): Pick<SealedRange, 'ids' | 'forms'> | undefined {
  const ids = new Uint8Array(contents.length * ID);
  const forms = new Uint32Array(contents.length * 4);
  for (const [i, { id, packOffset, packedLength, originalLength, compression }] of contents.entries()) {
    const key = cipherId(contentKey(id).subarray(1));
    if (key.length !== ID) return undefined;
    ids.set(key, i * ID);
    forms[i * 4] = packOffset - offset;
    forms[i * 4 + 1] = packedLength;
    forms[i * 4 + 2] = originalLength;
    forms[i * 4 + 3] = compression;
  }
  return { ids, forms };
}

/** The work of the other thread: opens each content in place of its stored bytes, or into `inflated`. */
export async function openRange(
  crypto: ContentCrypto,
  { packed, inflated, ids, forms }: SealedRange,
): Promise<OpenedRange> {
  const count = forms.length / 4;
  const places = new Int32Array(count * 2);
  const failures: RangeFailure[] = [];
  const repairedBefore = crypto.repaired;
  let used = 0;
  for (let i = 0; i < count; i++) {
    const [start, length, originalLength, compression] = forms.subarray(i * 4, i * 4 + 4);
    const into = compression === 0 ? undefined : new Uint8Array(inflated, used, originalLength);
    try {
      const opening = openStored(
        crypto,
        ids.subarray(i * ID, (i + 1) * ID),
        new Uint8Array(packed, start, length),
        { originalLength, compression },
        { inPlace: true, into },
      );
      const data = opening instanceof Promise ? await opening : opening;
      places[i * 2 + 1] = data.length;
      if (into !== undefined) {
        if (data.buffer !== inflated) into.set(data);
        places[i * 2] = ~used;
        used += data.length;
      } else if (data.buffer === packed) places[i * 2] = data.byteOffset;
      else {
        new Uint8Array(packed, start, data.length).set(data);
        places[i * 2] = start;
      }
    } catch (error) {
      const { message } = error as Error;
      failures.push({ at: i, code: isCairnError(error) ? error.code : undefined, message });
    }
  }
  return { packed, inflated, places, failures, repaired: crypto.repaired - repairedBefore };
}

/** The contents of an opened range, as they would have been opened here. */
export function* openedContents(
  contents: readonly ContentInfo[],
  { packed, inflated, places, failures }: OpenedRange,
): Generator<[ContentInfo, Uint8Array | Error], void, undefined> {
  let next = 0;
  for (const [i, info] of contents.entries()) {
    const failure = failures[next];
    if (failure?.at === i) {
      next++;
      const cause =
        failure.code === undefined ? new Error(failure.message) : new CairnError(failure.code, failure.message);
      yield [info, damaged(info, cause) as Error];
      continue;
    }
    const start = places[i * 2];
    yield [
      info,
      start < 0
        ? new Uint8Array(inflated, ~start, places[i * 2 + 1])
        : new Uint8Array(packed, start, places[i * 2 + 1]),
    ];
  }
}
