import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RulesReceiver, RulesSender } from '../../src/policy/ignore-copy.ts';
import { enterDirectory, IgnoreContext } from '../../src/policy/ignore.ts';
import type { FileStat } from '../../src/ports.ts';
import type { Comparison } from '../../src/upload/directory-look.ts';
import {
  decodeComparisons,
  decodePlaces,
  encodeComparisons,
  encodePlaces,
  type Place,
} from '../../src/upload/look-messages.ts';

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
/** What a name may hold, raw bytes too. */
const name = fc
  .string({ minLength: 1, maxLength: 9, unit: 'binary' })
  .map((text) => `${text.replaceAll(/[\0/]/g, '_')}${text.length % 2 === 0 ? '\udcff' : ''}`);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const stat: fc.Arbitrary<FileStat> = fc.record({
  kind: fc.constantFrom('file', 'directory', 'symlink', 'other'),
  mode: fc.nat({ max: 0o7777 }),
  size: count,
  mtime: int64,
  uid: fc.nat({ max: 2 ** 32 - 1 }),
  gid: fc.nat({ max: 2 ** 32 - 1 }),
  device: count,
  inode: count,
});

const totals = fc.record({
  count,
  files: count,
  symlinks: count,
  size: count,
  bytes: count,
  maxTime: int64,
  excludedFiles: count,
  excludedBytes: count,
  start: count,
  end: count,
});

const comparison: fc.Arbitrary<Comparison> = fc.record({
  entries: fc.array(
    fc
      .record({ name, stat, previousIds: fc.array(fc.constantFrom('k01', 'Ik02', 'x'), { maxLength: 3 }) })
      .map((entry) => ({
        ...entry,
        path: `/here/${entry.name}`,
        error: undefined,
      })),
    { maxLength: 5 },
  ),
  totals: fc.option(totals, { nil: undefined }),
});

it('what was found in directories survives the way', () => {
  fc.assert(
    fc.property(fc.array(fc.option(comparison, { nil: undefined }), { minLength: 1, maxLength: 5 }), (list) => {
      const sent = structuredClone(encodeComparisons(list));
      expect(
        decodeComparisons(
          sent,
          list.map(() => '/here'),
          '/',
        ),
      ).toEqual(list);
    }),
  );
});

it('a time beyond 64 bits and an entry that cannot be read are left to the owner', () => {
  const entry = { name: 'a', path: '/a', error: undefined };
  const { stat: sample } = fc.sample(fc.record({ stat }), 1)[0];
  const far: Comparison = { entries: [{ ...entry, stat: { ...sample, mtime: 2n ** 63n } }], totals: undefined };
  const unread: Comparison = { entries: [{ ...entry, stat: undefined }], totals: undefined };
  // that of a file that is kept, of which only this is told
  const kept: Comparison = { entries: [], totals: { ...fc.sample(totals, 1)[0], maxTime: 2n ** 63n } };
  const sent = encodeComparisons([far, kept, unread]);
  expect(decodeComparisons(sent, ['/', '/', '/'], '/')).toEqual([undefined, undefined, undefined]);
});

it('directories to look at survive the way, in a buffer that is used again', () => {
  const place: fc.Arbitrary<Place> = fc.record({
    path: name,
    relative: name,
    device: count,
    rules: fc.nat(),
    skipsCaches: fc.boolean(),
    objects: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 5 }), fc.nat({ max: 300 }), (list, room) => {
      const spare = new ArrayBuffer(room);
      const sent = encodePlaces(list, spare);
      const length = list.flatMap(({ objects }) => objects).reduce((sum, object) => sum + object.length, 0);
      expect(sent.bytes === spare).toBe(length <= room);
      expect(decodePlaces(structuredClone(sent))).toEqual(list);
    }),
  );
});

it('rules are sent once, parents first, and judge the same', () => {
  const root = enterDirectory(IgnoreContext.empty, { ignore: ['*.o'], maxFileSize: 2n ** 60n }, '', []);
  const data = new TextEncoder().encode('!keep.o\n/x\n');
  const inner = enterDirectory(root, undefined, '/d', [{ name: '.i', data }]);
  const [sender, receiver] = [new RulesSender(), new RulesReceiver()];
  const numbers = [inner, root, inner, IgnoreContext.empty].map((rules) => sender.number(rules));
  expect(numbers).toEqual([2, 1, 2, 0]);
  const sent = structuredClone(sender.take());
  expect(sent).toHaveLength(2);
  expect(sender.take()).toEqual([]);
  receiver.add(sent);
  for (const [i, rules] of [inner, root, inner, IgnoreContext.empty].entries())
    for (const file of ['a.o', 'keep.o', 'x', 'y'])
      for (const directory of ['/d', '/d/e', '/e']) {
        const candidate = { name: file, kind: 'file' as const, size: 1, device: 1 };
        expect(receiver.get(numbers[i]).judge(directory, candidate, 1)).toBe(rules.judge(directory, candidate, 1));
      }
});
