import { readFileSync } from 'node:fs';
import { Codecs } from '../../src/kernels/codecs.ts';
import { Compressors } from '../../src/kernels/compressors.ts';
import type { Native, WasmLoader, WasmName } from '../../src/ports.ts';

const modules = new Map<WasmName, WebAssembly.Module>();

/** A module of dist/ (built by `node build.mjs --wasm`). */
export function wasmModule(name: WasmName): WebAssembly.Module {
  let module = modules.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(new URL(`../../dist/${name}.wasm`, import.meta.url)));
    modules.set(name, module);
  }
  return module;
}

export const loadWasm: WasmLoader = async (name) => wasmModule(name);

export function loadCodecs(): Codecs {
  return new Codecs(wasmModule('codecs'));
}

/** Compressors that use nothing native, or what is given. */
export function loadCompressors(native: Native = {}): Compressors {
  return new Compressors({ native, wasm: loadWasm });
}
