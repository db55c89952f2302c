import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toHex, fromHex } from '../../src/bytes/hex.ts';
import { writeU32 } from '../../src/bytes/integer.ts';
import { EntryList } from '../../src/content/index/entries.ts';
import { readIndex } from '../../src/content/index/read.ts';
import { writeIndex } from '../../src/content/index/write.ts';
import type { ContentInfo } from '../../src/content/types.ts';
import { isCairnError } from '../../src/errors.ts';
import { contentInfo, entryList, formatVectors } from './vectors.ts';

const { index } = formatVectors;
const files = [
  { name: 'version 1', version: 1, ...index.v1 },
  { name: 'version 2, one format', version: 2, ...index.v2_single_format },
  { name: 'version 2, two formats', version: 2, ...index.v2_two_formats },
  { name: 'version 2, long contents', version: 2, ...index.v2_long_contents },
];

const write = (infos: ContentInfo[], version: number) => {
  const list = entryList(infos);
  return writeIndex(list, list.order(), version);
};

const corrupt = (file: Uint8Array, why: RegExp) => {
  let error: unknown;
  try {
    readIndex(file);
  } catch (thrown) {
    error = thrown;
  }
  expect(isCairnError(error, 'corrupt'), String(error)).toBe(true);
  expect((error as Error).message).toMatch(why);
};

describe('index files', () => {
  it.each(files)('$name: writes the bytes of Kopia from entries in any order', ({ version, bytesHex, entries }) => {
    const infos = entries.map(contentInfo);
    expect(toHex(write(infos, version))).toBe(bytesHex);
    expect(toHex(write(infos.toReversed(), version))).toBe(bytesHex);
  });

  it.each(files)('$name: reads them', ({ bytesHex, entries }) => {
    const file = fromHex(bytesHex)!;
    expect([...readIndex(file)]).toEqual(entries.map(contentInfo));
    const suffixed = new Uint8Array(file.length + 32);
    suffixed.set(file);
    expect([...readIndex(suffixed)]).toEqual(entries.map(contentInfo));
  });

  it.each(files)('$name: every cut-off file is corrupt', ({ bytesHex }) => {
    const file = fromHex(bytesHex)!;
    for (let length = 0; length < file.length; length++) corrupt(file.subarray(0, length), /./);
  });

  it('writes and reads 65537 packs', () => {
    const { headerHex, firstEntryHex, lastEntryHex, length, sha256 } = index.v2_65537_packs;
    const list = new EntryList(17);
    const key = new Uint8Array(17);
    const format = list.names.format(0, 3);
    for (let i = 0; i <= 65536; i++) {
      key.set([i >> 16, i >> 8, i], 1);
      const pack = list.names.pack('p' + i.toString(16).padStart(32, '0') + '-s1');
      list.push(key, 1_700_000_000, 32, false, 128, 100, pack, format);
    }
    const file = writeIndex(list, list.order(), 2);
    const stride = 17 + 18;
    expect(toHex(file.subarray(0, 17))).toBe(headerHex);
    expect(toHex(file.subarray(17, 17 + stride))).toBe(firstEntryHex);
    expect(toHex(file.subarray(17 + 65536 * stride, 17 + 65537 * stride))).toBe(lastEntryHex);
    expect(file.length).toBe(length);
    expect(createHash('sha256').update(file).digest('hex')).toBe(sha256);
    const read = readIndex(file);
    expect(read.count).toBe(65537);
    expect(read.packName(65536)).toBe('p' + '0'.repeat(27) + '10000-s1');
  });

  it('reads the empty index of version 1 and refuses to write an empty one', () => {
    expect(readIndex(Uint8Array.of(1, 0xff, 0, 20, 0, 0, 0, 0)).count).toBe(0);
    expect(() => writeIndex(new EntryList(17), new Uint32Array(0), 2)).toThrow(/without entries/);
  });

  it('adds the base time of version 2', () => {
    const file = fromHex(index.v2_single_format.bytesHex)!;
    writeU32(file, 13, 1000);
    expect(readIndex(file).timestamp(0)).toBe(1_700_001_000);
  });

  it('keeps offsets, lengths and the deleted mark at their limits', () => {
    const [first, ...rest] = index.v2_long_contents.entries.map(contentInfo);
    const most = 2 ** 28 - 1;
    const large = { ...first, packOffset: 2 ** 30 - 1, packedLength: most, originalLength: most, deleted: true };
    expect([...readIndex(write([large, ...rest], 2))]).toEqual([large, ...rest]);
    expect(() => write([{ ...large, packedLength: most + 1 }], 2)).toThrow(/2\^28/);
    expect(() => write([{ ...large, packOffset: 2 ** 30 }], 2)).toThrow(/2\^30/);
    expect(() => write([{ ...first, compression: 0x1101 }], 1)).toThrow(/no compression/);
  });

  it('refuses what cannot be: versions, sizes, order, names, keys', () => {
    const v2 = () => fromHex(index.v2_two_formats.bytesHex)!;
    const changed = (at: number, ...bytes: number[]) => {
      const file = v2();
      file.set(bytes, at);
      return file;
    };
    corrupt(changed(0, 3), /version is 3/);
    corrupt(changed(1, 1), /key size/);
    corrupt(changed(2, 0, 15), /entry size/);
    corrupt(changed(4, 255, 255, 255, 255), /cut off/);
    corrupt(changed(8, 255, 255, 255, 255), /cut off/);
    corrupt(changed(12, 0), /not in its tables/);
    const stride = 17 + 17;
    const packTable = 17 + 4 * stride;
    corrupt(changed(packTable, 255), /outside the file/);
    corrupt(changed(packTable, 0), /outside the file/);
    corrupt(changed(packTable + 1, 255, 255, 255, 255), /outside the file/);
    corrupt(changed(packTable + 10 + 5, 1), /encryption key/);
    corrupt(changed(17 + 17 + 14, 0, 2), /not in its tables/);
    // the second key below the first, then equal to it
    corrupt(changed(17, 0, 0xff, 0x22), /not in order/);
    const twice = v2();
    twice.copyWithin(17 + stride, 17, 17 + 17);
    corrupt(twice, /not in order/);
    // a prefix that no content ID can have
    corrupt(changed(17 + 3 * stride, 0x7b), /prefix/);
    const v1 = fromHex(index.v1.bytesHex)!;
    v1[8 + 17] = 1;
    corrupt(v1, /timestamp/);
  });
});
