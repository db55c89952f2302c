import { describe, expect, it } from 'vitest';
import { compressorForFile, metadataCompressor } from '../../src/policy/compression.ts';
import { emptyPolicy } from '../../src/policy/policy.ts';

describe('compression of a file', () => {
  it('follows name and size', () => {
    const policy = { compressorName: 'zstd', neverCompress: ['.gz', '.zip'], minSize: 10, maxSize: 100n };
    expect(compressorForFile(policy, 'a.txt', 10)).toBe('zstd');
    expect(compressorForFile(policy, 'a.txt', 9)).toBe('');
    expect(compressorForFile(policy, 'a.txt', 101)).toBe('');
    expect(compressorForFile(policy, 'a.txt', 100n)).toBe('zstd');
    expect(compressorForFile(policy, 'a.tar.gz', 50)).toBe('');
    expect(compressorForFile(policy, 'a.GZ', 50)).toBe('zstd');
    expect(compressorForFile(policy, '.zip', 50)).toBe('');
    expect(compressorForFile(policy, 'zip', 50)).toBe('zstd');
    expect(compressorForFile({ ...policy, onlyCompress: ['.zip'] }, 'a.zip', 50)).toBe('zstd');
    expect(compressorForFile({ ...policy, onlyCompress: ['.zip'] }, 'a.txt', 50)).toBe('zstd');
  });

  it('is off when nothing or none is named', () => {
    expect(compressorForFile({}, 'a', 1)).toBe('');
    expect(compressorForFile({ compressorName: 'none' }, 'a', 1)).toBe('');
    expect(metadataCompressor(emptyPolicy())).toBe('');
    expect(metadataCompressor({ ...emptyPolicy(), metadataCompression: { compressorName: 'none' } })).toBe('');
    expect(metadataCompressor({ ...emptyPolicy(), metadataCompression: { compressorName: 'zstd' } })).toBe('zstd');
  });

  it('misses in lists that are not sorted, as Kopia does', () => {
    expect(compressorForFile({ compressorName: 'zstd', neverCompress: ['.z', '.b', '.a'] }, 'x.z', 1)).toBe('zstd');
  });
});
