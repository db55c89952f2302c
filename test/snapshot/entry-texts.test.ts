import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import { parseJson } from '../../src/bytes/json.ts';
import { encodeDirectory, readDirectory, sortEntries } from '../../src/snapshot/directory.ts';
import {
  emptySummary,
  encodeEntry,
  parseEntry,
  type DirectorySummary,
  type DirEntry,
} from '../../src/snapshot/entry.ts';
import { entryTexts } from '../../src/snapshot/entry-texts.ts';

const names = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom(
    '},{"name":"x',
    '}],"summary":{"size":',
    '"',
    '\\',
    '\\"',
    '"errors":[',
    'ä€𝄞',
    '{"name":"',
    'a\u0000b',
  ),
);

const entries: fc.Arbitrary<DirEntry> = fc.record({
  name: names,
  type: fc.constantFrom('f', 's', 'd', 'x'),
  mode: fc.nat({ max: 0o7777 }),
  size: fc.nat(),
  mtime: fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n }),
  uid: fc.nat({ max: 3 }),
  gid: fc.nat({ max: 3 }),
  objectId: fc.constantFrom('k01ab', 'Ixdeadbeef', 'D"\\'),
});

describe('texts of entries', () => {
  it('say what the parsed directory says, whatever the names', () => {
    const summaries = fc.constantFrom<Partial<DirectorySummary>[]>(
      {},
      { errors: [] },
      { errors: [{ path: 'a', error: 'b' }] },
    );
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 12 }), summaries, (list, summary) => {
        const distinct = [...new Map(list.map((entry) => [entry.name, entry])).values()].map((entry) =>
          summary === undefined || entry.type !== 'd'
            ? entry
            : { ...entry, summary: { ...emptySummary(), ...summary } },
        );
        const bytes = encodeDirectory(sortEntries(distinct), { ...emptySummary(), ...summary });
        const { texts, files } = entryTexts(bytes);
        const parsed = readDirectory(bytes).entries;
        expect([...texts.keys()]).toEqual(parsed.map(({ name }) => name));
        const others = parsed.filter(({ type }) => type !== 'd');
        if (files !== undefined) {
          expect(files.count).toBe(others.length);
          expect(fromUtf8(bytes.subarray(files.start, files.end))).toBe(others.map(encodeEntry).join());
        } else expect(summary.errors !== undefined || distinct.length > 0).toBe(true);
        for (const entry of parsed) {
          expect(texts.get(entry.name)).toBe(encodeEntry(entry));
          expect(parseEntry(parseJson(texts.get(entry.name)!))).toEqual(entry);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('come from any form of the stream', () => {
    const stream = (list: string) => utf8(`{ "stream": "kopia:directory", "summary": {}, "entries": ${list} }`);
    expect(entryTexts(stream('null')).texts.size).toBe(0);
    expect(entryTexts(stream('[{"obj":"k1","name":"b","type":"f"}]')).texts.get('b')).toBe(
      '{"name":"b","type":"f","obj":"k1"}',
    );
  });

  it('of something nested are not those of the directory', () => {
    const bytes = utf8(
      '{"stream":"kopia:directory","entries":[{"name":"d","type":"d","obj":"k1","summ":{"errors":[{"path":"p"},{"name":"x","type":"f","obj":"k2"}]}}],"summary":{"size":0}}',
    );
    expect([...entryTexts(bytes).texts.keys()]).toEqual(['d']);
  });

  it('of a damaged directory are refused', () => {
    const whole = encodeDirectory([{ ...parseEntry({}), name: 'a', type: 'f', objectId: 'k1' }], emptySummary());
    for (const cut of [0, 10, 45, 60])
      expect(() => entryTexts(whole.subarray(0, cut))).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(entryTexts(whole).texts.size).toBe(1);
  });
});
