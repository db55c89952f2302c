import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BlobMetadata } from '../../src/blob/storage.ts';
import { fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import { fromHex } from '../../src/bytes/hex.ts';
import { encodeJson, parseJson } from '../../src/bytes/json.ts';
import { openBytes } from '../../src/content/crypto.ts';
import { isContentId, parseContentId } from '../../src/content/id.ts';
import { completeIndexSet, epochState } from '../../src/content/index/epochs.ts';
import { activeIndexBlobs, parseCompactionLog } from '../../src/content/index/legacy.ts';
import { listBlobs, readIndexBlob } from '../../src/content/index/load.ts';
import { mergeIndexes } from '../../src/content/index/merged.ts';
import { readIndex } from '../../src/content/index/read.ts';
import { writeIndex } from '../../src/content/index/write.ts';
import { openNamedBlob } from '../../src/content/named-blob.ts';
import { decodePostamble } from '../../src/content/pack-file.ts';
import { blobConfigFromBytes, blobConfigToBytes, checkRetention } from '../../src/format/blobcfg.ts';
import { checkRequiredFeatures } from '../../src/format/features.ts';
import { checkParameters, parametersFromJson, parametersToJson } from '../../src/format/parameters.ts';
import { encodeRepositoryBlob, parseRepositoryBlob } from '../../src/format/repository-blob.ts';
import { checkUpgradeLock } from '../../src/format/upgrade-lock.ts';
import { encodeManifestContent, parseManifestContent } from '../../src/manifest/content.ts';
import { parseObjectId } from '../../src/object/id.ts';
import { encodeIndirect, parseIndirect } from '../../src/object/indirect.ts';
import { readObject } from '../../src/object/open.ts';
import { encodeDirectory, readDirectory } from '../../src/snapshot/directory.ts';
import { parseSnapshot, snapshotToJson } from '../../src/snapshot/manifest.ts';
import { formatVectors } from '../content/vectors.ts';
import { policyFromJson, policyToJson } from '../../src/policy/document.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { openFixture } from '../fixtures/reopen.ts';
import { damaged, expectTame, hostile, runs } from './mutate.ts';

/** Real inputs by kind, out of repositories that Kopia wrote. */
const seeds: Record<string, Uint8Array[]> = {};
const add = (kind: string, ...bytes: Uint8Array[]) => (seeds[kind] ??= []).push(...bytes);

beforeAll(async () => {
  for (const name of ['default-v3', 'legacy-index', 'objects', 'incomplete', 'policies']) {
    const storage = await fixtureStorage(name);
    const repository = await openFixture(storage, name);
    const { contents, format, manifests } = repository;
    add('repository', await storage.get('kopia.repository'));
    add('parameters', utf8(encodeJson(parametersToJson(format.parameters))));
    for (const blob of contents.indexBlobs.slice(0, 6))
      add('index', await readIndexBlob({ storage, crypto: contents.crypto }, blob.id));
    for (const { id } of await listBlobs(storage, 'm'))
      add('log', await openNamedBlob(contents.crypto, id, await storage.get(id)));
    for (const { id } of (await listBlobs(storage, 'p')).slice(0, 2))
      add('postamble', (await storage.get(id)).slice(-200));
    const gzip = await contents.crypto.compressors.byId(0x1000);
    let directories = 0;
    for (const info of contents.entries()) {
      if (info.id.startsWith('m')) add('manifest', gzip.decompress(await contents.read(info.id), 1 << 20));
      if (info.id.startsWith('x')) add('indirect', await contents.read(info.id));
      if (info.id.startsWith('k') && info.originalLength < 5000 && directories++ < 6)
        add('directory', await contents.read(info.id));
    }
    for (const { id } of await manifests.find({ type: 'snapshot' }))
      add('snapshot', utf8(encodeJson((await manifests.get(id)).data)));
    for (const { id } of await listBlobs(storage, 'x')) add('names', utf8(id));
    for (const { id } of await manifests.find({ type: 'policy' }))
      add('policy', utf8(encodeJson((await manifests.get(id)).data)));
  }
  add(
    'index',
    ...[formatVectors.index.v1, formatVectors.index.v2_two_formats, formatVectors.index.v2_long_contents].map(
      ({ bytesHex }) => fromHex(bytesHex)!,
    ),
  );
  add('blobcfg', utf8('{}'), utf8('{"retentionMode":"COMPLIANCE","retentionPeriod":86400000000000}'));
  add(
    'parameters',
    utf8(
      '{"hash":"a","encryption":"b","masterKey":"AAAA","version":3,"requiredFeatures":[{"feature":"x","ifNotUnderstood":{"warn":true,"message":"m"}}],"upgradeLock":{"ownerID":"o","creationTime":"2026-01-02T03:04:05Z","ioDrainTimeout":900000000000,"maxPermittedClockDrift":300000000000}}',
    ),
  );
  add('ids', ...formatVectors.objectIDs.valid.map(utf8), ...formatVectors.contentIDs.validInAscendingOrder.map(utf8));
});

const json = (bytes: Uint8Array) => {
  try {
    return parseJson(fromUtf8(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

const targets: Record<string, (bytes: Uint8Array) => void> = {
  repository(bytes) {
    const blob = parseRepositoryBlob(bytes);
    expect(parseRepositoryBlob(encodeRepositoryBlob(blob)).sealed).toEqual(blob.sealed);
  },
  parameters(bytes) {
    const parameters = parametersFromJson(json(bytes));
    checkParameters(parameters);
    checkRequiredFeatures(parameters.requiredFeatures);
    const text = encodeJson(parametersToJson(parameters));
    // half a UTF-16 pair is written as U+FFFD, once and for all
    if (!text.includes('\\ufffd'))
      expect(encodeJson(parametersToJson(parametersFromJson(json(utf8(text)))))).toBe(text);
    checkUpgradeLock(parameters, 1_800_000_000_000_000_000n, undefined);
  },
  blobcfg(bytes) {
    const config = blobConfigFromBytes(bytes);
    expect(blobConfigFromBytes(blobConfigToBytes(config)).retention?.period).toBe(config.retention?.period);
    checkRetention(config.retention);
  },
  index(bytes) {
    const entries = readIndex(bytes);
    expect(entries.count).toBeLessThanOrEqual(bytes.length / 17);
    expect(entries.keys.byteLength + entries.words.byteLength).toBeLessThanOrEqual(3 * bytes.length + 10_000);
    const infos = [...entries];
    if (entries.keySize >= 3) {
      const merged = mergeIndexes([entries, entries], entries.keySize);
      expect(merged.count).toBe(entries.count);
      for (const info of infos) expect(merged.info(info.id)).toEqual(info);
    }
    if (infos.length > 0) expect([...readIndex(writeIndex(entries, entries.order(), 2))].length).toBe(infos.length);
  },
  postamble(bytes) {
    const { id, offset, length } = decodePostamble(bytes);
    expect(id.length).toBeLessThan(256);
    expect([Number.isSafeInteger(offset), Number.isSafeInteger(length)]).toEqual([true, true]);
  },
  log(bytes) {
    const log = parseCompactionLog(bytes, 'm1');
    activeIndexBlobs([{ id: 'n1', length: 1, timestamp: 0n }], [log]);
  },
  manifest(bytes) {
    const entries = parseManifestContent(bytes);
    const again = parseManifestContent(encodeManifestContent(entries));
    expect(again.map(({ modified, deleted }) => [modified, deleted])).toEqual(
      entries.map(({ modified, deleted }) => [modified, deleted]),
    );
  },
  indirect(bytes) {
    const entries = parseIndirect(bytes);
    const extents = (list: typeof entries) => list.map(({ start, length }) => [start, length]);
    expect(extents(parseIndirect(encodeIndirect(entries)))).toEqual(extents(entries));
  },
  directory(bytes) {
    const { entries, summary } = readDirectory(bytes);
    const again = readDirectory(encodeDirectory(entries, summary));
    expect(again.entries.length).toBe(entries.length);
  },
  snapshot(bytes) {
    const snapshot = parseSnapshot('id', json(bytes));
    expect(parseSnapshot('id', json(utf8(encodeJson(snapshotToJson(snapshot)))))).toBeDefined();
  },
  policy(bytes) {
    const text = encodeJson(policyToJson(policyFromJson(json(bytes))));
    if (!text.includes('\\ufffd')) expect(encodeJson(policyToJson(policyFromJson(json(utf8(text)))))).toBe(text);
  },
  ids(bytes) {
    const text = fromUtf8(bytes);
    for (const parse of [parseContentId, parseObjectId]) {
      try {
        parse(text);
      } catch (error) {
        expect((error as Error).name).toBe('CairnError');
      }
    }
    if (isContentId(text)) expect(parseContentId(text)).toBe(text);
  },
};

describe.each(Object.entries(targets))('%s', (kind, target) => {
  it('returns or throws a CairnError, soon, for anything', () => {
    for (const seed of seeds[kind]) expectTame(target, seed);
    fc.assert(
      fc.property(damaged(seeds[kind]), (bytes) => expectTame(target, bytes)),
      { numRuns: runs, seed: 20260821 },
    );
  });

  it('is not exhausted by what is built for that', () => {
    for (const bytes of hostile) expectTame(target, bytes);
  });
});

describe('epoch names', () => {
  it('give a set of index blobs that are there, each once, for any names', () => {
    const real = () => seeds.names.map((each) => fromUtf8(each));
    const number = fc.oneof(fc.nat({ max: 12 }), fc.constantFrom(2 ** 53, 10 ** 14, 10 ** 20));
    const made = fc
      .tuple(
        fc.constantFrom('xn', 'xs', 'xe', 'xr', 'xw', 'x', 'xr_', 'xn-1'),
        number,
        number,
        fc.nat({ max: 3 }),
        fc.nat({ max: 3 }),
      )
      .map(([kind, a, b, session, count]) => `${kind}${a}${kind === 'xr' ? `_${b}` : ''}_00-s${session}-c${count}`);
    const mixed = fc.oneof(
      made,
      fc.nat().map((at) => real()[at % real().length]),
      fc.string({ maxLength: 20 }).map((text) => 'x' + text),
    );
    fc.assert(
      fc.property(fc.array(mixed, { maxLength: 60 }), (ids) => {
        const blobs: BlobMetadata[] = [...new Set(ids)].map((id) => ({ id, length: 1, timestamp: 0n }));
        const set = completeIndexSet(epochState(blobs)).map(({ id }) => id);
        expect(new Set(set).size).toBe(set.length);
        for (const id of set) expect(ids).toContain(id);
      }),
      { numRuns: runs, seed: 20260821 },
    );
  });
});

describe('sealed bytes', () => {
  it('that were altered never open, whatever was altered', async () => {
    const name = 'default-v3';
    const storage = await fixtureStorage(name);
    const { contents, objects } = await openFixture(storage, name);
    const info = [...contents.entries()].find(({ id, originalLength }) => id.startsWith('k') && originalLength < 3000)!;
    const packed = await storage.get(info.packBlob, { offset: info.packOffset, length: info.packedLength });
    expect((await contents.openContent(info, packed)).length).toBe(info.originalLength);
    await fc.assert(
      fc.asyncProperty(damaged([packed]), async (bytes) => {
        fc.pre(bytes.length !== packed.length || bytes.some((byte, at) => byte !== packed[at]));
        await expect((async () => contents.openContent(info, bytes))()).rejects.toMatchObject({ name: 'CairnError' });
        await expect((async () => openBytes(contents.crypto, new Uint8Array(16), bytes))()).rejects.toMatchObject({
          name: 'CairnError',
        });
      }),
      { numRuns: Math.min(runs, 100), seed: 20260821 },
    );
    await expect(readObject(objects, 'I' + info.id)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
