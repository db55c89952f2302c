// Builds everything into dist/: kernels (AssemblyScript), the programs and the library (esbuild), type declarations (tsc).
//   node build.mjs           build          node build.mjs --wasm    kernels only
//   node build.mjs --check   lint, format and types, no output
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const out = join(root, 'dist');
const require = createRequire(import.meta.url);
const bin = (name) => join(root, 'node_modules', '.bin', name);

function must(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Newest modification time below a path. */
function newest(path) {
  const stat = statSync(path);
  return stat.isDirectory() ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name)))) : stat.mtimeMs;
}

/** Flags and memory maps: assembly/README.md. `memoryBase` keeps literal low addresses free for tables. */
const modules = { core: { memoryBase: 65536, pages: 272 }, codecs: { memoryBase: 65536, pages: 64 } };

function buildKernels() {
  const sources = Math.max(newest(join(root, 'assembly')), newest(join(root, 'build.mjs')));
  for (const [name, { memoryBase, pages }] of Object.entries(modules)) {
    const entry = join(root, 'assembly', name + '.ts');
    const target = join(out, name + '.wasm');
    if (!existsSync(entry)) continue;
    if (existsSync(target) && statSync(target).mtimeMs > sources) continue;
    must(process.execPath, [
      require.resolve('assemblyscript/bin/asc.js'),
      entry,
      '-O3',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--noAssert',
      '--disableWarning',
      '112', // vectors as parameters: only between our own functions
      '--memoryBase',
      String(memoryBase),
      '--initialMemory',
      String(pages),
      '-o',
      target,
    ]);
  }
  copyFileSync(join(root, 'node_modules/@bokuweb/zstd-wasm/dist/esm/zstd.wasm'), join(out, 'zstd.wasm'));
}

/** CommonJS packages (commander) ask for node: modules by require, which a bundle of ES modules has not: give them imports. */
const nodeRequires = {
  name: 'node-requires',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, namespace: 'node-require' } : { path, external: true },
    );
    build.onLoad({ filter: /.*/, namespace: 'node-require' }, ({ path }) => ({
      contents: `export * from '${path}'; export { default } from '${path}';`,
    }));
  },
};

async function buildPrograms() {
  const esbuild = await import('esbuild');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = {
    index: 'src/repository/index.ts',
    edge: 'src/edge/index.ts',
    cairn: 'runtimes/cairn.ts',
    node: 'runtimes/node/index.ts',
    deno: 'runtimes/deno/index.ts',
    bun: 'runtimes/bun/index.ts',
    'worker-node': 'runtimes/node/worker.ts',
    'worker-deno': 'runtimes/deno/worker.ts',
    'worker-bun': 'runtimes/bun/worker.ts',
  };
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(join(root, path)))),
    outdir: out,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    plugins: [nodeRequires],
    external: ['node:*', 'bun:*'],
    metafile: true,
    legalComments: 'none',
    define: { CAIRN_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
    chunkNames: 'chunks/[name]-[hash]',
  });
  writeFileSync(join(out, 'meta.json'), JSON.stringify(result.metafile));
}

if (process.argv.includes('--check')) {
  const sources = ['src', 'runtimes', 'test', 'bench', 'build.mjs', 'setup.mjs'].filter((path) =>
    existsSync(join(root, path)),
  );
  const checks = [
    ['oxlint', '--deny-warnings', ...sources],
    ['oxfmt', '--check', ...sources],
    ['tsc', '--noEmit', '-p', '.'],
  ];
  const failed = checks.filter(
    ([name, ...args]) => spawnSync(bin(name), args, { cwd: root, stdio: 'inherit' }).status !== 0,
  );
  process.exit(failed.length);
} else {
  mkdirSync(out, { recursive: true });
  buildKernels();
  if (!process.argv.includes('--wasm')) {
    rmSync(join(out, 'chunks'), { recursive: true, force: true });
    await buildPrograms();
    must(bin('tsc'), ['-p', 'tsconfig.build.json']);
  }
}
