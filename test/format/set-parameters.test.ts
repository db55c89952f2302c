import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { newFormat, writeFormat } from '../../src/format/create.ts';
import { readFormatBlobs, openFormat } from '../../src/format/format.ts';
import { changeParameters, setParameters } from '../../src/format/set-parameters.ts';
import { ports } from '../runtime.ts';

/** Takes object locks without keeping them. */
class Locking extends MemoryStorage {
  override put(...[id, data, { retention: _, ...options } = {}]: Parameters<MemoryStorage['put']>) {
    return super.put(id, data, options);
  }
}

const runtime = ports();
const MINUTE = 60_000_000_000n;
const format = await newFormat('pw', {}, runtime);
const old = await newFormat('pw', { formatVersion: 1, keyAlgorithm: 'pbkdf2-sha256-600000' }, runtime);

describe('changed parameters', () => {
  it('are written so that the same key opens them, over what is stored by then', async () => {
    const storage = new Locking();
    await writeFormat(storage, format, runtime);
    await setParameters(storage, format, { maxPackSize: 30 << 20 }, runtime);
    const changed = await setParameters(
      storage,
      format,
      {
        epochs: { minEpochDuration: 30n * MINUTE, refreshFrequency: 10n * MINUTE },
        retentionMode: 'GOVERNANCE',
        retentionPeriod: 1440n * MINUTE,
      },
      runtime,
    );
    const read = await openFormat(await readFormatBlobs(storage), { formatKey: format.formatKey }, runtime.native);
    expect(read.parameters).toEqual(changed.parameters);
    expect(read.parameters.maxPackSize).toBe(30 << 20);
    expect(read.parameters.epochParameters).toMatchObject({
      enabled: true,
      minEpochDuration: 30n * MINUTE,
      fullCheckpointFrequency: 7,
    });
    expect(read.blobConfig.retention).toEqual({ mode: 'GOVERNANCE', period: 1440n * MINUTE });
    const without = await setParameters(storage, format, { retentionMode: 'none' }, runtime);
    expect(without.blobConfig.retention).toBeUndefined();
  });

  it('may name features that programs must know', () => {
    const one = changeParameters(format, { addRequiredFeature: { feature: 'index-v2', warn: false } });
    expect(one.parameters.requiredFeatures).toEqual([{ feature: 'index-v2', ifNotUnderstood: { warn: false } }]);
    expect(changeParameters(one, { removeRequiredFeature: 'index-v2' }).parameters.requiredFeatures).toEqual([]);
  });

  it.each([
    [{ maxPackSize: 9 << 20 }, /between 10 and 120/],
    [{ maxPackSize: 121 << 20 }, /between 10 and 120/],
    [{ indexVersion: 1 }, /only be upgraded/],
    [{ indexVersion: 3 }, /invalid index version/],
    [{ retentionMode: 'GOVERNANCE' }, /both retention mode and period/],
    [{ retentionPeriod: 1440n * MINUTE }, /both retention mode and period/],
    [{ retentionMode: 'GOVERNANCE', retentionPeriod: MINUTE }, /at least 24h/],
    [{ retentionMode: 'forever', retentionPeriod: 1440n * MINUTE }, /invalid retention mode/],
    [{ epochs: { minEpochDuration: 9n * MINUTE } }, /at least 10 minutes/],
    [{ epochs: { refreshFrequency: 481n * MINUTE } }, /at most a third/],
    [{ epochs: { cleanupSafetyMargin: 59n * MINUTE } }, /three times/],
    [{ epochs: { advanceOnCountThreshold: 9 } }, /at least 10/],
    [{ epochs: { advanceOnTotalSizeBytesThreshold: 1000 } }, /at least 1 MiB/],
    [{ epochs: { fullCheckpointFrequency: 0 } }, /more than 0/],
  ])('are refused: %o', (changes, why) => {
    expect(() => changeParameters(format, changes)).toThrow(why);
  });

  it('of epochs need epochs; the index version may go up alone', () => {
    expect(() => changeParameters(old, { epochs: { advanceOnCountThreshold: 20 } })).toThrow(/does not use epochs/);
    expect(changeParameters(old, { indexVersion: 2 }).parameters.indexVersion).toBe(2);
  });
});
