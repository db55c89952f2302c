import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { fromBase64 } from '../../src/bytes/base64.ts';
import { toHex } from '../../src/bytes/hex.ts';
import type { Json } from '../../src/bytes/json.ts';
import { formatTime, fromSeconds, parseTime } from '../../src/bytes/time.ts';
import { parametersToJson } from '../../src/format/parameters.ts';
import { openObject } from '../../src/object/open.ts';
import { openRepository } from '../../src/repository/open.ts';
import { vectors } from '../kernels/data.ts';
import { contentInfo, type JsonEntry } from '../content/vectors.ts';
import { ports } from '../runtime.ts';

/** The six complete repositories of the format description, made by Kopia's own packages. */
interface Sample {
  password: string;
  formatEncryptionKeyHex: string;
  repositoryConfig: Json;
  objects: { name: string; objectID: string; length: number; sha256: string }[];
  deletedContent: string;
  manifests: { id: string; labels: Record<string, string>; mtime: string; length: number; data: Json }[];
  contents: JsonEntry[];
  activeIndexBlobs: string[];
  epochState: { deletionWatermark: string; writeEpoch: number } | null;
  blobs: { id: string; length: number; timestamp: string; base64: string }[];
}

const samples = vectors<Record<string, Sample>>('sample-repositories.json.gz');

async function restored({ blobs }: Sample): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  for (const { id, base64, timestamp } of blobs)
    await storage.put(id, fromBase64(base64)!, { modifiedTime: parseTime(timestamp) });
  return storage;
}

describe.each(Object.entries(samples))('%s', (_, sample) => {
  const opened = restored(sample).then((storage) => openRepository(storage, { password: sample.password }, ports()));

  it('opens with its key and parameters', async () => {
    const { format, problems, warnings } = await opened;
    expect(toHex(format.formatKey)).toBe(sample.formatEncryptionKeyHex);
    expect(
      JSON.parse(
        JSON.stringify(parametersToJson(format.parameters), (_, value: unknown) =>
          typeof value === 'bigint' ? Number(value) : value,
        ),
      ),
    ).toEqual(sample.repositoryConfig);
    expect([problems, warnings]).toEqual([[], []]);
    const again = await openRepository(await restored(sample), { formatKey: format.formatKey }, ports());
    expect(again.contents.index.count).toBe(sample.contents.length);
  });

  it('merges the right index blobs', async () => {
    const { contents } = await opened;
    expect(contents.indexBlobs.map(({ id }) => id).sort()).toEqual(sample.activeIndexBlobs);
    const { epochState: want } = sample;
    if (want === null) expect(contents.epochs).toBeUndefined();
    else {
      expect(contents.epochs?.writeEpoch).toBe(want.writeEpoch);
      const watermark = contents.epochs!.watermark;
      expect(watermark < 0 ? '0001-01-01T00:00:00Z' : formatTime(fromSeconds(watermark))).toBe(want.deletionWatermark);
    }
  });

  it('has its contents, all of which decrypt to their hash', async () => {
    const { contents } = await opened;
    expect([...contents.entries()]).toEqual(sample.contents.map(contentInfo));
    await contents.readMany(
      sample.contents.map(({ contentID }) => contentID),
      (id, data) => {
        if (data instanceof Error) throw data;
        expect(contents.matches(id, data), id).toBe(true);
      },
    );
    expect(contents.info(sample.deletedContent)?.deleted ?? true).toBe(true);
  });

  it('has its objects', async () => {
    const { objects } = await opened;
    for (const { objectID, length, sha256, name } of sample.objects) {
      const reader = await openObject(objects, objectID);
      expect(reader.length, name).toBe(length);
      const digest = createHash('sha256');
      for await (const chunk of reader.chunks()) digest.update(chunk);
      expect(digest.digest('hex'), name).toBe(sha256);
    }
  });

  it('has its manifests', async () => {
    const { manifests } = await opened;
    expect((await manifests.find({})).length).toBe(sample.manifests.length);
    for (const { id, labels, mtime, length, data } of sample.manifests) {
      const found = await manifests.get(id);
      expect(found).toEqual({ metadata: { id, labels, modified: parseTime(mtime), length }, data });
    }
  });
});
