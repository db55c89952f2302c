// A copy of dist/ that a build in between cannot pull away, with one more module: the inner parts that the bench looks at.
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const INSIDE = `
export * from './src/repository/index.ts';
export { MetricsStorage } from './src/blob/metrics.ts';
export { EntryList } from './src/content/index/entries.ts';
export { writeIndex } from './src/content/index/write.ts';
export { sealNamedBlob } from './src/content/named-blob.ts';
export { InlineExecutor } from './src/upload/executor.ts';
export { LocalTarget } from './src/restore/local.ts';
export { restoreEntry } from './src/restore/restore.ts';
export { keepHeapSmall as bunHeap } from './runtimes/bun/heap.ts';
export { keepHeapSmall as nodeHeap } from './runtimes/node/heap.ts';
`;

export async function copyProgram(to) {
  rmSync(to, { recursive: true, force: true });
  cpSync(join(root, 'dist'), to, { recursive: true, filter: (path) => !path.includes('/dist/types') });
  await build({
    absWorkingDir: root,
    stdin: { contents: INSIDE, resolveDir: root },
    outfile: join(to, 'inside.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    external: ['node:*', 'bun:*'],
    define: { CAIRN_VERSION: JSON.stringify(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version) },
    logLevel: 'warning',
  });
  return to;
}
