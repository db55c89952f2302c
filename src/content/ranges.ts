import type { ContentInfo } from './types.ts';

/** The gap that is read along rather than asked around. */
const MAX_GAP = 64 << 10;

export interface Range {
  pack: string;
  offset: number;
  length: number;
  contents: ContentInfo[];
  /** Bytes of the plaintexts that are compressed. */
  inflated: number;
}

/** How much one range may hold; a single content may be larger. */
export interface RangeLimits {
  bytes: number;
  inflated: number;
  contents: number;
}

/** Neighbouring contents of a pack become one range. */
export function planRanges(infos: readonly ContentInfo[], limits: RangeLimits): Range[] {
  const sorted = [...infos].sort((a, b) =>
    a.packBlob === b.packBlob ? a.packOffset - b.packOffset : a.packBlob < b.packBlob ? -1 : 1,
  );
  const ranges: Range[] = [];
  let last: Range | undefined;
  for (const info of sorted) {
    const inflated = info.compression === 0 ? 0 : info.originalLength;
    if (last !== undefined && last.pack === info.packBlob && joins(last, info, inflated, limits)) {
      last.length = info.packOffset + info.packedLength - last.offset;
      last.inflated += inflated;
      last.contents.push(info);
    } else {
      last = { pack: info.packBlob, offset: info.packOffset, length: info.packedLength, contents: [info], inflated };
      ranges.push(last);
    }
  }
  return ranges;
}

/** Ranges never overlap within themselves: contents are opened in place. */
function joins(
  { offset, length, contents, inflated: before }: Range,
  { packOffset, packedLength }: ContentInfo,
  inflated: number,
  limits: RangeLimits,
): boolean {
  const gap = packOffset - (offset + length);
  return (
    gap >= 0 &&
    gap <= MAX_GAP &&
    packOffset + packedLength - offset <= limits.bytes &&
    before + inflated <= limits.inflated &&
    contents.length < limits.contents
  );
}
