import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import type { BlobRange } from '../../src/blob/storage.ts';
import { validateProvider } from '../../src/blob/validate.ts';
import { blobIds } from '../fixtures/reopen.ts';
import { ports } from '../runtime.ts';
import { TestClock } from './clock.ts';

const { random } = ports();

/** `duration` of the concurrent part on the test's clock; a fault that chance must meet gets more of it. */
function validate(storage: MemoryStorage, clock = new TestClock(), duration = 2_000_000_000n) {
  const steps: string[] = [];
  const run = validateProvider({
    open: async () => storage,
    clock,
    random,
    duration,
    onStep: (step) => steps.push(step),
  });
  return run.then(() => steps);
}

describe('validation of a storage', () => {
  it('passes a good one and leaves nothing behind', async () => {
    const clock = new TestClock();
    const storage = new MemoryStorage(clock);
    expect((await validate(storage, clock)).at(-1)).toBe('All good.');
    expect(await blobIds(storage)).toEqual([]);
  });

  const broken: [string, (clock: TestClock) => MemoryStorage, RegExp][] = [
    [
      'reads of nothing',
      () =>
        new (class extends MemoryStorage {
          override async get(id: string, range?: BlobRange) {
            return super.get(id, range).catch(() => new Uint8Array(0));
          }
        })(),
      /not there succeeds/,
    ],
    [
      'shifted ranges',
      (clock) =>
        new (class extends MemoryStorage {
          override async get(id: string, range?: BlobRange) {
            return super.get(id, range && { ...range, offset: Math.max(0, range.offset - 1) });
          }
        })(clock),
      /bytes at 1 gives others/,
    ],
    ['a wrong clock', (clock) => new MemoryStorage({ now: () => clock.now() + 300_000_000_000n }), /clock differs/],
    [
      'listings that forget',
      (clock) =>
        new (class extends MemoryStorage {
          override async *list() {}
        })(clock),
      /does not give 1 blob/,
    ],
    [
      'parts of blobs',
      (clock) =>
        new (class extends MemoryStorage {
          override async get(id: string, range?: BlobRange) {
            const data = await super.get(id, range);
            return id.at(33) === 'c' ? data.subarray(0, data.length - 1) : data;
          }
        })(clock),
      /half written/,
    ],
  ];
  it.each(broken)('names %s', async (_, make, why) => {
    const clock = new TestClock();
    const storage = make(clock);
    await expect(validate(storage, clock, 60_000_000_000n)).rejects.toThrow(why);
  });
});
