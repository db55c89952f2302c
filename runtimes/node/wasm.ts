import { readFile } from 'node:fs/promises';
import type { WasmLoader, WasmName } from '../../src/ports.ts';
import { packageFile } from './package-file.ts';

const modules = new Map<WasmName, Promise<WebAssembly.Module>>();

/** Reads dist/NAME.wasm; each module is compiled once. */
export const wasm: WasmLoader = (name) => {
  let module = modules.get(name);
  if (module === undefined) modules.set(name, (module = load(name)));
  return module;
};

async function load(name: WasmName): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(packageFile(name + '.wasm')));
}
