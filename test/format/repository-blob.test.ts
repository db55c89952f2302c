import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import { encodeJson, parseJson, type JsonObject } from '../../src/bytes/json.ts';
import { blobConfigFromBytes, blobConfigToBytes, checkRetention } from '../../src/format/blobcfg.ts';
import { newFormat } from '../../src/format/create.ts';
import { derivedKey, openFormat, retentionFor, sealFormat } from '../../src/format/format.ts';
import { checkParameters, parametersFromJson, parametersToJson } from '../../src/format/parameters.ts';
import { encodeRepositoryBlob, parseRepositoryBlob } from '../../src/format/repository-blob.ts';
import { formatSealKey, seal, unseal } from '../../src/format/seal.ts';
import { ports } from '../runtime.ts';
import { formatVectors } from '../content/vectors.ts';
import { fixtureFiles } from '../fixtures/load.ts';

const { native, random } = ports();
const key = new Uint8Array(32).map((_, at) => at);
const { password, ...quick } = { password: 'pw', keyAlgorithm: 'pbkdf2-sha256-600000' };

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'nothing thrown';
};

describe('sealing', () => {
  it('opens what Kopia sealed, and nothing altered', async () => {
    const { formatEncryptionKeyHex, uniqueIDHex, sealedHex, plaintextAscii } = formatVectors.formatBlobSeal;
    const sealKey = formatSealKey(fromHex(formatEncryptionKeyHex)!, fromHex(uniqueIDHex)!);
    const sealed = fromHex(sealedHex)!;
    expect(fromUtf8(await unseal(sealed, sealKey, native))).toBe(plaintextAscii);
    for (let at = 0; at < sealed.length; at++) {
      const flipped = sealed.slice();
      flipped[at] ^= 4;
      await expect(unseal(flipped, sealKey, native)).rejects.toMatchObject({ code: 'authentication-failed' });
      await expect(unseal(sealed.subarray(0, at), sealKey, native)).rejects.toMatchObject({
        code: 'authentication-failed',
      });
    }
    const ours = await seal(utf8('x'), sealKey, native, random);
    expect(fromUtf8(await unseal(ours, sealKey, native))).toBe('x');
    expect(toHex(ours.subarray(0, 12))).not.toBe(
      toHex((await seal(utf8('x'), sealKey, native, random)).subarray(0, 12)),
    );
  });
});

