import type { BlobStorage } from '../blob/storage.ts';
import { Budget } from '../bytes/parallel.ts';
import { isCairnError } from '../errors.ts';
import { packError } from './pack-error.ts';
import type { ContentInfo, EachContent, ReadManyOptions } from './types.ts';

/** Bytes asked for in one request at most, and the gap that is read along rather than asked around. */
const MAX_REQUEST = 8 << 20;
const MAX_GAP = 64 << 10;
/** Packed bytes in flight over all requests. */
const IN_FLIGHT = 32 << 20;
const LANES = 6;

interface Range {
  pack: string;
  offset: number;
  length: number;
  contents: ContentInfo[];
}

/** Neighbouring contents of a pack become one range. */
export function planRanges(infos: readonly ContentInfo[]): Range[] {
  const sorted = [...infos].sort((a, b) =>
    a.packBlob === b.packBlob ? a.packOffset - b.packOffset : a.packBlob < b.packBlob ? -1 : 1,
  );
  const ranges: Range[] = [];
  let last: Range | undefined;
  for (const info of sorted) {
    const end = info.packOffset + info.packedLength;
    if (
      last !== undefined &&
      last.pack === info.packBlob &&
      info.packOffset - (last.offset + last.length) <= MAX_GAP &&
      end - last.offset <= MAX_REQUEST
    ) {
      last.length = Math.max(last.length, end - last.offset);
      last.contents.push(info);
    } else {
      last = { pack: info.packBlob, offset: info.packOffset, length: info.packedLength, contents: [info] };
      ranges.push(last);
    }
  }
  return ranges;
}

/** Memory that a lane uses again for what comes next. */
class Reused {
  #bytes = new Uint8Array(0);

  atLeast(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(Math.max(length, Math.min(length * 2, MAX_REQUEST)));
    return this.#bytes;
  }
}

/** What one lane reads into and opens into. */
interface Lane {
  packed: Reused;
  plain: Reused;
}

/** The engine of `ContentReader.readMany`. */
export async function readRanges(
  storage: BlobStorage,
  ids: Iterable<string>,
  require: (id: string) => ContentInfo,
  open: (info: ContentInfo, packed: Uint8Array, into?: Uint8Array) => Uint8Array | Promise<Uint8Array>,
  each: EachContent,
  { transient = false }: ReadManyOptions = {},
): Promise<void> {
  const infos: ContentInfo[] = [];
  for (const id of new Set(ids)) {
    try {
      infos.push(require(id));
    } catch (error) {
      await each(id, error as Error);
    }
  }
  const budget = new Budget(IN_FLIGHT);
  /** Without a promise where nothing has to wait: one costs as much as opening a small content. */
  const openNow = (info: ContentInfo, packed: Uint8Array, { plain }: Lane): void | Promise<void> => {
    let data: Uint8Array | Error | Promise<Uint8Array>;
    try {
      data = open(info, packed, transient ? plain.atLeast(info.packedLength) : undefined);
    } catch (error) {
      data = packError(info, error) as Error;
    }
    if (!(data instanceof Promise)) return each(info.id, data);
    const failed = (error: unknown) => packError(info, error) as Error;
    return data.catch(failed).then((result) => each(info.id, result));
  };
  const alone = async (info: ContentInfo, lane: Lane) => {
    let packed: Uint8Array;
    try {
      packed = await storage.get(info.packBlob, { offset: info.packOffset, length: info.packedLength });
    } catch (error) {
      return each(info.id, packError(info, error) as Error);
    }
    await openNow(info, packed, lane);
  };
  const fetchRange = async (range: Range, lane: Lane) => {
    let bytes: Uint8Array;
    try {
      const { offset, length } = range;
      bytes = await storage.get(range.pack, { offset, length, into: lane.packed.atLeast(length) });
    } catch (error) {
      // a cut-off pack may still hold the first contents of the range
      const single = isCairnError(error, 'invalid-range') && range.contents.length > 1;
      for (const info of range.contents)
        await (single ? alone(info, lane) : each(info.id, packError(info, error) as Error));
      return;
    }
    for (const info of range.contents) {
      const start = info.packOffset - range.offset;
      const opened = openNow(info, bytes.subarray(start, start + info.packedLength), lane);
      if (opened !== undefined) await opened;
    }
  };
  const ranges = planRanges(infos);
  let next = 0;
  let failed = false;
  const work = async () => {
    const lane = { packed: new Reused(), plain: new Reused() };
    while (next < ranges.length && !failed) {
      const range = ranges[next++];
      await budget.acquire(range.length);
      try {
        await fetchRange(range, lane);
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        budget.release(range.length);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, ranges.length) }, work));
}
