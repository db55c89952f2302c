import { hmacSha256 } from '../../src/kernels/derive.ts';
import type { Ports, WasmName } from '../../src/ports.ts';
import { ports } from '../runtime.ts';

const compiled = new Map<WasmName, Promise<WebAssembly.Module>>();

/** The runtime's ports with a key derivation that costs nothing and modules compiled once, for tests that open repositories many times. */
export function fastPorts(): Required<Ports> {
  const real = ports();
  const wasm = (name: WasmName) => {
    if (!compiled.has(name)) compiled.set(name, real.wasm(name));
    return compiled.get(name)!;
  };
  const scrypt = (password: Uint8Array, salt: Uint8Array) => Uint8Array.from(hmacSha256(salt, password));
  return { ...real, wasm, native: { ...real.native, scrypt } };
}

export const password = 'päss wörd';
export const identity = { user: 'ann', host: 'alpha' };
