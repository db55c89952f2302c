import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import { nameFromBytes } from '../../src/bytes/name.ts';
import { isCairnError } from '../../src/errors.ts';
import { DirectoryBuilder } from '../../src/snapshot/directory-builder.ts';
import { encodeDirectory, readDirectory } from '../../src/snapshot/directory.ts';
import { emptySummary, encodeEntry, parseEntry, type DirEntry } from '../../src/snapshot/entry.ts';
import { kopiaData } from './kopia-data.ts';

const data = kopiaData();
const streams = Object.entries({ ...data.odd, ...data.pair.streams });
/** The one directory with names that are not UTF-8: their bytes are lost in the stream. */
const rawNames = streams.filter(([, text]) => text.includes('\\ufffd'));

const entry = (fields: Partial<DirEntry>): DirEntry => ({
  name: 'a',
  type: 'f',
  mode: 0o644,
  size: 1,
  mtime: 1n,
  uid: 0,
  gid: 0,
  objectId: 'ab',
  ...fields,
});

function rebuild(text: string, rename = (name: string) => name): string {
  const { entries, summary } = readDirectory(utf8(text));
  const builder = new DirectoryBuilder();
  for (const item of entries.toReversed()) builder.add({ ...item, name: rename(item.name) });
  for (const { path, error } of summary.errors)
    if (!entries.some((item) => item.summary?.errors.some((inner) => inner.path === path)))
      builder.addFailure(path, error, !path.startsWith('locked'));
  // the directory's own time is only told when it is empty
  const built = builder.build(summary.maxTime);
  return fromUtf8(encodeDirectory(built.entries, built.summary));
}

describe('directory streams written by Kopia', () => {
  it('are there', () => {
    expect(streams.length).toBeGreaterThan(25);
    expect(rawNames).toHaveLength(1);
  });

  it.each(streams.filter(([, text]) => !text.includes('\\ufffd')))('%s is encoded to the same bytes', (_, text) => {
    const { entries, summary } = readDirectory(utf8(text));
    expect(fromUtf8(encodeDirectory(entries, summary))).toBe(text);
  });

  it.each(streams.filter(([, text]) => !text.includes('\\ufffd')))(
    '%s is built from its entries in any order',
    (_, text) => {
      expect(rebuild(text)).toBe(text);
    },
  );

  it('are built with names that are not UTF-8 sorted by their bytes', () => {
    const raw: Record<string, string> = {
      'dir\ufffd': nameFromBytes(Uint8Array.of(0x64, 0x69, 0x72, 0xff)),
      '\ufffd( bad': nameFromBytes(Uint8Array.of(0xc3, ...utf8('( bad'))),
      '\ufffd\ufffd bad': nameFromBytes(Uint8Array.of(0xff, 0xfe, ...utf8(' bad'))),
    };
    expect(rebuild(rawNames[0][1], (name) => raw[name] ?? name)).toBe(rawNames[0][1]);
  });

  it('hold setuid, setgid and sticky modes at their Unix places', () => {
    const modes = new Set(
      streams.flatMap(([, text]) => readDirectory(utf8(text)).entries.map((item) => item.mode & 0o7000)),
    );
    expect([...modes].toSorted((a, b) => a - b)).toEqual([0, 0o1000, 0o2000, 0o4000]);
  });
});

const read = (text: string) => readDirectory(utf8(text));

