import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], exclude: ['test/runtimes/node_modules/**', 'test/long/**'], testTimeout: 120_000, hookTimeout: 120_000 },
  define: { CAIRN_VERSION: '"test"' },
});
