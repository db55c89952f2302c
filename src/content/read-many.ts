import type { BlobStorage } from '../blob/storage.ts';
import { Budget } from '../bytes/parallel.ts';
import { isCairnError } from '../errors.ts';
import type { ContentCrypto, OpenSpace } from './crypto.ts';
import { packError } from './pack-error.ts';
import { planRanges, type Range, type RangeLimits } from './ranges.ts';
import { SpareBuffers } from './spare-buffers.ts';
import { describeRange, openedContents, type OpenedRange, type Opener } from './sealed-range.ts';
import type { ContentInfo, EachContent, ReadManyOptions } from './types.ts';

/** Bytes in flight over all requests, packed and inflated. */
const IN_FLIGHT = 32 << 20;
const LANES = 6;
/** Bytes asked for in one request at most. */
const ALONE: RangeLimits = { bytes: 8 << 20, inflated: Infinity, contents: Infinity };
/** With threads that open: little enough that all of them have something to do. */
const SHARED: RangeLimits = { bytes: 4 << 20, inflated: 8 << 20, contents: 2048 };

/** Room that is made on the word of an index entry, which may be damaged. */
const MOST_AHEAD = IN_FLIGHT;

/** What contents are read from. */
export interface RangeSource {
  readonly storage: BlobStorage;
  readonly crypto: ContentCrypto;
  require(id: string): ContentInfo;
  openContent(info: ContentInfo, packed: Uint8Array, space?: OpenSpace): Uint8Array | Promise<Uint8Array>;
}

/** The engine of `ContentReader.readMany`. */
export async function readRanges(
  source: RangeSource,
  ids: Iterable<string>,
  each: EachContent,
  options: ReadManyOptions = {},
): Promise<void> {
  const infos: ContentInfo[] = [];
  for (const id of new Set(ids)) {
    try {
      infos.push(source.require(id));
    } catch (error) {
      await each(id, error as Error);
    }
  }
  const opener = options.transient ? options.opener : undefined;
  const reading = new Reading(source, each, options.transient ?? false, opener);
  const ranges = planRanges(infos, opener === undefined ? ALONE : SHARED);
  const budget = new Budget(IN_FLIGHT);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < ranges.length && !failed) {
      const range = ranges[next++];
      const cost = range.length + (opener === undefined ? 0 : range.inflated);
      await budget.acquire(cost);
      try {
        await reading.range(range);
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        budget.release(cost);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, ranges.length) }, lane));
}

class Reading {
  readonly #source: RangeSource;
  readonly #each: EachContent;
  readonly #transient: boolean;
  readonly #opener: Opener | undefined;
  readonly #spare = new SpareBuffers(IN_FLIGHT);

  constructor(source: RangeSource, each: EachContent, transient: boolean, opener: Opener | undefined) {
    this.#source = source;
    this.#each = each;
    this.#transient = transient;
    this.#opener = opener;
  }

  async range(range: Range): Promise<void> {
    const { pack, offset, length, contents } = range;
    let buffer: ArrayBuffer | undefined;
    try {
      buffer = this.#spare.take(length);
      const into = new Uint8Array(buffer, 0, length);
      const bytes = await this.#source.storage.get(pack, { offset, length, into });
      // what belongs to someone else stays as it is
      if (bytes.buffer !== buffer) into.set(bytes);
    } catch (error) {
      if (buffer !== undefined) this.#spare.put(buffer);
      // a cut-off pack may still hold the first contents of the range
      const single = isCairnError(error, 'invalid-range') && contents.length > 1;
      for (const info of contents)
        await (single ? this.#alone(info) : this.#each(info.id, packError(info, error) as Error));
      return;
    }
    const opened = await this.#elsewhere(range, buffer);
    if (opened === undefined) await this.#here(range, buffer);
    else {
      buffer = opened.packed;
      this.#source.crypto.repaired += opened.repaired;
      for (const [info, data] of openedContents(contents, opened)) {
        const done = this.#each(info.id, data);
        if (done !== undefined) await done;
      }
      this.#spare.put(opened.inflated);
    }
    this.#spare.put(buffer);
  }

  #elsewhere({ contents, offset, length, inflated }: Range, packed: ArrayBuffer): Promise<OpenedRange> | undefined {
    if (this.#opener === undefined || length > MOST_AHEAD || inflated > MOST_AHEAD) return undefined;
    const described = describeRange(contents, offset);
    if (described === undefined) return undefined;
    const space = this.#spare.take(inflated);
    const opened = this.#opener.open({ packed, inflated: space, ...described });
    if (opened === undefined) this.#spare.put(space);
    return opened;
  }

  async #here({ contents, offset }: Range, packed: ArrayBuffer): Promise<void> {
    for (const info of contents) {
      const opened = this.#open(
        info,
        new Uint8Array(packed, info.packOffset - offset, info.packedLength),
        this.#transient,
      );
      if (opened !== undefined) await opened;
    }
  }

  async #alone(info: ContentInfo): Promise<void> {
    let packed: Uint8Array;
    try {
      packed = await this.#source.storage.get(info.packBlob, { offset: info.packOffset, length: info.packedLength });
    } catch (error) {
      return this.#each(info.id, packError(info, error) as Error);
    }
    await this.#open(info, packed, false);
  }

  /** Without a promise where nothing has to wait: one costs as much as opening a small content. */
  #open(info: ContentInfo, packed: Uint8Array, inPlace: boolean): void | Promise<void> {
    const isCompressed = info.compression !== 0 && info.originalLength <= MOST_AHEAD;
    const inflated = inPlace && isCompressed ? this.#spare.take(info.originalLength) : undefined;
    const into = inflated && new Uint8Array(inflated, 0, info.originalLength);
    let data: Uint8Array | Error | Promise<Uint8Array>;
    try {
      data = this.#source.openContent(info, packed, { inPlace, into });
    } catch (error) {
      data = packError(info, error) as Error;
    }
    if (!(data instanceof Promise)) return this.#each(info.id, data);
    const failed = (error: unknown) => packError(info, error) as Error;
    const done = data.catch(failed).then((result) => this.#each(info.id, result));
    return inflated === undefined ? done : done.finally(() => this.#spare.put(inflated));
  }
}
