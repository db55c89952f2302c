import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/gather.ts';
import { DiskCache } from '../../src/blob/cache.ts';
import type { Files } from '../../src/ports.ts';
import { pattern } from '../conformance/helpers.ts';
import { TestClock } from './clock.ts';
import { hookedFiles, systemError, type FileCall } from './faulty-files.ts';
import { nodeFiles } from '../../runtimes/node/files.ts';
import { plant, temporaryDirectory, tree } from './temporary.ts';

let root: string;
let remove: () => Promise<void>;
beforeEach(() => {
  ({ path: root, remove } = temporaryDirectory());
  root = join(root, 'deep', 'cache');
});
afterEach(() => remove());

const open = (limit = 1_000_000, files: Files = nodeFiles, clock = new TestClock()) =>
  new DiskCache(files, root, { limit, clock });
const id = 'xn0_028c414ca55344196215548ef09ba7e8-se3f098faa3969080147-c1';
/** Last used so many minutes before the newest. */
const age = (name: string, minutes: number) =>
  utimesSync(join(root, 'index', name), 1e9 - minutes * 60, 1e9 - minutes * 60);

describe('disk cache', () => {
  it('gives back what was put, to later instances too', async () => {
    const cache = open();
    expect(await cache.get('index', id)).toBeUndefined();
    await cache.put('index', id, pattern(1000));
    await cache.put('metadata', id, pattern(10, 2));
    await cache.put('index', 'empty', new Uint8Array(0));
    for (const each of [cache, open()]) {
      expect(await each.get('index', id)).toEqual(pattern(1000));
      expect(await each.get('metadata', id)).toEqual(pattern(10, 2));
      expect(await each.get('index', 'empty')).toEqual(new Uint8Array(0));
    }
    expect(cache.counts).toEqual({ hits: 3, misses: 1, damaged: 0, failures: 0 });
    await cache.put('index', id, pattern(5, 3));
    expect(await cache.get('index', id)).toEqual(pattern(5, 3));
  });

  it('makes its folder private and marks it as a cache', async () => {
    await open().put('index', id, pattern(10));
    expect(tree(root)).toEqual(['CACHEDIR.TAG', `index/${id}`]);
    expect(readFileSync(join(root, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/);
    expect(statSync(root).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'index')).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'index', id)).mode & 0o777).toBe(0o600);
  });

  it('any damage is a miss, and the entry goes', async () => {
    const path = join(root, 'index', id);
    const damages: [string, () => void][] = [
      ['cut', () => truncateSync(path, 900)],
      ['cut below its checksum', () => truncateSync(path, 5)],
      ['emptied', () => truncateSync(path, 0)],
      ['lengthened', () => writeFileSync(path, new Uint8Array(2), { flag: 'a' })],
      [
        'flipped',
        () =>
          writeFileSync(
            path,
            readFileSync(path).map((byte, i) => (i === 500 ? byte ^ 1 : byte)),
          ),
      ],
      ['of another name', () => writeFileSync(path, readFileSync(join(root, 'index', 'other')))],
      ['of another kind', () => writeFileSync(path, readFileSync(join(root, 'metadata', id)))],
    ];
    for (const [what, damage] of damages) {
      const cache = open();
      for (const [kind, name] of [
        ['index', id],
        ['index', 'other'],
        ['metadata', id],
      ])
        await cache.put(kind, name, pattern(1000));
      damage();
      expect([what, await cache.get('index', id)]).toEqual([what, undefined]);
      expect([what, cache.counts]).toEqual([what, { hits: 0, misses: 1, damaged: 1, failures: 0 }]);
      expect([what, existsSync(path)]).toEqual([what, false]);
    }
  });

  it('what cannot be read or kept is counted, never thrown', async () => {
    for (const [call, system] of [
      ['open', 'EACCES'],
      ['write', 'ENOSPC'],
      ['close', 'EIO'],
      ['makeDirectory', 'EROFS'],
      ['handleStat', 'EIO'],
      ['read', 'EIO'],
      ['setTimes', 'EPERM'],
      ['list', 'EIO'],
    ] as [FileCall, string][]) {
      let broken = false;
      const files = hookedFiles(nodeFiles, (event) => {
        if (broken && event.call === call) throw systemError(system);
      });
      await open().put('index', id, pattern(10));
      age(id, 60);
      const cache = open(1_000_000, files);
      broken = true;
      await cache.get('index', id);
      await cache.put('other-kind', id, pattern(10));
      expect([call, cache.counts.failures > 0]).toEqual([call, true]);
      broken = false;
      await cache.put('index', id, pattern(20));
      expect([call, await cache.get('index', id)]).toEqual([call, pattern(20)]);
    }
  });

  it('a folder that cannot be made is no obstacle', async () => {
    plant(root, '../file');
    const cache = new DiskCache(nodeFiles, join(root, '..', 'file', 'x'), { limit: 1000, clock: new TestClock() });
    await cache.put('index', id, pattern(10));
    expect(await cache.get('index', id)).toBeUndefined();
    expect(cache.counts.failures).toBe(2);
  });

  it('what was not used longest goes first when the limit is passed, down to nine tenths', async () => {
    const cache = open(1000);
    for (const name of ['a', 'b', 'c', 'd']) await cache.put('index', name, pattern(200));
    for (const [i, name] of ['c', 'a', 'd', 'b'].entries()) age(name, 60 - i);
    await cache.put('index', 'e', pattern(200)); // 5 x 232 = 1160
    expect(readdirSync(join(root, 'index')).toSorted()).toEqual(['b', 'd', 'e']);
    const later = open(500);
    await later.put('index', 'f', pattern(10));
    expect(readdirSync(join(root, 'index')).toSorted()).toEqual(['f'].concat('e').toSorted());
  });

  it('use counts, when the last was ten minutes ago', async () => {
    const clock = new TestClock();
    const seconds = Number(clock.now() / 1_000_000_000n);
    const cache = open(1000, nodeFiles, clock);
    for (const name of ['a', 'b']) await cache.put('index', name, pattern(10));
    utimesSync(join(root, 'index', 'a'), seconds - 700, seconds - 700);
    utimesSync(join(root, 'index', 'b'), seconds - 500, seconds - 500);
    await cache.get('index', 'a');
    await cache.get('index', 'b');
    expect(statSync(join(root, 'index', 'a')).mtimeMs / 1000).toBeCloseTo(seconds);
    expect(statSync(join(root, 'index', 'b')).mtimeMs / 1000).toBeCloseTo(seconds - 500);
  });

  it('a limit of 0 turns it off; an entry beyond the limit is not kept', async () => {
    const off = open(0);
    await off.put('index', id, pattern(1));
    expect(await off.get('index', id)).toBeUndefined();
    expect(existsSync(root)).toBe(false);
    await open(100).put('index', id, pattern(69));
    expect(existsSync(root)).toBe(false);
    await open(100).put('index', id, pattern(68));
    expect(await open(100).get('index', id)).toEqual(pattern(68));
  });

  it('clears but what is to be kept, shrinks to a size, and tells what went', async () => {
    const cache = open();
    for (const name of ['a', 'b', 'c/d']) await cache.put('index', name, pattern(68));
    await cache.put('format', 'x', pattern(68));
    ['a', 'b', 'c%002fd'].forEach((name, at) => age(name, 9 - at));
    expect(await cache.clear('index', ['c/d', 'a', 'unknown'])).toEqual({ entries: 1, bytes: 100 });
    expect(await cache.shrink()).toEqual({ entries: 0, bytes: 0 });
    expect(await cache.shrink(299)).toEqual({ entries: 1, bytes: 100 });
    expect(tree(root)).toEqual(['CACHEDIR.TAG', 'format/x', 'index/c%002fd']);
    expect(await cache.shrink(0)).toEqual({ entries: 2, bytes: 200 });
  });

  it('removes one, one kind, or all; foreign files stay', async () => {
    const cache = open();
    for (const kind of ['index', 'metadata', '../odd kind'])
      for (const name of ['a', 'b', '../../c']) await cache.put(kind, name, pattern(68));
    plant(root, 'foreign');
    expect(existsSync(join(root, '..', 'odd kind'))).toBe(false);
    expect(await cache.get('../odd kind', '../../c')).toEqual(pattern(68));
    const three = { entries: 3, bytes: 300 };
    expect(await cache.usage()).toEqual({
      entries: 9,
      bytes: 900,
      kinds: { index: three, metadata: three, '%002e.%002fodd%0020kind': three },
    });
    await cache.remove('index', 'a');
    await cache.remove('index', 'a');
    await cache.clear('metadata');
    expect((await cache.usage()).entries).toBe(5);
    await cache.clear();
    await cache.clear('none');
    expect(tree(root)).toEqual(['CACHEDIR.TAG', 'foreign']);
    expect(await open().usage()).toEqual({ entries: 0, bytes: 0, kinds: {} });
  });

  it('two processes putting and reading the same names never see anything wrong', async () => {
    const versions = new Map(['a', 'b', 'c'].map((name, i) => [name, pattern(40_000 + i, i)]));
    const work = async (cache: DiskCache) => {
      for (let round = 0; round < 20; round++)
        for (const [name, data] of versions) {
          const found = await cache.get('index', name);
          if (found !== undefined) expect(equalBytes(found, data)).toBe(true);
          else await cache.put('index', name, data);
          if (round % 5 === 4) await cache.remove('index', name);
        }
    };
    mkdirSync(root, { recursive: true });
    await Promise.all([work(open()), work(open()), work(open(90_000))]);
  });
});
