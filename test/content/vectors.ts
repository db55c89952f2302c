import { vectors } from '../kernels/data.ts';
import type { ContentInfo } from '../../src/content/types.ts';
import { contentKey } from '../../src/content/id.ts';
import { EntryList } from '../../src/content/index/entries.ts';

/** An index entry in Kopia's JSON names; zero members may be missing. */
export interface JsonEntry {
  contentID: string;
  packFile?: string;
  time: number;
  originalLength: number;
  length: number;
  packOffset?: number;
  compression?: number;
  deleted: boolean;
  formatVersion: number;
}

/** `format.json.gz`: what Kopia's own packages computed. */
export interface FormatVectors {
  namedBlobs: Record<string, string>[];
  formatBytesInPack: { encodedHex: string; formatBlobAscii: string };
  packPostamble: { ivHex: string; localIndexOffset: number; localIndexLength: number; postambleHex: string }[];
  sessionIDEpochSuffix: { time: string; suffixAfter16HexDigits: string }[];
  index: {
    v1: { bytesHex: string; entries: JsonEntry[] };
    v2_single_format: { bytesHex: string; entries: JsonEntry[] };
    v2_two_formats: { bytesHex: string; entries: JsonEntry[] };
    v2_long_contents: { bytesHex: string; entries: JsonEntry[] };
    v2_65537_packs: { headerHex: string; firstEntryHex: string; lastEntryHex: string; length: number; sha256: string };
  };
  indexShardHash: { contentID: string; fnv1a32: number; mod3: number }[];
  indexMerge: { cases: { a: MergeSide; b: MergeSide; winner: 'a' | 'b' }[] };
  contentIDs: { validInAscendingOrder: string[]; invalid: Record<string, string> };
  objectIDs: {
    valid: string[];
    invalid: string[];
    canonicalString: Record<string, string>;
    'sha256AsContentHash_FIXED-1M': Record<string, string>;
    fixed1000Indirection: { length: number; contents: number; indirection: number }[];
  };
  defaultEpochParametersJSON: string;
  completeSets: { input: string[]; first: string[] }[];
  longestRangeCheckpoint: { ranges: [number, number][]; want: [number, number][] }[];
  formatBlobSeal: { formatEncryptionKeyHex: string; plaintextAscii: string; sealedHex: string; uniqueIDHex: string };
}

interface MergeSide {
  time: number;
  deleted: boolean;
  packFile: string;
}

export const formatVectors = vectors<FormatVectors>('format.json.gz');

export function contentInfo(entry: JsonEntry): ContentInfo {
  return {
    id: entry.contentID,
    packBlob: entry.packFile ?? '',
    packOffset: entry.packOffset ?? 0,
    packedLength: entry.length,
    originalLength: entry.originalLength,
    compression: entry.compression ?? 0,
    formatVersion: entry.formatVersion,
    timestamp: entry.time,
    deleted: entry.deleted,
  };
}

/** Index columns of the given entries, which need not be sorted. */
export function entryList(infos: readonly ContentInfo[], keySize = contentKey(infos[0].id).length): EntryList {
  const list = new EntryList(keySize);
  for (const info of infos) {
    const { timestamp, packOffset, deleted, packedLength, originalLength } = info;
    const pack = list.names.pack(info.packBlob);
    const format = list.names.format(info.compression, info.formatVersion);
    list.push(contentKey(info.id), timestamp, packOffset, deleted, packedLength, originalLength, pack, format);
  }
  return list;
}
