import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blobIdOf, blobPath, encodeShards, mayHold, parseShards, shardLayout } from '../../src/blob/sharded.ts';
import { isCairnError } from '../../src/errors.ts';

/** Kopia's own cases, and paths that the real program made. */
const mixed = {
  shards: [3, 2, 1],
  maxNonShardedLength: 2,
  overrides: [
    { prefix: 'p', shards: [2, 2] },
    { prefix: 'x', shards: [1, 1, 1] },
  ],
};
const always = { shards: [3, 3], maxNonShardedLength: 0, overrides: [] };
const pack = 'p947aa759c3c37dab576d9c715bd73c7d-s4359f9705540402f147';

describe('path of a blob', () => {
  it.each([
    [mixed, 'ab', 'ab.f'],
    [mixed, 'defaultsharded', 'def/au/l/tsharded.f'],
    [mixed, 'phello', 'ph/el/lo.f'],
    [mixed, 'xbye', 'x/b/y/e.f'],
    [mixed, 'xo', 'xo.f'],
    [always, 'foo', 'foo.f'],
    [always, 'foob', 'foo/b.f'],
    [always, 'foobar', 'foo/bar.f'],
    [always, 'foobar2', 'foo/bar/2.f'],
    [shardLayout([1, 3]), 'kopia.repository', 'kopia.repository.f'],
    [shardLayout([1, 3]), pack, 'p/947/aa759c3c37dab576d9c715bd73c7d-s4359f9705540402f147.f'],
    [shardLayout([3, 3]), pack, 'p94/7aa/759c3c37dab576d9c715bd73c7d-s4359f9705540402f147.f'],
    [shardLayout([1, 3]), 'xe1', 'xe1.f'],
    [
      shardLayout([1, 3]),
      'xn0_028c414ca55344196215548ef09ba7e8-se3f098faa3969080147-c1',
      'x/n0_/028c414ca55344196215548ef09ba7e8-se3f098faa3969080147-c1.f',
    ],
    [shardLayout([]), pack, `${pack}.f`],
    [shardLayout([0, 2, 0]), pack, `p9/${pack.slice(2)}.f`],
  ])('%o %s is %s', (layout, id, path) => {
    expect(blobPath(layout, id)).toBe(path);
    expect(blobIdOf(path)).toBe(id);
  });

  it('the first override that fits counts, also one without shards', () => {
    const layout = {
      ...always,
      overrides: [
        { prefix: 'xn', shards: [] },
        { prefix: 'x', shards: [1] },
      ],
    };
    expect(blobPath(layout, 'xn0_abc')).toBe('xn0_abc.f');
    expect(blobPath(layout, 'xs0_abc')).toBe('x/s0_abc.f');
  });

  it('no name leaves the tree', () => {
    const long = 'a'.repeat(30);
    for (const id of ['', '/', 'a/b', '../x', `..${long}`, `.${long}`, `a..${long}`, 'a\\b', 'a\0b', `../../${long}`])
      for (const layout of [shardLayout([2, 3]), shardLayout([1, 2]), shardLayout([1, 3])]) {
        try {
          const path = blobPath(layout, id);
          expect(path.split('/').filter((name) => name === '' || name === '.' || name === '..')).toEqual([]);
        } catch (error) {
          expect(isCairnError(error, 'invalid-argument')).toBe(true);
        }
      }
    expect(() => blobPath(shardLayout([2]), `..${long}`)).toThrow(/cannot be the name of a blob/);
    expect(() => blobPath(shardLayout([]), '../etc/passwd')).toThrow(/cannot be the name of a blob/);
  });

  it('any name comes back from its path under any layout', () => {
    const id = fc.stringMatching(/^[a-z0-9_-]{1,70}$/);
    const shards = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
    fc.assert(
      fc.property(id, shards, fc.nat(30), (name, lengths, maxNonShardedLength) => {
        const path = blobPath({ shards: lengths, maxNonShardedLength, overrides: [] }, name);
        expect(blobIdOf(path)).toBe(name);
        const directories = path.split('/').slice(0, -1);
        expect(mayHold(directories.join(''), name.slice(0, 3))).toBe(true);
      }),
    );
  });

  it('only files that end in .f are blobs', () => {
    for (const path of ['.shards', 'p/abc/x.f.tmp.0123456789abcdef', 'x', '.f', 'kopia.repository', 'a.f.tmp'])
      expect(blobIdOf(path)).toBeUndefined();
  });
});

describe('.shards', () => {
  it('is written as Kopia writes it', () => {
    expect(encodeShards(shardLayout([1, 3]))).toBe('{"default":[1,3],"maxNonShardedLength":20}\n');
    expect(encodeShards(shardLayout([]))).toBe('{"default":[],"maxNonShardedLength":20}\n');
    expect(encodeShards(mixed)).toBe(
      '{"default":[3,2,1],"maxNonShardedLength":2,"overrides":[{"prefix":"p","shards":[2,2]},{"prefix":"x","shards":[1,1,1]}]}\n',
    );
  });

  it('is read back, in any letter case, with absent members as Kopia takes them', () => {
    for (const layout of [mixed, always, shardLayout([])]) expect(parseShards(encodeShards(layout))).toEqual(layout);
    expect(parseShards('{"Default":null,"unknown":1}')).toEqual({ shards: [], maxNonShardedLength: 0, overrides: [] });
  });

  it.each([
    '',
    '{',
    'null',
    '[1,3]',
    '{"default":3}',
    '{"default":["1"]}',
    '{"default":[-1]}',
    '{"default":[1.5]}',
    '{"default":[99999999999999999999]}',
    '{"default":[1],"maxNonShardedLength":"20"}',
    '{"default":[1],"overrides":{}}',
    '{"default":[1],"overrides":[1]}',
    '{"default":[1],"overrides":[{"prefix":1}]}',
  ])('%s is malformed', (text) => expect(parseShards(text)).toBeUndefined());

  it('any text is read or refused, never thrown at', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseShards(text)));
    fc.assert(fc.property(fc.json(), (text) => void parseShards(text)));
  });
});
