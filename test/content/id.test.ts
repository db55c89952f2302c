import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import { compareBytes } from '../../src/bytes/gather.ts';
import {
  cipherId,
  contentIdFromKey,
  contentKey,
  contentPrefix,
  isContentId,
  parseContentId,
} from '../../src/content/id.ts';
import { shardHash } from '../../src/content/index/write.ts';
import { isCairnError } from '../../src/errors.ts';
import { formatVectors } from './vectors.ts';

const { validInAscendingOrder: valid, invalid } = formatVectors.contentIDs;

describe('content IDs', () => {
  it('reads the valid ones of the vectors, in upper case too, and their keys have their order', () => {
    for (const id of valid) {
      expect(parseContentId(id)).toBe(id);
      const upper = id.length % 2 === 1 ? id[0] + id.slice(1).toUpperCase() : id.toUpperCase();
      expect(parseContentId(upper)).toBe(id);
      expect(contentIdFromKey(contentKey(id))).toBe(id);
    }
    const keys = valid.slice(1).map(contentKey);
    for (let i = 1; i < keys.length; i++) expect(compareBytes(keys[i - 1], keys[i])).toBeLessThan(0);
  });

  it.each(Object.entries(invalid))('refuses %s: %s', (id) => {
    let error: unknown;
    try {
      parseContentId(id);
    } catch (thrown) {
      error = thrown;
    }
    expect(isCairnError(error, 'invalid-argument')).toBe(true);
    expect(isContentId(id)).toBe(false);
  });

  it('knows prefixes by odd length', () => {
    expect(contentPrefix('k00')).toBe('k');
    expect(contentPrefix('ab00')).toBe('');
    expect(contentPrefix('')).toBe('');
    expect(isContentId('')).toBe(false);
  });

  it('gives the encryptor the last 16 bytes of any hash', () => {
    const hash = fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')!;
    expect([...cipherId(hash)]).toEqual([...hash.subarray(16)]);
    expect(cipherId(hash.subarray(0, 16))).toEqual(hash.subarray(0, 16));
    expect(cipherId(hash.subarray(0, 28))).toEqual(hash.subarray(12, 28));
  });

  it.each(formatVectors.indexShardHash)('hashes $contentID to its shard', ({ contentID, fnv1a32, mod3 }) => {
    expect(shardHash(contentID)).toBe(fnv1a32);
    expect(shardHash(contentID) % 3).toBe(mod3);
  });
});
