// Runs the tests of layers that need neither files nor processes inside workerd, one isolate for each layer:
//   node test/runtimes/workerd.mjs REPORT [FILTER...]
// What tests read from the project is handed over as modules, which workerd shows below /bundle. It refuses to compile
// WebAssembly at run time; tests that do so get the module of the same bytes, which was handed over as well.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const [report, ...filters] = process.argv.slice(2);

const layers = ['bytes', 'kernels', 'content', 'format', 'object', 'manifest', 'policy', 'snapshot', 'blob'];
/** These need a disk, or a clock that goes on while nothing is read or written. */
const elsewhere = /^test\/(blob\/(cache|filesystem|kopia|layout|reshard)|content\/writer-stored)/;

const all = readdirSync(join(root, 'test'), { recursive: true }).map((path) => 'test/' + path.split(sep).join('/'));
const tables = all.filter((path) => /\.(gz|json)$/.test(path) && !path.startsWith('test/runtimes/'));
const kernels = ['core', 'codecs', 'zstd'].map((name) => [name, readFileSync(join(root, 'dist', `${name}.wasm`))]);

function testsOf(layer) {
  const own = all.filter(
    (path) => path.startsWith(`test/${layer}/`) && path.endsWith('.test.ts') && !elsewhere.test(path),
  );
  return filters.length === 0 ? own : own.filter((path) => filters.some((filter) => path.includes(filter)));
}

const inWorkerd = {
  name: 'in-workerd',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\.\.\/runtime\.ts$/ }, () => ({ path: join(here, 'workerd-runtime.ts') }));
    onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: './dist/' + path.split('/').at(-1), external: true }));
    onLoad({ filter: /[\\/](test|src|runtimes)[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', `'file:///bundle/${relative(root, path)}'`),
      loader: 'ts',
    }));
  },
};

/** One module of all the files; their imports are lazy, because before a request there is no randomness and no timer. */
async function bundle(files) {
  const collect = files.map((path) => `await import('./${path}');`).join('\n');
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: {
      contents: `export { run } from 'vitest'; export async function collect() { ${collect} }`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    external: ['node:*'],
    alias: { vitest: join(here, 'workerd-vitest.mjs') },
    define: { CAIRN_VERSION: '"test"' },
    plugins: [inWorkerd],
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

/** The module that answers a request with the result of the tests; `binaries` are what may be compiled. */
const program = (binaries) => `
${binaries.map(([name]) => `import ${name} from './dist/${name}.wasm'; import ${name}Bytes from './dist/${name}.bytes';`).join('\n')}
const known = [${binaries.map(([name]) => `[${name}, new Uint8Array(${name}Bytes)]`).join(', ')}];
function find(source) {
  const bytes = new Uint8Array(source.buffer ?? source, source.byteOffset ?? 0, source.byteLength);
  const found = known.find(([, own]) => own.length === bytes.length && own.every((byte, at) => byte === bytes[at]));
  if (found === undefined) throw new WebAssembly.CompileError('workerd compiles no WebAssembly at run time');
  return found[0];
}
const { prototype, imports, exports } = WebAssembly.Module;
WebAssembly.Module = Object.assign(function (bytes) { return find(bytes); }, { prototype, imports, exports });
WebAssembly.compile = async (bytes) => find(bytes);
export default {
  async fetch() {
    const { collect, run } = await import('./tests.mjs');
    await collect();
    return Response.json(await run());
  },
};
`;

async function runIn(files) {
  const text = await bundle(files);
  const codes = new Set(text.match(/\bAGFzbQ[A-Za-z0-9+/]{60,}={0,2}/g)); // the binaries inside hash-wasm
  const binaries = [...kernels, ...[...codes].map((code, at) => [`library${at}`, Buffer.from(code, 'base64')])];
  const miniflare = new Miniflare({
    compatibilityDate: '2026-07-01',
    compatibilityFlags: ['nodejs_compat'],
    modulesRoot: root,
    modules: [
      { type: 'ESModule', path: 'main.mjs', contents: program(binaries) },
      { type: 'ESModule', path: 'tests.mjs', contents: text },
      ...binaries.flatMap(([name, contents]) => [
        { type: 'CompiledWasm', path: `dist/${name}.wasm`, contents },
        { type: 'Data', path: `dist/${name}.bytes`, contents },
      ]),
      ...tables.map((path) => ({ type: 'Data', path, contents: readFileSync(join(root, path)) })),
    ],
  });
  try {
    const response = await miniflare.dispatchFetch('http://localhost/');
    if (!response.ok) throw new Error(await response.text());
    return await response.json();
  } finally {
    await miniflare.dispose();
  }
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const layer of layers) {
  const files = testsOf(layer);
  if (files.length === 0) continue;
  const { failures, ...counts } = await runIn(files).catch((error) => ({
    passed: 0,
    failed: 1,
    skipped: 0,
    failures: [`${layer}: ${error.stack}`],
  }));
  for (const failure of failures) console.log(`\nFAIL ${failure}\n`);
  console.log(`${layer}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  for (const key of Object.keys(total)) total[key] += counts[key];
}
writeFileSync(report, JSON.stringify(total));
process.exitCode = total.failed === 0 ? 0 : 1;
