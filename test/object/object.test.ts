import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import { isContentId } from '../../src/content/id.ts';
import type { Splitter } from '../../src/kernels/types.ts';
import { createSplitter } from '../../src/kernels/splitter.ts';
import { formatObjectId, isDirectoryObject, isObjectId, parseObjectId } from '../../src/object/id.ts';
import { encodeIndirect, parseIndirect } from '../../src/object/indirect.ts';
import { objectContentIds, objectPieces, openObject, readObject } from '../../src/object/open.ts';
import { writeObject, writeStream, type ObjectWriterOptions } from '../../src/object/writer.ts';
import { noise } from '../compat/tree.ts';
import { formatVectors } from '../content/vectors.ts';
import { MapContents } from './map-contents.ts';

const { objectIDs } = formatVectors;

function fixed(size: number): Splitter {
  const cut = (_: unknown, __: number, length: number) => (length >= size ? size : -1);
  return { minimum: size, maximum: size, reset() {}, scan: cut };
}

const writerOf = (contents: MapContents, newSplitter: () => Splitter): ObjectWriterOptions => ({
  contents,
  newSplitter,
  metadataCompression: 0,
});

describe('object IDs', () => {
  it('reads and writes those of the vectors', () => {
    for (const id of objectIDs.valid) expect(() => parseObjectId(id)).not.toThrow();
    for (const id of objectIDs.invalid) {
      expect(() => parseObjectId(id), id).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
      expect(isObjectId(id)).toBe(false);
    }
    for (const [id, canonical] of Object.entries(objectIDs.canonicalString))
      expect(formatObjectId(parseObjectId(id))).toBe(canonical);
  });

  it('tells directories', () => {
    expect(['k00', 'Ik00', 'IIk00', 'x00', '00', 'Ix00'].map(isDirectoryObject)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it.each(Object.entries(objectIDs['sha256AsContentHash_FIXED-1M']))('of %s', async (what, id) => {
    const data =
      what === '100 zero bytes'
        ? new Uint8Array(100)
        : what === '50 bytes cd'
          ? new Uint8Array(50).fill(0xcd)
          : utf8(what);
    const contents = new MapContents();
    expect(
      await writeObject(
        writerOf(contents, () => createSplitter('FIXED-1M')),
        data,
        '',
        0,
      ),
    ).toBe(id);
  });
});

describe('index objects', () => {
  const entries = [
    { start: 0, length: 1048576, object: 'aa' },
    { start: 1048576, length: 393216, object: 'Ixbb' },
    { start: 1441792, length: 0, object: 'cc' },
  ];

  it('have the bytes of Kopia', () => {
    const text =
      '{"stream":"kopia:indirect","entries":[{"l":1048576,"o":"aa"},{"s":1048576,"l":393216,"o":"Ixbb"},{"s":1441792,"o":"cc"}]}\n';
    expect(fromUtf8(encodeIndirect(entries))).toBe(text);
    expect(parseIndirect(utf8(text))).toEqual(entries);
    expect(parseIndirect(utf8(text.replace('stream', 'STREAM').replaceAll('"o"', '"O"')))).toEqual(entries);
  });

  it.each([
    ['', 'not JSON'],
    ['{}', 'stream'],
    ['{"stream":"kopia:directory","entries":[]}', 'stream'],
    ['{"stream":"kopia:indirect"}', 'no entries'],
    ['{"stream":"kopia:indirect","entries":[]}', 'no entries'],
    ['{"stream":"kopia:indirect","entries":[1]}', 'object'],
    ['{"stream":"kopia:indirect","entries":[{"l":1}]}', 'lacks'],
    ['{"stream":"kopia:indirect","entries":[{"l":-1,"o":"aa"}]}', 'lacks'],
    ['{"stream":"kopia:indirect","entries":[{"s":1,"l":1,"o":"aa"}]}', 'starts at'],
    ['{"stream":"kopia:indirect","entries":[{"l":1.5,"o":"aa"}]}', 'range'],
    ['{"stream":"kopia:indirect","entries":[{"l":9007199254740993,"o":"aa"}]}', 'lacks'],
  ])('%s is corrupt', (text, why) => {
    expect(() => parseIndirect(utf8(text))).toThrow(
      expect.objectContaining({ code: 'corrupt', message: expect.stringContaining(why) }),
    );
  });
});

describe('writing and reading objects', () => {
  it.each(objectIDs.fixed1000Indirection)(
    '$length zero bytes in chunks of 1000',
    async ({ length, contents: count, indirection }) => {
      const contents = new MapContents();
      const id = await writeObject(
        writerOf(contents, () => fixed(1000)),
        new Uint8Array(length),
        '',
        0,
      );
      expect(parseObjectId(id).indirection).toBe(indirection);
      expect(contents.map.size).toBe(count);
      expect(await readObject(contents, id)).toEqual(new Uint8Array(length));
    },
  );

  it.each([0, 1, 999, 1000, 1001, 20_000, 54_321])(
    '%d bytes: the same object from bytes and from any stream, read back whole and in ranges',
    async (length) => {
      const data = noise(length, 3);
      const contents = new MapContents();
      const options = writerOf(contents, () => fixed(1000));
      const id = await writeObject(options, data, '', 0);
      for (const step of [1, 7, 1000, 100_000]) {
        const pieces = async function* () {
          for (let at = 0; at < length; at += step) yield data.subarray(at, at + step);
        };
        expect(await writeStream(options, pieces(), '', 0)).toEqual({ id, length });
        if (length > 10_000 && step === 1) break;
      }
      const reader = await openObject(contents, id);
      expect(reader.length).toBe(length);
      const chunks: Uint8Array[] = [];
      for await (const chunk of reader.chunks()) chunks.push(chunk);
      expect(concatBytes(chunks)).toEqual(data);
      for (const [offset, wanted] of [
        [0, 10],
        [500, 1000],
        [999, 2],
        [length - 1, 5],
        [length, 5],
        [length + 5, 5],
        [0, length + 100],
      ])
        if (offset >= 0) expect(await reader.read(offset, wanted)).toEqual(data.subarray(offset, offset + wanted));
      await expect(reader.read(-1, 5)).rejects.toMatchObject({ code: 'invalid-argument' });
      // what garbage collection keeps is all that was written
      const ids: string[] = [];
      for await (const each of objectContentIds(contents, id)) ids.push(each);
      expect(new Set(ids)).toEqual(new Set(contents.map.keys()));
      expect(ids.every(isContentId)).toBe(true);
    },
  );

  it('has a second level of index when the first is split too', async () => {
    const contents = new MapContents();
    const data = noise(100_000, 5);
    const id = await writeObject(
      writerOf(contents, () => fixed(500)),
      data,
      'k',
      0,
    );
    expect(id).toMatch(/^II+k/);
    expect(await readObject(contents, id)).toEqual(data);
  });

  it('gives index objects of file data the prefix x', async () => {
    const contents = new MapContents();
    expect(
      await writeObject(
        writerOf(contents, () => fixed(1000)),
        noise(5000, 1),
        '',
        0,
      ),
    ).toMatch(/^Ix/);
  });

  it('notices contents that have another length than the index says', async () => {
    const contents = new MapContents();
    const put = (text: string) => contents.write(utf8(text), '', 0);
    const index = encodeIndirect([
      { start: 0, length: 3, object: await put('abc') },
      { start: 3, length: 5, object: await put('de') },
    ]);
    const id = 'I' + (await contents.write(index, 'x', 0));
    await expect(readObject(contents, id)).rejects.toMatchObject({ code: 'corrupt' });
    const reader = await openObject(contents, id);
    expect(fromUtf8(await reader.read(0, 3))).toBe('abc');
    await expect(reader.read(0, 8)).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('names the missing content, and refuses what is no object', async () => {
    const contents = new MapContents();
    const index = encodeIndirect([{ start: 0, length: 3, object: '00'.repeat(32) }]);
    const id = 'I' + (await contents.write(index, 'x', 0));
    await expect(readObject(contents, id)).rejects.toMatchObject({ code: 'content-not-found' });
    expect((await objectPieces(contents, id)).length).toBe(1);
    const nonsense = encodeIndirect([{ start: 0, length: 3, object: 'no object' }]);
    await expect(readObject(contents, 'I' + (await contents.write(nonsense, 'x', 0)))).rejects.toMatchObject({
      name: 'CairnError',
    });
    await expect(readObject(contents, 'I'.repeat(40) + '00')).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('does not follow levels without end', async () => {
    const contents = new MapContents();
    let id = await contents.write(utf8('x'), '', 0);
    for (let level = 0; level < 40; level++)
      id = 'I' + (await contents.write(encodeIndirect([{ start: 0, length: 1, object: id }]), 'x', 0));
    await expect(readObject(contents, id)).rejects.toMatchObject({ code: 'corrupt' });
    await expect(openObject(contents, id)).rejects.toMatchObject({ code: 'corrupt' });
    const all = async () => {
      for await (const _ of objectContentIds(contents, id));
    };
    await expect(all()).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('reads concatenated objects, empty parts included', async () => {
    const contents = new MapContents();
    const options = writerOf(contents, () => fixed(1000));
    const parts = [noise(2500, 1), noise(0, 1), noise(700, 2), noise(3100, 3), noise(0, 1)];
    let start = 0;
    const entries = [];
    for (const part of parts) {
      entries.push({ start, length: part.length, object: await writeObject(options, part, '', 0) });
      start += part.length;
    }
    const id = 'I' + (await contents.write(encodeIndirect(entries), 'x', 0));
    expect(await readObject(contents, id)).toEqual(concatBytes(parts));
    const reader = await openObject(contents, id);
    expect(await reader.read(2000, 2000)).toEqual(concatBytes(parts).subarray(2000, 4000));
  });

  it('reads objects that were compressed at object level', async () => {
    const contents = new MapContents();
    const id = await contents.write(utf8('packed'), '', 0);
    const compressed = {
      ...contents.face(),
      readCompressed: async (content: string) => (expect(content).toBe(id), utf8('unpacked text')),
    };
    expect(fromUtf8(await readObject(compressed, 'Z' + id))).toBe('unpacked text');
    await expect(readObject(contents, 'Z' + id)).rejects.toMatchObject({ code: 'unsupported' });
    const index = encodeIndirect([
      { start: 0, length: 13, object: 'Z' + id },
      { start: 13, length: 6, object: id },
    ]);
    const whole = 'I' + (await contents.write(index, 'x', 0));
    expect(fromUtf8(await readObject(compressed, whole))).toBe('unpacked textpacked');
  });
});

describe('the test double', () => {
  it('names contents by their hash', async () => {
    const contents = new MapContents();
    expect(await contents.write(utf8('x'), 'k', 0)).toBe('k' + createHash('sha256').update('x').digest('hex'));
  });
});
