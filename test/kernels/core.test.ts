import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createHasher } from '../../src/kernels/hasher.ts';
import { createSplitter, splitterNames } from '../../src/kernels/splitter.ts';
import { xorshift } from './data.ts';
import { loadCore } from './load.ts';

const module = new WebAssembly.Module(readFileSync(new URL('../../dist/core.wasm', import.meta.url)));

describe('core.wasm', () => {
  it('imports nothing, so that any runtime can make an instance of the module', () => {
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });

  it('has room for the largest content of any splitter and one block', () => {
    const core = loadCore();
    const largest = Math.max(...splitterNames.map((name) => createSplitter(name).maximum));
    expect(core.contentCapacity).toBe(largest + 256 * 1024);
    expect(core.contentAddress + core.contentCapacity).toBeLessThanOrEqual(core.exports.SCRATCH.value);
    expect(core.exports.SCRATCH.value + core.exports.SCRATCH_LENGTH.value).toBe(core.memory.length);
  });

  it('leaves the content area alone', async () => {
    const core = loadCore();
    const content = core.memory.subarray(core.contentAddress, core.contentAddress + core.contentCapacity);
    content.fill(0x5a);
    const outside = xorshift(700_000);
    for (const name of ['BLAKE2B-256', 'BLAKE2S-256', 'BLAKE3-256', 'HMAC-SHA224'])
      (await createHasher(name, outside.subarray(0, 32), core)).hash(outside);
    for (const name of ['DYNAMIC-1M-BUZHASH', 'DYNAMIC-1M-RABINKARP'])
      createSplitter(name, core).scan(outside, 0, outside.length);
    expect(content.every((byte) => byte === 0x5a)).toBe(true);
  });

  it('tells its own memory from other bytes', () => {
    const core = loadCore();
    expect(core.addressOf(core.memory.subarray(77, 99))).toBe(77);
    expect(core.addressOf(new Uint8Array(3))).toBeUndefined();
    expect(loadCore().addressOf(core.memory)).toBeUndefined();
  });
});
