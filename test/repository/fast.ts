import { hmacSha256 } from '../../src/kernels/derive.ts';
import type { Ports } from '../../src/ports.ts';
import { ports } from '../runtime.ts';

/** The runtime's ports with a key derivation that costs nothing, for tests that open repositories many times. */
export function fastPorts(): Required<Ports> {
  const real = ports();
  const scrypt = (password: Uint8Array, salt: Uint8Array) => Uint8Array.from(hmacSha256(salt, password));
  return { ...real, native: { ...real.native, scrypt } };
}

export const password = 'päss wörd';
export const identity = { user: 'ann', host: 'alpha' };
