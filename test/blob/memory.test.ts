import { expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { codeOf } from '../conformance/helpers.ts';
import { storageConformance } from '../conformance/storage.ts';
import { TestClock } from './clock.ts';

storageConformance('memory', async () => ({ store: new MemoryStorage() }));

it('takes its times from a clock that is given', async () => {
  const clock = new TestClock();
  const store = new MemoryStorage(clock);
  const first = await store.put('a', new Uint8Array(1));
  clock.advance(1500);
  const second = await store.put('b', new Uint8Array(1));
  expect(second.timestamp - first.timestamp).toBe(1_500_000_000n);
});

it('can refuse to recreate', async () => {
  const store = new MemoryStorage();
  await store.put('a', new Uint8Array(1), { doNotRecreate: true });
  expect(await codeOf(store.put('a', new Uint8Array(2), { doNotRecreate: true }))).toBe('blob-exists');
  expect((await store.get('a')).length).toBe(1);
});
