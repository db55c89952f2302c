import { describe, expect, it } from 'vitest';
import { LoggingStorage, type StorageLogEntry } from '../../src/blob/logging.ts';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { MetricsStorage } from '../../src/blob/metrics.ts';
import { ReadOnlyStorage } from '../../src/blob/readonly.ts';
import { RetryStorage } from '../../src/blob/retry.ts';
import type { BlobStorage } from '../../src/blob/storage.ts';
import { ThrottledStorage } from '../../src/blob/throttle.ts';
import { StorageWrapper } from '../../src/blob/wrapper.ts';
import { CairnError, type ErrorCode } from '../../src/errors.ts';
import { codeOf, listed, pattern } from '../conformance/helpers.ts';
import { storageConformance } from '../conformance/storage.ts';
import { TestClock } from './clock.ts';
import { CrashError, FaultyStorage } from './faulty.ts';

const bad = (code: ErrorCode) => new CairnError(code, `made up: ${code}`);

/** All of them at once must still be a storage. */
storageConformance('wrapped in everything', async () => {
  const clock = new TestClock();
  const limits = { concurrentReads: 2, concurrentWrites: 1, readsPerSecond: 1e6, maxUploadSpeedBytesPerSecond: 1e6 };
  const inner = new RetryStorage(new FaultyStorage(new MemoryStorage()), { clock });
  return { store: new LoggingStorage(new ThrottledStorage(new MetricsStorage(inner), limits, clock), () => {}, clock) };
});

describe('wrapper', () => {
  it('has begin and extendRetention only where the inner storage has them', () => {
    const memory = new MemoryStorage();
    expect(new StorageWrapper(memory).begin).toBeDefined();
    expect(new StorageWrapper(memory).extendRetention).toBeUndefined();
    const other = Object.assign(Object.create(memory) as BlobStorage, {
      begin: undefined,
      extendRetention: async () => {},
    });
    expect(new StorageWrapper(other).begin).toBeUndefined();
    expect(new StorageWrapper(other).extendRetention).toBeDefined();
  });
});

const retryingStore = (signal?: AbortSignal) => {
  const clock = new TestClock();
  const inner = new FaultyStorage(new MemoryStorage());
  return { clock, inner, store: new RetryStorage(inner, { clock, signal }) };
};

describe('retry', () => {
  it('pauses 100 ms, growing by half, and gives up after ten tries with the last error', async () => {
    const { clock, inner, store } = retryingStore();
    const last = bad('unreachable');
    inner.on('get', { error: bad('io'), repeat: 8 }, { error: last });
    await expect(store.get('a')).rejects.toBe(last);
    expect(clock.slept.length).toBe(9);
    clock.slept.forEach((pause, i) => expect(pause).toBeCloseTo(100 * 1.5 ** i));
    expect(inner.calls.length).toBe(10);
  });

  it('is done as soon as a try succeeds, for every kind of call', async () => {
    const { clock, inner, store } = retryingStore();
    await inner.put('a', pattern(3));
    for (const method of ['get', 'stat', 'put', 'delete', 'capacity', 'list', 'begin', 'flushCaches'] as const)
      inner.on(method, { error: bad('unreachable') }, { error: new TypeError('fetch failed') });
    await store.get('a');
    await store.stat('a');
    await store.put('b', pattern(2));
    await store.delete('b');
    await store.capacity();
    expect(await listed(store)).toEqual(['a']);
    await (await store.begin!('c')).abort();
    await store.flushCaches();
    expect(clock.slept).toEqual(Array.from({ length: 8 }, () => [100, 150]).flat());
    expect(inner.pending).toBe(0);
  });

  it.each<ErrorCode>(['blob-not-found', 'invalid-range', 'unsupported', 'invalid-credentials', 'blob-exists'])(
    'never tries again after %s',
    async (code) => {
      const { clock, inner, store } = retryingStore();
      inner.on('put', { error: bad(code) }).on('list', { error: bad(code) });
      expect(await codeOf(store.put('a', pattern(1)))).toBe(code);
      expect(await codeOf(listed(store))).toBe(code);
      expect(clock.slept).toEqual([]);
    },
  );

  it.each<ErrorCode>(['no-space', 'permission', 'read-only', 'upgrade-in-progress', 'canceled', 'corrupt'])(
    'nor after %s',
    async (code) => {
      const { clock, inner, store } = retryingStore();
      inner.on('get', { error: bad(code) });
      expect(await codeOf(store.get('a'))).toBe(code);
      expect(clock.slept).toEqual([]);
    },
  );

  it('does not start a list over once blobs were handed out', async () => {
    const { clock, inner, store } = retryingStore();
    await inner.put('a', pattern(1));
    inner.on('list', { error: bad('io'), after: true });
    const seen: string[] = [];
    const read = async () => {
      for await (const { id } of store.list('')) seen.push(id);
    };
    expect([await codeOf(read()), seen, clock.slept]).toEqual(['io', ['a'], []]);
  });

  it('does not repeat pieces of an appended blob', async () => {
    const { inner, store } = retryingStore();
    const appender = await store.begin!('a');
    inner.on('append', { error: bad('io'), after: true });
    expect(await codeOf(appender.append(pattern(5)))).toBe('io');
    await appender.append(pattern(5));
    await appender.commit();
    expect((await store.stat('a')).length).toBe(10);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const { inner, store } = retryingStore(stop.signal);
    inner.on('get', { error: bad('io') }, { error: bad('io'), run: () => stop.abort(bad('canceled')) }, {});
    expect(await codeOf(store.get('a'))).toBe('canceled');
    expect(inner.pending).toBe(1);
  });
});

