import { describe, expect, it } from 'vitest';
import { release } from '../../src/bytes/release.ts';

const canTransfer = 'transfer' in ArrayBuffer.prototype;

describe('memory given back', () => {
  it('is gone at once where the engine can, and stays an array elsewhere', () => {
    const bytes = new Uint8Array(1 << 20);
    expect(release(bytes)).toBe(canTransfer);
    expect(bytes.length).toBe(canTransfer ? 0 : 1 << 20);
    release(bytes);
  });

  it('is never that of a small array or of a shared one', () => {
    const small = new Uint8Array(100);
    const shared = new Uint8Array(new SharedArrayBuffer(1 << 20));
    expect([release(small), release(shared)]).toEqual([false, false]);
    expect([small.length, shared.length]).toEqual([100, 1 << 20]);
  });
});
