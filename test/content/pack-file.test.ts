import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '../../src/bytes/gather.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { parseTime } from '../../src/bytes/time.ts';
import { createContentCrypto } from '../../src/content/crypto.ts';
import { openNamedBlob, sealNamedBlob } from '../../src/content/named-blob.ts';
import { decodePostamble, encodePostamble, formatBytes, paddingLength } from '../../src/content/pack-file.ts';
import { newSessionId, sessionMarker, sessionOf } from '../../src/content/session.ts';
import { noEpochs } from '../../src/format/epoch-parameters.ts';
import type { RepositoryParameters } from '../../src/format/parameters.ts';
import { createHasher } from '../../src/kernels/hasher.ts';
import { ports } from '../runtime.ts';
import { formatVectors } from './vectors.ts';

const hex = (text: string) => fromHex(text)!;

function crypto(hash: string, encryption: string, secret: string, masterKey: string) {
  const parameters: RepositoryParameters = {
    hash,
    encryption,
    ecc: '',
    eccOverheadPercent: 0,
    secret: hex(secret),
    masterKey: hex(masterKey),
    version: 3,
    maxPackSize: 20 << 20,
    indexVersion: 2,
    epochParameters: noEpochs,
    enablePasswordChange: true,
    splitter: 'FIXED-1M',
    upgradeLock: undefined,
    requiredFeatures: [],
    unknown: {},
  };
  return createContentCrypto(parameters, ports());
}

describe('the parts of a pack', () => {
  it.each(formatVectors.packPostamble)('postamble of an index at $localIndexOffset', (vector) => {
    const postamble = { id: hex(vector.ivHex), offset: vector.localIndexOffset, length: vector.localIndexLength };
    const bytes = encodePostamble(postamble);
    expect(toHex(bytes)).toBe(vector.postambleHex);
    expect(decodePostamble(bytes)).toEqual(postamble);
    expect(decodePostamble(concatBytes([new Uint8Array(5000).fill(7), bytes]))).toEqual(postamble);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] ^= 1;
      expect(() => decodePostamble(flipped)).toThrow(/damaged pack postamble/);
      expect(() => decodePostamble(bytes.subarray(0, at))).toThrow(/damaged pack postamble/);
    }
  });

  it('embeds the format blob as Kopia does', () => {
    const { encodedHex, formatBlobAscii } = formatVectors.formatBytesInPack;
    expect(toHex(formatBytes(utf8(formatBlobAscii)))).toBe(encodedHex);
    expect(() => formatBytes(new Uint8Array(65000))).toThrow(/too long/);
  });

  it('pads to the next multiple of 4096, never by nothing', () => {
    expect([0, 1, 4095, 4096, 4097].map(paddingLength)).toEqual([4096, 4095, 1, 4096, 4095]);
  });
});

describe('named blobs', () => {
  const sealed = formatVectors.namedBlobs.filter((vector) => vector.blobID !== undefined);

  it.each(sealed)(
    '$blobID',
    async ({ blobID, blobHex, hash, encryption, hmacSecretHex, masterKeyHex, plaintextHex, prefix, suffix }) => {
      const keys = await crypto(hash, encryption, hmacSecretHex, masterKeyHex);
      const plain = hex(plaintextHex);
      expect(toHex(await openNamedBlob(keys, blobID, hex(blobHex)))).toBe(plaintextHex);
      const ours = await sealNamedBlob(keys, prefix, suffix, plain);
      expect(ours.id).toBe(blobID);
      expect(await openNamedBlob(keys, blobID, ours.data)).toEqual(plain);
      const damaged = hex(blobHex);
      damaged[damaged.length - 1] ^= 0x80;
      await expect(openNamedBlob(keys, blobID, damaged)).rejects.toMatchObject({
        code: 'authentication-failed',
        data: { blob: blobID },
      });
      await expect(openNamedBlob(keys, blobID, new Uint8Array(0))).rejects.toMatchObject({ name: 'CairnError' });
      await expect(openNamedBlob(keys, prefix + 'abc', hex(blobHex))).rejects.toMatchObject({ code: 'corrupt' });
    },
  );

  it.each(formatVectors.namedBlobs.filter((vector) => vector.hashHex !== undefined))(
    'unkeyed hash of $plaintextHex',
    async ({ hashHex, plaintextHex }) => {
      const hasher = await createHasher('BLAKE2B-256-128', new Uint8Array(0));
      expect(toHex(hasher.hash(hex(plaintextHex)))).toBe(hashHex);
    },
  );
});

describe('sessions', () => {
  it.each(formatVectors.sessionIDEpochSuffix)(
    '$time ends in $suffixAfter16HexDigits',
    ({ time, suffixAfter16HexDigits }) => {
      const id = newSessionId(parseTime(time)!, (into) => into.fill(0xab));
      expect(id).toBe('s' + 'ab'.repeat(8) + suffixAfter16HexDigits);
    },
  );

  it('writes the marker of the vectors', () => {
    const vector = formatVectors.namedBlobs.find((each) => each.prefix === 's')!;
    const plain = sessionMarker('s00112233445566771a4', parseTime('2026-08-21T12:00:00.123456789Z')!, 'u', 'h');
    const text = new TextDecoder().decode(hex(vector.plaintextHex));
    expect(new TextDecoder().decode(plain).replace(/"checkpointTime":"[^"]*"/, '')).toBe(
      text.replace(/"checkpointTime":"[^"]*"/, ''),
    );
  });

  it('finds the session in a name', () => {
    expect(sessionOf('p00-s1234')).toBe('s1234');
    expect(sessionOf('xn0_00-s12-c1')).toBe('s12');
    expect(sessionOf('p00')).toBe('');
    expect(sessionOf('s00')).toBe('');
  });
});