describe('kopia.repository', () => {
  const real = fixtureFiles('damaged-base').get('kopia.repository.f')!;

  it('is written as Kopia writes it', () => {
    const text = fromUtf8(encodeRepositoryBlob(parseRepositoryBlob(real)));
    expect(JSON.parse(text)).toEqual(JSON.parse(fromUtf8(real)));
    expect(text).toMatch(/^\{\n  "\w+": ".*",\n/);
    expect(text.endsWith('\n}\n')).toBe(true);
  });

  it('keeps unknown keys, in the plain part and in the sealed one', async () => {
    const format = await newFormat(password, quick, { native, random });
    format.outer.json.future = { list: [1, 2n ** 60n + 1n], text: '<&>' };
    format.parameters.unknown = { futureSetting: { deep: [true, null] }, big: 2n ** 61n + 1n };
    format.blobConfig.unknown = { futureLock: 'x' };
    const blobs = await sealFormat(format, { native, random });
    const opened = await openFormat(blobs, { password }, native);
    expect(opened.outer.json).toMatchObject({ future: format.outer.json.future });
    expect(opened.parameters).toEqual(format.parameters);
    expect(opened.blobConfig).toEqual(format.blobConfig);
    const again = await openFormat(
      await sealFormat(opened, { native, random }),
      { formatKey: opened.formatKey },
      native,
    );
    expect(again.parameters).toEqual(format.parameters);
    expect(again.outer.json).toMatchObject({ future: format.outer.json.future });
  });

  it('takes any JSON of the same meaning', () => {
    const json = JSON.parse(fromUtf8(real)) as Record<string, string>;
    const shouted = Object.fromEntries(Object.entries(json).map(([name, value]) => [name.toUpperCase(), value]));
    const parsed = parseRepositoryBlob(utf8(JSON.stringify(shouted)));
    expect(parsed.uniqueId).toEqual(parseRepositoryBlob(real).uniqueId);
    const once = JSON.parse(fromUtf8(encodeRepositoryBlob(parsed))) as Record<string, string>;
    expect(Object.keys(once).filter((name) => name.toLowerCase() === 'uniqueid')).toEqual(['uniqueID']);
  });

  it.each([
    ['nothing', '', 'corrupt'],
    ['text', 'hello', 'corrupt'],
    ['null', 'null', 'corrupt'],
    ['a list', '[]', 'corrupt'],
    ['no members', '{}', 'corrupt'],
    ['bad base64', '{"uniqueID":"*","encryptedBlockFormat":"AA=="}', 'corrupt'],
    ['members of other types', '{"uniqueID":1,"encryptedBlockFormat":{}}', 'corrupt'],
    [
      'another encryption',
      '{"uniqueID":"AAAA","encryptedBlockFormat":"AAAA","encryption":"ROT13"}',
      'unknown-algorithm',
    ],
  ])('refuses %s', (_, text, want) => {
    expect(code(() => parseRepositoryBlob(utf8(text)))).toBe(want);
  });

  it('tells a wrong password from everything else', async () => {
    const blobs = { repository: real, blobcfg: undefined };
    await expect(openFormat(blobs, { password: 'wrong' }, native)).rejects.toMatchObject({ code: 'wrong-password' });
    await expect(openFormat(blobs, { formatKey: key }, native)).rejects.toMatchObject({ code: 'wrong-password' });
    const short = encodeJson({ ...(parseJson(fromUtf8(real)) as JsonObject), uniqueID: 'AAAA' });
    await expect(openFormat({ ...blobs, repository: utf8(short) }, { password: 'x' }, native)).rejects.toMatchObject({
      name: 'CairnError',
    });
  });
});

describe('parameters', () => {
  const good = {
    hash: 'BLAKE2B-256-128',
    encryption: 'AES256-GCM-HMAC-SHA256',
    masterKey: 'AAAA',
    version: 3,
    indexVersion: 2,
    epochParameters: null,
  };

  it('fills in what older programs left out', () => {
    const { masterKey } = good;
    const parameters = parametersFromJson({ hash: 'H', encryption: 'E', masterKey, version: 1 });
    expect(parameters).toMatchObject({
      maxPackSize: 20 << 20,
      indexVersion: 1,
      splitter: 'FIXED',
      enablePasswordChange: false,
      ecc: '',
    });
    checkParameters(parameters);
    expect(Object.keys(parametersToJson(parameters))).toEqual([
      'hash',
      'encryption',
      'ecc',
      'eccOverheadPercent',
      'secret',
      'masterKey',
      'version',
      'maxPackSize',
      'indexVersion',
      'epochParameters',
      'enablePasswordChange',
      'splitter',
      'upgradeLock',
      'requiredFeatures',
    ]);
  });

  it.each([
    [{ version: 0 }, 'unsupported-version'],
    [{ version: 4 }, 'unsupported-version'],
    [{ indexVersion: 3 }, 'unsupported-version'],
    [{ masterKey: '' }, 'corrupt'],
    [{ masterKey: '!' }, 'corrupt'],
    [{ hash: 7 }, 'corrupt'],
    [{ version: '3' }, 'corrupt'],
    [{ maxPackSize: -1 }, 'corrupt'],
    [{ maxPackSize: 2 ** 40 }, 'corrupt'],
    [{ eccOverheadPercent: -5 }, 'corrupt'],
    [{ eccOverheadPercent: 101 }, 'corrupt'],
    [{ requiredFeatures: {} }, 'corrupt'],
  ])('refuses %j', (change, want) => {
    expect(code(() => checkParameters(parametersFromJson({ ...good, ...change })))).toBe(want);
  });

  it('survives numbers that are none', () => {
    const odd = parseJson(
      '{"Enabled":true,"EpochRefreshFrequency":1e999,"FullCheckpointFrequency":"x","CleanupSafetyMargin":{},"DeleteParallelism":1.5}',
    );
    for (const epochParameters of [odd, 3, 'x', []])
      expect(['nothing thrown', 'corrupt']).toContain(
        code(() => checkParameters(parametersFromJson({ ...good, epochParameters }))),
      );
  });

  it('derives keys from the master key, or from the format key in old repositories', async () => {
    const format = await newFormat(password, quick, { native, random });
    const old = { ...format, parameters: { ...format.parameters, enablePasswordChange: false } };
    expect(derivedKey(format, 'maintenance schedule', 32)).not.toEqual(derivedKey(old, 'maintenance schedule', 32));
    expect(derivedKey({ ...format, formatKey: key }, 'p', 32)).toEqual(derivedKey(format, 'p', 32));
    expect(derivedKey({ ...old, formatKey: key }, 'p', 32)).not.toEqual(derivedKey(old, 'p', 32));
  });
});

describe('kopia.blobcfg', () => {
  it('is two bytes when there is nothing to say', () => {
    expect(fromUtf8(blobConfigToBytes({ retention: undefined, unknown: {} }))).toBe('{}');
    expect(blobConfigFromBytes(utf8('{}'))).toEqual({ retention: undefined, unknown: {} });
  });

  it('keeps periods beyond 2^53', () => {
    const config = { retention: { mode: 'COMPLIANCE', period: 2n ** 62n + 1n }, unknown: { more: 1 } };
    expect(blobConfigFromBytes(blobConfigToBytes(config))).toEqual(config);
  });

  it.each([
    '',
    'x',
    '[]',
    'null',
    '{"retentionMode":"GOVERNANCE","retentionPeriod":1.5}',
    '{"retentionMode":"GOVERNANCE","retentionPeriod":"x"}',
    '{"retentionMode":"GOVERNANCE","retentionPeriod":1e999}',
  ])('%j is corrupt', (text) => {
    expect(code(() => blobConfigFromBytes(utf8(text)))).toBe('corrupt');
  });

  it('locks the blobs of section 1 and no others', () => {
    const config = { retention: { mode: 'GOVERNANCE', period: 86_400_000_000_000n }, unknown: {} };
    for (const id of [
      'n1',
      'xn0_1',
      'xe1',
      'p1',
      'q1',
      'kopia.repository',
      'kopia.blobcfg',
      'kopia.repository.backup.x',
    ])
      expect(retentionFor(id, config), id).toBeDefined();
    for (const id of ['s1', 'm1', 'l1', '_log_1', 'kopia.maintenance', 'cairn.password-change'])
      expect(retentionFor(id, config), id).toBeUndefined();
    expect(retentionFor('p1', { retention: undefined, unknown: {} })).toBeUndefined();
    checkRetention(config.retention);
    expect(code(() => checkRetention({ mode: 'Locked', period: 86_400_000_000_000n }))).toBe('invalid-argument');
    expect(code(() => checkRetention({ mode: 'COMPLIANCE', period: 86_399_999_999_999n }))).toBe('invalid-argument');
  });
});
