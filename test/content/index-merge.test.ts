import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentKey } from '../../src/content/id.ts';
import { mergeIndexes } from '../../src/content/index/merged.ts';
import type { ContentInfo } from '../../src/content/types.ts';
import { entryList, formatVectors } from './vectors.ts';

const base: ContentInfo = {
  id: '00112233445566778899aabbccddeeff',
  packBlob: 'p',
  packOffset: 32,
  packedLength: 128,
  originalLength: 100,
  compression: 0,
  formatVersion: 3,
  timestamp: 1,
  deleted: false,
};

describe('merging indexes', () => {
  it.each(formatVectors.indexMerge.cases)('$a against $b: $winner', ({ a, b, winner }) => {
    const info = ({ time, deleted, packFile }: typeof a) => ({ ...base, timestamp: time, deleted, packBlob: packFile });
    const want = info(winner === 'a' ? a : b);
    expect([...mergeIndexes([entryList([info(a)]), entryList([info(b)])], 17).entries]).toEqual([want]);
    expect([...mergeIndexes([entryList([info(b)]), entryList([info(a)])], 17).entries]).toEqual([want]);
  });

  it('keeps the first of two equal entries', () => {
    const first = entryList([{ ...base, packOffset: 1 }]);
    const second = entryList([{ ...base, packOffset: 2 }]);
    expect(mergeIndexes([first, second], 17).info(base.id)?.packOffset).toBe(1);
    expect(mergeIndexes([second, first], 17).info(base.id)?.packOffset).toBe(2);
  });

  it('applies the watermark to winners only', () => {
    const alive = entryList([{ ...base, timestamp: 5 }]);
    const dead = entryList([{ ...base, timestamp: 9, deleted: true }]);
    expect(mergeIndexes([alive, dead], 17, 9).info(base.id)).toBeUndefined();
    expect(mergeIndexes([alive, dead], 17, 8).info(base.id)?.deleted).toBe(true);
    expect(mergeIndexes([alive], 17, 100).info(base.id)?.deleted).toBe(false);
  });

  it('finds every content of any lists, as a map would', () => {
    const id = fc
      .tuple(fc.constantFrom('', 'g', 'k', 'm', 'x', 'z'), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(3))
      .map(([prefix, hash, same]) => prefix + Buffer.from(same > 0 ? hash.fill(same, 1) : hash).toString('hex'));
    const info = fc.record({
      id,
      timestamp: fc.nat(3),
      deleted: fc.boolean(),
      packBlob: fc.constantFrom('pa', 'pb', 'pc'),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(info, { maxLength: 30 }), { maxLength: 5 }),
        fc.integer({ min: -1, max: 3 }),
        (lists, watermark) => {
          const best = new Map<string, ContentInfo>();
          const inputs = lists.map((list) => {
            const unique = [...new Map(list.map((each) => [each.id, { ...base, ...each }])).values()];
            for (const each of unique) {
              const known = best.get(each.id);
              const newer =
                known === undefined ||
                each.timestamp > known.timestamp ||
                (each.timestamp === known.timestamp &&
                  (each.deleted === known.deleted ? each.packBlob > known.packBlob : known.deleted));
              if (newer) best.set(each.id, each);
            }
            const order = unique.sort((a, b) => Buffer.compare(contentKey(a.id), contentKey(b.id)));
            return entryList(order, 17);
          });
          const merged = mergeIndexes(inputs, 17, watermark);
          const want = [...best.values()].filter((each) => !each.deleted || each.timestamp > watermark);
          expect(merged.count).toBe(want.length);
          for (const each of want) expect(merged.info(each.id)).toEqual(each);
          for (const each of best.values()) if (!want.includes(each)) expect(merged.info(each.id)).toBeUndefined();
          expect(merged.info('00')).toBeUndefined();
          expect(merged.info('')).toBeUndefined();
        },
      ),
      { numRuns: 100 },
    );
  });
});
