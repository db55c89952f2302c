import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Loads what the workerd suite imports as files, so that test/edge/ runs on every runtime. */
const binaryImports = {
  name: 'binary-imports',
  enforce: 'pre' as const,
  load(id: string) {
    if (!/\.(wasm|gz)$/.test(id)) return undefined;
    const bytes = `Uint8Array.from(atob('${readFileSync(id).toString('base64')}'), (c) => c.charCodeAt(0))`;
    return `export default ${id.endsWith('.wasm') ? `await WebAssembly.compile(${bytes})` : bytes};`;
  },
};

export default defineConfig({
  plugins: [binaryImports],
  define: { CAIRN_VERSION: '"test"' },
  test: {
    include: [process.env.CAIRN_TEST_LONG ? 'test/long/**/*.test.ts' : 'test/**/*.test.ts'],
    exclude: ['test/runtimes/**', ...(process.env.CAIRN_TEST_LONG ? [] : ['test/long/**'])],
    testTimeout: process.env.FUZZ_RUNS ? 0 : 120_000,
    hookTimeout: 120_000,
  },
});
