import type { PutOptions } from '../blob/storage.ts';
import { CairnError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { contentIdFromKey } from './id.ts';
import type { EntryList } from './index/entries.ts';
import { epochState } from './index/epochs.ts';
import { listBlobs } from './index/load.ts';
import { MAX_ENTRIES_PER_INDEX, shardHash, writeIndex } from './index/write.ts';
import { sealNamedBlob } from './named-blob.ts';
import type { ContentStore } from './store.ts';

export interface IndexWriterOptions {
  clock: Clock;
  indexVersion: number;
  refreshFrequency: bigint;
  putOptions(id: string): PutOptions | undefined;
}

const ATTEMPTS = 4;

/** Puts index blobs (spec/repository-format.md sections 9.3, 10, 11.5). */
export class IndexWriter {
  readonly #store: ContentStore;
  readonly #options: IndexWriterOptions;
  /** Write epoch and when it was listed. */
  #epoch: { number: number; at: number } | undefined;

  constructor(store: ContentStore, options: IndexWriterOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Writes the entries with the given numbers in the index's order, as few blobs as the format allows. */
  async write(entries: EntryList, numbers: Uint32Array, sessionId: string): Promise<void> {
    numbers.sort((a, b) => entries.compareKeys(a, entries, b));
    const shards = splitShards(entries, numbers).map((shard) => writeIndex(entries, shard, this.#options.indexVersion));
    if (this.#store.options.epochs) await this.#writeEpoch(shards, sessionId);
    else
      for (const shard of shards) {
        const { id, data } = await sealNamedBlob(this.#store.crypto, 'n', sessionId, shard);
        await this.#store.storage.put(id, data, this.#options.putOptions(id));
      }
  }

  async #writeEpoch(shards: readonly Uint8Array[], sessionId: string): Promise<void> {
    const { storage, crypto } = this.#store;
    for (let attempt = 1; ; attempt++) {
      const epoch = await this.#writeEpochNumber();
      const written: string[] = [];
      for (const shard of shards) {
        const { id, data } = await sealNamedBlob(crypto, '', `${sessionId}-c${shards.length}`, shard);
        const name = `xn${epoch}_${id}`;
        await storage.put(name, data, this.#options.putOptions(name));
        written.push(name);
      }
      // Two epochs later the epoch may be compacted already, without what was just written to it.
      this.#epoch = undefined;
      if ((await this.#writeEpochNumber()) < epoch + 2) return;
      for (const name of written) await storage.delete(name);
      if (attempt >= ATTEMPTS)
        throw new CairnError('io', 'extremely slow index write: the epoch advanced twice while the index was written', {
          hint: 'the storage answers too slowly or the clocks differ; try again',
        });
    }
  }

  /** The write epoch from a listing that stays valid for at least three quarters of the refresh period. */
  async #writeEpochNumber(): Promise<number> {
    const now = this.#options.clock.monotonic();
    const quarter = Number(this.#options.refreshFrequency / 1_000_000n) / 4;
    if (this.#epoch === undefined || now - this.#epoch.at > quarter) {
      await this.#store.storage.flushCaches();
      const { writeEpoch } = epochState(await listBlobs(this.#store.storage, 'xe'));
      this.#epoch = { number: writeEpoch, at: now };
    }
    return this.#epoch.number;
  }
}

function splitShards(entries: EntryList, numbers: Uint32Array, most = MAX_ENTRIES_PER_INDEX): Uint32Array[] {
  const count = Math.ceil(numbers.length / most);
  if (count <= 1) return [numbers];
  const shards: number[][] = Array.from({ length: count }, () => []);
  for (const at of numbers) shards[shardHash(contentIdFromKey(entries.key(at))) % count].push(at);
  return shards.filter((shard) => shard.length > 0).map((shard) => Uint32Array.from(shard));
}
