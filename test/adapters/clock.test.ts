import { describe, expect, it } from 'vitest';
import { ports } from '../runtime.ts';

const { clock, random, environment, wasm, fidelity } = ports();

describe('clock', () => {
  it('tells the time of day in nanoseconds', () => {
    expect(Math.abs(Number(clock.now() / 1_000_000n) - Date.now())).toBeLessThan(100);
  });

  it('sleeps, and wakes with the reason of the signal', async () => {
    const start = clock.monotonic();
    await clock.sleep(20);
    expect(clock.monotonic() - start).toBeGreaterThanOrEqual(19);
    const stop = new AbortController();
    const sleep = clock.sleep(60_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(clock.sleep(60_000, stop.signal)).rejects.toThrow('enough');
    await clock.sleep(0);
  });
});

it('gives random bytes of any length, never the same', () => {
  for (const length of [0, 1, 12, 64, 65, 65_536, 200_000]) {
    const [a, b] = [new Uint8Array(length), new Uint8Array(length)];
    random(a);
    random(b);
    if (length > 11) expect(a).not.toEqual(b);
    if (length > 1000)
      for (const end of [a.subarray(0, 32), a.subarray(-32)]) expect(end.some((x) => x !== 0)).toBe(true);
  }
  const seen = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const nonce = new Uint8Array(12);
    random(nonce);
    seen.add(nonce.join());
  }
  expect(seen.size).toBe(5000);
});

it('compiles each kernel once', async () => {
  const [core, again, zstd] = await Promise.all([wasm('core'), wasm('core'), wasm('zstd')]);
  expect(core).toBeInstanceOf(WebAssembly.Module);
  expect(again).toBe(core);
  expect(zstd).not.toBe(core);
});

it('knows its surroundings', () => {
  expect(environment.runtimeVersion).toMatch(/^\d+\.\d+\.\d+/);
  expect(environment.cpuCount).toBeGreaterThan(0);
  expect(environment.processId).toBeGreaterThan(0);
  expect(environment.variable('CAIRN_NO_SUCH_VARIABLE')).toBeUndefined();
  expect(environment.userName()).toMatch(/./);
  expect(environment.userName()).not.toBe('unknown');
  expect(environment.hostName()).toMatch(/./);
  expect(environment.currentDirectory()).toMatch(/./);
  expect(environment.temporaryDirectory()).toMatch(/./);
  expect(fidelity.readTimeResolution).toBeGreaterThanOrEqual(1);
});