describe('read-only', () => {
  it('refuses what changes something, with a hint, and lets the rest pass', async () => {
    const inner = new MemoryStorage();
    await inner.put('a', pattern(3));
    const store = new ReadOnlyStorage(
      Object.assign(Object.create(inner) as BlobStorage, { extendRetention: async () => {}, begin: async () => {} }),
    );
    expect(store.readOnly).toBe(true);
    const calls = [
      () => store.put('b', pattern(1)),
      () => store.delete('a'),
      () => store.begin!('b'),
      () => store.extendRetention!('a', { mode: 'GOVERNANCE', period: 1n }),
    ];
    for (const call of calls) expect(await codeOf(call())).toBe('read-only');
  });

  it('reads', async () => {
    const inner = new MemoryStorage();
    await inner.put('a', pattern(3));
    const store = new ReadOnlyStorage(inner);
    expect(await store.get('a')).toEqual(pattern(3));
    expect((await store.stat('a')).length).toBe(3);
    expect(await listed(store)).toEqual(['a']);
    expect([store.displayName, store.connectionInfo()]).toEqual(['Memory', { type: 'memory', config: {} }]);
    await store.flushCaches();
    await store.close();
  });
});

describe('log', () => {
  it('tells each call with its name, duration, size and outcome', async () => {
    const clock = new TestClock();
    const entries: StorageLogEntry[] = [];
    const inner = new FaultyStorage(new MemoryStorage());
    const store = new LoggingStorage(inner, (entry) => entries.push(entry), clock);
    inner.on('get', { run: () => clock.advance(40) });
    await store.put('a', [pattern(3), pattern(4)]);
    await store.get('a');
    await codeOf(store.get('b'));
    await listed(store, 'a');
    const failure = bad('unreachable');
    inner.on('list', { error: failure, after: true });
    await codeOf(listed(store));
    for await (const _ of store.list('')) break;
    const appender = await store.begin!('c');
    await appender.append(pattern(9));
    await appender.commit();
    const told = entries.map((entry) => ({ ...entry, error: undefined }));
    const ok = { milliseconds: 0, outcome: 'ok', bytes: 0 };
    expect(told).toEqual([
      { ...ok, method: 'put', id: 'a', bytes: 7 },
      { ...ok, method: 'get', id: 'a', bytes: 7, milliseconds: 40 },
      { ...ok, method: 'get', id: 'b', outcome: 'blob-not-found' },
      { ...ok, method: 'list', id: 'a', listed: 1 },
      { ...ok, method: 'list', id: '', listed: 1, outcome: 'unreachable' },
      { ...ok, method: 'list', id: '', listed: 1 },
      { ...ok, method: 'begin', id: 'c' },
      { ...ok, method: 'append', id: 'c', bytes: 9 },
      { ...ok, method: 'commit', id: 'c' },
    ]);
    expect(entries[4].error).toBe(failure);
  });
});

describe('metrics', () => {
  it('counts calls, failures and bytes by method', async () => {
    const store = new MetricsStorage(new MemoryStorage());
    expect(store.counts).toEqual({});
    await store.put('a', pattern(10));
    await store.put('b', pattern(5));
    await store.get('a');
    await store.get('a', { offset: 2, length: 3 });
    await codeOf(store.get('c'));
    await listed(store);
    await store.delete('a');
    expect(store.counts).toEqual({
      put: { calls: 2, failures: 0, bytes: 15 },
      get: { calls: 3, failures: 1, bytes: 13 },
      list: { calls: 1, failures: 0, bytes: 0 },
      delete: { calls: 1, failures: 0, bytes: 0 },
    });
    expect(store.listed).toBe(2);
  });
});

describe('the faulty double', () => {
  it('fills up, crashes before or after a call, and passes what is not told', async () => {
    const memory = new MemoryStorage();
    const full = new FaultyStorage(memory).fullAfter(10);
    await full.put('a', pattern(6));
    expect(await codeOf(full.put('b', pattern(6)))).toBe('no-space');
    await full.put('b', pattern(4));
    for (const done of [false, true]) {
      const crashing = new FaultyStorage(memory).crashAfter(1, done);
      await crashing.put('c', pattern(1));
      await crashing.get('c');
      await expect(crashing.delete('c')).rejects.toBeInstanceOf(CrashError);
      await expect(crashing.get('a')).rejects.toBeInstanceOf(CrashError);
      await expect(listed(crashing)).rejects.toBeInstanceOf(CrashError);
      expect(await listed(memory)).toEqual(done ? ['a', 'b'] : ['a', 'b', 'c']);
    }
  });
});
