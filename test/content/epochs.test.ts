import { describe, expect, it } from 'vitest';
import type { BlobMetadata } from '../../src/blob/storage.ts';
import { encodeJson, parseJson } from '../../src/bytes/json.ts';
import {
  completeIndexSet,
  epochOf,
  epochState,
  firstCompleteSet,
  longestRangeChain,
  rangeOf,
} from '../../src/content/index/epochs.ts';
import { defaultEpochs, epochParametersFromJson, epochParametersToJson } from '../../src/format/epoch-parameters.ts';
import { formatVectors } from './vectors.ts';

const blob = (id: string): BlobMetadata => ({ id, length: 1, timestamp: 0n });
const hash = '0123456789abcdef0123456789abcdef';
/** Names of an epoch's blobs; `set` gives session, count and which of them are there. */
const name = (prefix: string, session = 's1', count = 1, at = 0) =>
  `${prefix}_${at}${hash.slice(1)}-${session}-c${count}`;
const active = (ids: string[]) => completeIndexSet(epochState(ids.map(blob))).map(({ id }) => id);

describe('epoch names', () => {
  it('reads epochs and ranges, and ignores what is none', () => {
    expect(epochOf(name('xn12'))).toBe(12);
    expect(epochOf('xe7')).toBe(7);
    expect(epochOf('xe')).toBeUndefined();
    expect(epochOf('xeone')).toBeUndefined();
    expect(epochOf('xn1a_' + hash)).toBeUndefined();
    expect(rangeOf(`xr3_9_${hash}-s1-c1`)).toEqual({ min: 3, max: 9 });
    expect(rangeOf(`xr3_${hash}-s1-c1`)).toBeUndefined();
    expect(rangeOf(`xr3_x_${hash}`)).toBeUndefined();
  });

  it.each(formatVectors.completeSets)('the first complete set of $input', ({ input, first }) => {
    expect((firstCompleteSet(input.map(blob)) ?? []).map(({ id }) => id)).toEqual(first);
  });

  it.each(formatVectors.longestRangeCheckpoint)('the longest chain of $ranges', ({ ranges, want }) => {
    const chain = longestRangeChain(ranges.map(([min, max]) => ({ min, max, blobs: [] })));
    expect(chain.map(({ min, max }) => [min, max])).toEqual(want);
  });

  it('survives a hundred thousand ranges and ranges that lead nowhere', () => {
    const many = Array.from({ length: 100_000 }, (_, at) => ({ min: at, max: at, blobs: [] }));
    expect(longestRangeChain(many).length).toBe(100_000);
    expect(
      longestRangeChain([
        { min: 0, max: 0, blobs: [] },
        { min: 5, max: 1, blobs: [] },
      ]).length,
    ).toBe(1);
    const dense = Array.from({ length: 300 }, (_, at) => ({ min: at % 20, max: at, blobs: [] }));
    expect(longestRangeChain(dense).at(-1)!.max).toBe(299);
  });
});

describe('the complete index set', () => {
  it('is empty for an empty repository', () => {
    expect(active([])).toEqual([]);
    expect(epochState([])).toMatchObject({ writeEpoch: 0, watermark: -1 });
  });

  it('takes single-epoch compactions of settled epochs only, and the epoch after the current one', () => {
    const ids = [
      'xe1',
      'xe2',
      'xe3',
      name('xn0'),
      name('xs0'),
      name('xn1'),
      name('xs1'),
      name('xn2'),
      name('xs2'),
      name('xn3'),
      name('xn4'),
      name('xn5'),
    ];
    expect(active(ids)).toEqual([name('xs0'), name('xs1'), name('xn2'), name('xn3'), name('xn4')]);
  });

  it('counts a set only when all of it is there', () => {
    const markers = ['xe1', 'xe2', 'xe3', 'xe4'];
    const half = name('xs0', 's2', 2, 0);
    expect(active([...markers, name('xn0'), half])).toEqual([name('xn0')]);
    const both = [half, name('xs0', 's2', 2, 1)];
    expect(active([...markers, name('xn0'), ...both])).toEqual(both);
  });

  it('prefers ranges, and never uses a range of only epoch 0', () => {
    const markers = Array.from({ length: 10 }, (_, at) => `xe${at}`);
    const range = `xr0_3_${hash}-s9-c1`;
    expect(active([...markers, range, name('xn3'), name('xs2'), name('xs4'), name('xn9')])).toEqual([
      range,
      name('xs4'),
      name('xn9'),
    ]);
    expect(active([...markers, `xr0_0_${hash}-s9-c1`, name('xn0')])).toEqual([name('xn0')]);
    const gap = `xr5_7_${hash}-s9-c1`;
    expect(active([...markers, gap, name('xn5')])).toEqual([name('xn5')]);
  });

  it('takes the newest watermark and leaves unreadable ones', () => {
    expect(epochState(['xw5', 'xw17', 'xwx', 'xw', 'xw3'].map(blob)).watermark).toBe(17);
  });
});

describe('epoch parameters', () => {
  it('writes and reads the defaults as Kopia does', () => {
    expect(encodeJson(epochParametersToJson(defaultEpochs))).toBe(formatVectors.defaultEpochParametersJSON);
    expect(epochParametersFromJson(parseJson(formatVectors.defaultEpochParametersJSON))).toEqual(defaultEpochs);
  });

  it('keeps durations beyond 2^53', () => {
    const long = { ...defaultEpochs, minEpochDuration: 2n ** 60n + 1n };
    expect(epochParametersFromJson(parseJson(encodeJson(epochParametersToJson(long))))).toEqual(long);
  });

  it('is off where there are none', () => {
    expect(epochParametersFromJson(undefined).enabled).toBe(false);
    expect(epochParametersFromJson(null).enabled).toBe(false);
  });
});
