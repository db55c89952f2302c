/** Ports for workerd and for pages: WebCrypto and injected modules, nothing else. */
import type { Clock, NativeAead, Ports, Random, WasmName } from '../../src/ports.ts';

/** Largest request that getRandomValues takes. */
const RANDOM = 65536;

const random: Random = (into) => {
  for (let at = 0; at < into.length; at += RANDOM)
    crypto.getRandomValues(into.subarray(at, at + RANDOM) as Uint8Array<ArrayBuffer>);
};

const clock: Clock = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  monotonic: () => performance.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  turn: () => new Promise((resolve) => setTimeout(resolve, 0)),
};

type Bytes = Uint8Array<ArrayBuffer>;

function importKey(key: Uint8Array, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', key as Bytes, 'AES-GCM', false, [usage]);
}

/** AES-256-GCM by WebCrypto. */
export const webAesGcm: NativeAead = {
  async seal(key, nonce, aad, plain, out) {
    const parameters = { name: 'AES-GCM', iv: nonce as Bytes, additionalData: aad as Bytes };
    out.set(new Uint8Array(await crypto.subtle.encrypt(parameters, await importKey(key, 'encrypt'), plain as Bytes)));
  },
  async open(key, nonce, aad, sealed, out) {
    const parameters = { name: 'AES-GCM', iv: nonce as Bytes, additionalData: aad as Bytes };
    const imported = await importKey(key, 'decrypt');
    try {
      out.set(new Uint8Array(await crypto.subtle.decrypt(parameters, imported, sealed as Bytes)));
      return true;
    } catch {
      return false;
    }
  },
};

/** Ports from statically imported modules: `{ core, codecs, zstd }`. */
export function edgePorts(
  modules: Record<WasmName, WebAssembly.Module>,
): Pick<Ports, 'clock' | 'random' | 'wasm' | 'native'> {
  return { clock, random, wasm: async (name) => modules[name], native: { aesGcm: webAesGcm } };
}
