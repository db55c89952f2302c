import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { ThrottledStorage, parseThrottlingLimits, type ThrottlingLimits } from '../../src/blob/throttle.ts';
import { Semaphore, TokenBucket } from '../../src/blob/tokens.ts';
import { CairnError } from '../../src/errors.ts';
import { codeOf, listed, pattern } from '../conformance/helpers.ts';
import { TestClock } from './clock.ts';
import { FaultyStorage } from './faulty.ts';

const total = (clock: TestClock) => Math.round(clock.slept.reduce((sum, pause) => sum + pause, 0));

describe('token bucket', () => {
  it('1000 a second: holds 60,000, starts with 6,000; a debt of 60,000 takes a minute', async () => {
    const clock = new TestClock();
    const bucket = new TokenBucket(clock);
    bucket.setRate(1000);
    await bucket.take(66_000);
    expect(clock.slept).toEqual([60_000]);
    await bucket.take(1000);
    expect(clock.slept).toEqual([60_000, 1000]);
  });

  it('those who take during a debt wait for it and for their own', async () => {
    const clock = {
      ...new TestClock(),
      monotonic: () => 0,
      now: () => 0n,
      sleep: async (ms: number) => void slept.push(ms),
      turn: async () => {},
    };
    const slept: number[] = [];
    const bucket = new TokenBucket(clock);
    bucket.setRate(1000);
    await bucket.take(66_000);
    await bucket.take(1000);
    expect(slept).toEqual([60_000, 61_000]);
  });

  it('fills evenly and never beyond a minute', async () => {
    const clock = new TestClock();
    const bucket = new TokenBucket(clock);
    bucket.setRate(100);
    clock.advance(3_600_000);
    await bucket.take(6000);
    expect(clock.slept).toEqual([]);
    clock.advance(500);
    await bucket.take(51);
    expect(clock.slept).toEqual([10]);
  });

  it('without a rate it lets everything pass; a new rate counts from then on', async () => {
    const clock = new TestClock();
    const bucket = new TokenBucket(clock);
    await bucket.take(1e12);
    bucket.setRate(10);
    await bucket.take(60);
    expect(clock.slept).toEqual([]);
    await bucket.take(10);
    expect(clock.slept).toEqual([1000]);
    bucket.setRate(0);
    await bucket.take(1e12);
    expect(clock.slept).toEqual([1000]);
  });
});

describe('semaphore', () => {
  it('runs so many at once, in order, also when the limit changes or tasks fail', async () => {
    const semaphore = new Semaphore();
    semaphore.setLimit(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const task = (i: number) => async () => {
      order.push(i);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (i % 3 === 0) throw new Error('third');
    };
    const all = Array.from({ length: 9 }, (_, i) => semaphore.run(task(i)));
    await Promise.allSettled(all);
    expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5, 6, 7, 8]]);
    semaphore.setLimit(1);
    most = 0;
    const more = [1, 2, 4, 5].map((i) => semaphore.run(task(i)));
    semaphore.setLimit(0);
    await Promise.all(more);
    expect(most).toBe(4);
  });
});

const make = async (limits: ThrottlingLimits) => {
  const clock = new TestClock();
  const inner = new FaultyStorage(new MemoryStorage());
  await inner.put('a', pattern(1000));
  return { clock, inner, store: new ThrottledStorage(inner, limits, clock) };
};

describe('throttled storage', () => {
  it('reads, writes and lists have buckets of their own', async () => {
    const { clock, store } = await make({ readsPerSecond: 1, writesPerSecond: 2, listsPerSecond: 0.5 });
    for (let i = 0; i < 7; i++) await (i % 2 ? store.get('a') : store.stat('a'));
    expect(total(clock)).toBe(1000);
    for (let i = 0; i < 14; i++) await (i % 2 ? store.put('b', pattern(1)) : store.delete('b'));
    expect(total(clock)).toBe(1000); // the second filled two more
    await store.delete('b');
    expect(total(clock)).toBe(1500);
    for (let i = 0; i < 4; i++) await listed(store);
    expect(total(clock)).toBe(2000); // 3 at first, 0.75 since; the fourth waits for its last quarter
  });

  it('bytes each way; a get of unknown length pays afterwards', async () => {
    const { clock, store } = await make({ maxUploadSpeedBytesPerSecond: 100, maxDownloadSpeedBytesPerSecond: 50 });
    await store.put('b', [pattern(500), pattern(200)]);
    expect(total(clock)).toBe(1000);
    await store.get('a', { offset: 0, length: 400 });
    expect(total(clock)).toBe(2000);
    await store.get('a');
    expect(total(clock)).toBe(2000);
    await store.get('a', { offset: 0, length: 50 });
    expect(total(clock)).toBe(2000 + 21_000);
    const appender = await store.begin!('c');
    await appender.append(pattern(3100));
    await appender.commit();
    expect(total(clock)).toBe(23_000 + 9000);
  });

  it('so many reads and writes at once', async () => {
    const { inner, store } = await make({ concurrentReads: 3, concurrentWrites: 2 });
    const running = { get: 0, put: 0 };
    const most = { get: 0, put: 0 };
    const watch = async ({ method }: { method: string }) => {
      const kind = method as 'get' | 'put';
      most[kind] = Math.max(most[kind], ++running[kind]);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running[kind]--;
    };
    inner.on('get', { run: watch, repeat: 19 }).on('put', { run: watch, repeat: 19 });
    const calls = Array.from({ length: 20 }, (_, i) => [store.get('a'), store.put(`p${i}`, pattern(1))]);
    await Promise.all(calls.flat());
    expect(most).toEqual({ get: 3, put: 2 });
  });

  it('waiting ends with the signal', async () => {
    const stop = new AbortController();
    stop.abort(new CairnError('canceled', 'stopped'));
    const store = new ThrottledStorage(new MemoryStorage(), { writesPerSecond: 0.1 }, new TestClock(), stop.signal);
    expect(await codeOf(store.put('a', pattern(1)))).toBe('canceled');
  });
});

describe('limits of a configuration', () => {
  it('are taken by name; zero, null and absent are none', () => {
    expect(
      parseThrottlingLimits({
        path: '/x',
        readsPerSecond: 1.5,
        listsPerSecond: 0,
        writesPerSecond: null,
        concurrentReads: 4,
      }),
    ).toEqual({ readsPerSecond: 1.5, concurrentReads: 4 });
  });

  it.each([{ readsPerSecond: -1 }, { maxUploadSpeedBytesPerSecond: 'fast' }, { concurrentWrites: 1.5 }])(
    '%o is refused by name',
    (config) => expect(() => parseThrottlingLimits(config)).toThrow(Object.keys(config)[0]),
  );
});