describe('readDirectory', () => {
  it('reads the empty directory, null and absent lists', () => {
    expect(read('{"stream":"kopia:directory","entries":null,"summary":{"dirs":1}}').summary.dirs).toBe(1);
    expect(read('{"stream":"kopia:directory"}')).toEqual({ entries: [], summary: emptySummary() });
  });

  it('ignores what follows the value, white space and the case of keys; the last of equal keys wins', () => {
    const text = ' {"Stream":"kopia:directory", "ENTRIES":[{"Name":"a","name":"b}","OBJ":"ab"}]} \n}{"garbage';
    expect(read(text).entries).toEqual([entry({ name: 'b}', type: '', mode: 0, size: 0, mtime: 0n })]);
  });

  it('keeps unknown keys and types, also a key named __proto__', () => {
    const item = '{"name":"a","type":"q","obj":"ab","zz":[1,{"b":null}],"__proto__":{"x":1}}';
    const { entries } = read(`{"stream":"kopia:directory","entries":[${item}]}`);
    expect(entries[0].type).toBe('q');
    expect(encodeEntry(entries[0])).toBe(item);
  });

  it('reads modes by the rules of C, times with offsets, and clamps times out of range', () => {
    const parsed = parseEntry({ mode: '0x1ff', mtime: '2026-01-01T01:00:00+01:00' });
    expect([parsed.mode, parsed.mtime]).toEqual([0o777, 1_767_225_600_000_000_000n]);
    expect(parseEntry({ mtime: '0001-01-01T00:00:00Z' }).mtime).toBe(-(1n << 63n));
  });

  it('takes half a UTF-16 pair for U+FFFD, never for a raw byte', () => {
    expect(parseEntry({ name: 'a\udcff' }).name).toBe('a\ufffd');
  });

  it.each([
    ['not JSON', 'nonsense'],
    ['cut off', '{"stream":"kopia:directory","entries":[{"name":"a"'],
    ['another stream', '{"stream":"kopia:indirect","entries":[]}'],
    ['a list', '[]'],
    ['entries that are no list', '{"stream":"kopia:directory","entries":{}}'],
    ['an entry that is no object', '{"stream":"kopia:directory","entries":[1]}'],
    ['a name that is no text', '{"stream":"kopia:directory","entries":[{"name":1}]}'],
    ['a bad mode', '{"stream":"kopia:directory","entries":[{"mode":"rwx"}]}'],
    ['a bad time', '{"stream":"kopia:directory","entries":[{"mtime":"yesterday"}]}'],
    ['a negative size', '{"stream":"kopia:directory","entries":[{"size":-1}]}'],
    ['a fraction', '{"stream":"kopia:directory","entries":[{"size":1.5}]}'],
    ['an owner beyond 32 bits', '{"stream":"kopia:directory","entries":[{"uid":4294967296}]}'],
    ['a bad summary', '{"stream":"kopia:directory","entries":[],"summary":[]}'],
  ])('refuses %s', (_, text) => {
    expect(() => read(text)).toThrowError(expect.objectContaining({ code: 'corrupt' }));
  });

  it('survives any damage of a real stream', () => {
    const original = utf8(streams.map(([, text]) => text).toSorted((a, b) => b.length - a.length)[0]);
    const edit = fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let bytes = original.slice();
        for (const { at, byte, cut } of edits) {
          if (at < bytes.length) bytes[at] = byte;
          if (cut) bytes = bytes.slice(0, at);
        }
        try {
          readDirectory(bytes);
        } catch (error) {
          if (!isCairnError(error, 'corrupt')) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('big directories', () => {
  const many = Array.from({ length: 100_000 }, (_, i) =>
    entry({
      name: `file "${i}" },{ é`,
      size: i,
      mtime: BigInt(i) * 1_000_003n,
      objectId: i.toString(16).padStart(32, '0'),
    }),
  );

  it('of 100,000 entries are the same after writing and reading', () => {
    const summary = { ...emptySummary(), files: many.length, dirs: 1 };
    const bytes = encodeDirectory(many, summary);
    expect(bytes.length).toBeGreaterThan(8 << 20);
    const back = readDirectory(bytes);
    expect(back.entries.length).toBe(many.length);
    for (const i of [0, 1, 50_000, 99_999]) expect(back.entries[i]).toEqual(many[i]);
    expect(back.summary).toEqual(summary);
    // the same value in a form that Kopia does not write
    const spaced = utf8(fromUtf8(bytes).replace('"entries":[', '"entries": ['));
    expect(readDirectory(spaced).entries.length).toBe(many.length);
  });

  it('are read whole when a nested list looks like the border of two entries', () => {
    const tricky = many
      .slice(0, 60_000)
      .map((item, i) => (i % 7 === 0 ? { ...item, extra: { x: [{ a: 1 }, { name: 'n' }] } } : item));
    const bytes = encodeDirectory(tricky, emptySummary());
    expect(bytes.length).toBeGreaterThan(4 << 20);
    const { entries } = readDirectory(bytes);
    expect(entries.length).toBe(tricky.length);
    expect(entries[7].extra).toEqual({ x: [{ a: 1 }, { name: 'n' }] });
  });
});

describe('DirectoryBuilder', () => {
  it('sums up children and their failures, sorted by path', () => {
    const builder = new DirectoryBuilder();
    const child = {
      ...emptySummary(),
      size: 7,
      files: 2,
      symlinks: 1,
      dirs: 3,
      maxTime: 9n,
      numFailed: 1,
      numIgnoredErrors: 2,
      errors: [{ path: 'b/x', error: 'no' }],
    };
    builder.add(entry({ name: 'b', type: 'd', size: 0, mtime: 5n, summary: child }));
    builder.add(entry({ name: 'a', size: 10, mtime: 6n }));
    builder.add(entry({ name: 'l', type: 's', size: 100, mtime: 7n }));
    builder.addFailure('a/locked', 'denied', true);
    builder.addFailure('c', 'gone', false);
    const { entries, summary } = builder.build(99n, 'canceled');
    expect(entries.map(({ name }) => name)).toEqual(['b', 'a', 'l']);
    expect(summary).toEqual({
      size: 17,
      files: 3,
      symlinks: 2,
      dirs: 4,
      maxTime: 9n,
      incomplete: 'canceled',
      numFailed: 2,
      numIgnoredErrors: 3,
      errors: [
        { path: 'a/locked', error: 'denied' },
        { path: 'b/x', error: 'no' },
        { path: 'c', error: 'gone' },
      ],
    });
  });

  it('gives an empty directory its own time, and one with entries from before 1970 that of 1970', () => {
    expect(new DirectoryBuilder().build(-5n).summary.maxTime).toBe(-5n);
    const old = new DirectoryBuilder();
    old.add(entry({ mtime: -7n }));
    expect(old.build(-5n).summary.maxTime).toBe(0n);
  });
});
