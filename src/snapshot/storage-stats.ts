import type { JsonObject } from '../bytes/json.ts';
import { objectContentIds, type ObjectContents } from '../object/open.ts';
import type { SnapshotManifest } from './manifest.ts';
import { ObjectSet } from './object-set.ts';
import { walkTree } from './walk.ts';

/** What objects met for the first time amount to (spec/snapshots-and-policies.md section 2). */
export interface StorageUsage {
  /** Bytes of files and links before chunking; directories do not count here nor in the content bytes. */
  objectBytes: number;
  originalContentBytes: number;
  packedContentBytes: number;
  /** Files and links. */
  fileObjects: number;
  dirObjects: number;
  contents: number;
}

export interface StorageStats {
  newData: StorageUsage;
  runningTotal: StorageUsage;
}

const keys = [
  'objectBytes',
  'originalContentBytes',
  'packedContentBytes',
  'fileObjects',
  'dirObjects',
  'contents',
] as const;

/** Measures snapshots one after another, in the order they are shown: each object counts for the first that has it. */
export class StorageMeter {
  readonly #contents: ObjectContents;
  readonly #objects = new ObjectSet();
  readonly #seen = new ObjectSet();
  #total: StorageUsage = nothing();

  constructor(contents: ObjectContents) {
    this.#contents = contents;
  }

  async add({ rootEntry }: SnapshotManifest, signal?: AbortSignal): Promise<StorageStats> {
    const added = nothing();
    if (rootEntry !== undefined)
      for await (const { entry } of walkTree(this.#contents, rootEntry, { visited: this.#objects, signal })) {
        const isDirectory = entry.type === 'd';
        if (isDirectory) added.dirObjects++;
        else {
          added.fileObjects++;
          added.objectBytes += entry.size;
        }
        for await (const id of objectContentIds(this.#contents, entry.objectId))
          this.#addContent(id, isDirectory, added);
      }
    const total = { ...this.#total };
    for (const key of keys) total[key] += added[key];
    this.#total = total;
    return { newData: added, runningTotal: total };
  }

  #addContent(id: string, isDirectory: boolean, added: StorageUsage): void {
    if (!this.#seen.add(id)) return;
    added.contents++;
    const info = isDirectory ? undefined : this.#contents.info(id);
    added.originalContentBytes += info?.originalLength ?? 0;
    added.packedContentBytes += info?.packedLength ?? 0;
  }
}

function nothing(): StorageUsage {
  return {
    objectBytes: 0,
    originalContentBytes: 0,
    packedContentBytes: 0,
    fileObjects: 0,
    dirObjects: 0,
    contents: 0,
  };
}

export function storageStatsToJson({ newData, runningTotal }: StorageStats): JsonObject {
  return { newData: { ...newData }, runningTotal: { ...runningTotal } };
}
