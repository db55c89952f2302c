import type { Json } from '../../src/bytes/json.ts';
import { CairnError } from '../../src/errors.ts';
import type { Labels, ManifestMetadata, ManifestWriter } from '../../src/manifest/types.ts';

/** Manifests in memory, with a clock that stands still unless slept on. */
export class MemoryManifests implements ManifestWriter {
  now = 1_700_000_000_000_000_000n;
  slept: number[] = [];
  readonly items = new Map<string, { metadata: ManifestMetadata; data: Json }>();
  private count = 0;

  readonly clock = {
    now: () => this.now,
    sleep: async (milliseconds: number) => {
      this.slept.push(milliseconds);
      this.now += BigInt(milliseconds) * 1_000_000n;
    },
  };

  async find(labels: Labels): Promise<ManifestMetadata[]> {
    return [...this.items.values()]
      .map((item) => item.metadata)
      .filter((metadata) => Object.entries(labels).every(([key, value]) => metadata.labels[key] === value))
      .toSorted((a, b) => Number(a.modified - b.modified));
  }

  async get(id: string): Promise<{ metadata: ManifestMetadata; data: Json }> {
    const item = this.items.get(id);
    if (item === undefined) throw new CairnError('manifest-not-found', `no manifest ${id}`);
    return item;
  }

  async put(labels: Labels, data: Json): Promise<string> {
    const id = (++this.count).toString(16).padStart(32, '0');
    this.add(id, labels, data, this.now);
    return id;
  }

  async delete(id: string): Promise<void> {
    this.items.delete(id);
  }

  add(id: string, labels: Labels, data: Json, modified: bigint): void {
    this.items.set(id, { metadata: { id, labels, modified, length: 0 }, data });
  }
}
