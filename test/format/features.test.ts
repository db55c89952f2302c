import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/bytes/json.ts';
import { parseTime } from '../../src/bytes/time.ts';
import { noEpochs } from '../../src/format/epoch-parameters.ts';
import { checkRequiredFeatures } from '../../src/format/features.ts';
import type { RepositoryParameters } from '../../src/format/parameters.ts';
import { checkUpgradeLock } from '../../src/format/upgrade-lock.ts';

const feature = (name: string, ifNotUnderstood: JsonObject = {}) => ({ feature: name, ifNotUnderstood });

describe('required features', () => {
  it('passes what is understood', () => {
    expect(checkRequiredFeatures([])).toEqual([]);
    expect(checkRequiredFeatures([feature('index-v1'), feature('index-v2')])).toEqual([]);
  });

  it('refuses what is not, by name and with its advice', () => {
    expect(() =>
      checkRequiredFeatures([
        feature('index-v2'),
        feature('teleport', { message: 'beam up', url: 'https://x', upgradeToVersion: '9.9' }),
      ]),
    ).toThrow(
      expect.objectContaining({
        code: 'unsupported-feature',
        message: expect.stringMatching(/'teleport'.*beam up https:\/\/x/),
        hint: expect.stringContaining('9.9'),
        data: { feature: 'teleport' },
      }),
    );
    expect(() => checkRequiredFeatures([{}])).toThrow(expect.objectContaining({ code: 'unsupported-feature' }));
    expect(() => checkRequiredFeatures([7])).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  it('only warns where the feature says so', () => {
    expect(checkRequiredFeatures([feature('glitter', { warn: true, message: 'dull without' })])).toEqual([
      expect.stringMatching(/'glitter'.*dull without/),
    ]);
    expect(() => checkRequiredFeatures([feature('glitter', { warn: 'true' })])).toThrow(/glitter/);
  });
});

describe('the upgrade lock', () => {
  const minute = 60_000_000_000;
  const created = '2026-05-01T12:00:00Z';
  const now = (plusMinutes: number) => parseTime(created)! + BigInt(plusMinutes * minute);
  const parameters = (lock: JsonObject | undefined): RepositoryParameters => ({
    hash: '',
    encryption: '',
    ecc: '',
    eccOverheadPercent: 0,
    secret: new Uint8Array(0),
    masterKey: new Uint8Array(1),
    version: 3,
    maxPackSize: 1,
    indexVersion: 1,
    epochParameters: noEpochs,
    enablePasswordChange: false,
    splitter: '',
    requiredFeatures: [],
    unknown: {},
    upgradeLock: lock,
  });
  const lock = {
    ownerID: 'ann',
    creationTime: created,
    ioDrainTimeout: 15 * minute,
    statusPollInterval: minute,
    message: 'nightly',
    maxPermittedClockDrift: 5 * minute,
  };
  const locked = expect.objectContaining({ code: 'upgrade-in-progress', message: expect.stringContaining('nightly') });

  it('is not there', () => checkUpgradeLock(parameters(undefined), now(0), undefined));

  it('locks at once without an advance notice, for everyone but its owner', () => {
    expect(() => checkUpgradeLock(parameters(lock), now(-1000), undefined)).toThrow(locked);
    expect(() => checkUpgradeLock(parameters(lock), now(0), 'bob')).toThrow(locked);
    checkUpgradeLock(parameters(lock), now(0), 'ann');
    expect(() => checkUpgradeLock(parameters({ ...lock, ownerID: undefined }), now(0), '')).toThrow(locked);
  });

  it('locks from notice minus drain on when there is a notice', () => {
    const noticed = parameters({ ...lock, advanceNoticeDuration: 60 * minute });
    checkUpgradeLock(noticed, now(24.9), undefined);
    expect(() => checkUpgradeLock(noticed, now(25), undefined)).toThrow(locked);
    expect(() => checkUpgradeLock(noticed, now(100_000), undefined)).toThrow(locked);
  });

  it('locks when it cannot be read', () => {
    for (const bad of [
      { ...lock, creationTime: 'yesterday' },
      { ...lock, ioDrainTimeout: 'x' },
      { ...lock, maxPermittedClockDrift: {} },
      { ...lock, advanceNoticeDuration: 1.5 },
    ])
      expect(() => checkUpgradeLock(parameters(bad), now(100), undefined)).toThrow(
        expect.objectContaining({ name: 'CairnError' }),
      );
  });
});
