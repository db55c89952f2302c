import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../../src/bytes/json.ts';

interface Stored {
  manifests: { id: string; labels: Record<string, string>; mtime: string; data: JsonObject }[];
  reasons: Record<string, string[] | undefined>;
}

/** What the real Kopia wrote and printed; `about` inside says how it was made. */
export interface KopiaData {
  odd: Record<string, string>;
  pair: {
    streams: Record<string, string>;
    snapshots: (JsonObject & { id: string; storageStats: JsonObject })[];
    contents: {
      contentID: string;
      packFile: string;
      packOffset: number;
      length: number;
      originalLength: number;
      deleted: boolean;
    }[];
    diffs: { before: string; after: string; output: string }[];
  };
  stored: Record<'default-v3' | 'incomplete', Stored>;
  lists: { argv: string[]; stdout: string; from: 'default-v3' | 'incomplete' }[];
}

export function kopiaData(): KopiaData {
  const file = new URL('./data/kopia.json.gz', import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as KopiaData;
}
