import { readFileSync } from 'node:fs';
import { CoreKernel } from '../../src/kernels/core.ts';

let module: WebAssembly.Module | undefined;

/** A fresh instance of dist/core.wasm (built by `node build.mjs --wasm`). */
export function loadCore(): CoreKernel {
  module ??= new WebAssembly.Module(readFileSync(new URL('../../dist/core.wasm', import.meta.url)));
  return CoreKernel.create(module);
}
