/** The import rule of the tree, read from the sources and from esbuild's view of them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { projectDirectory } from '../runtime.ts';

/** Folders of src/, lowest first: a file imports its own folder, `ports.ts`, `errors.ts` and lower folders. */
const layers = (
  'bytes kernels blob format content object manifest policy snapshot upload restore maintenance rpc repository ' +
  'edge mount server web cli'
).split(' ');
const ground = ['src/ports.ts', 'src/errors.ts'];
const LONGEST = 480;

const read = (path: string) => readFileSync(projectDirectory + path, 'utf8');

function sources(folder: string): string[] {
  if (!existsSync(projectDirectory + folder)) return [];
  return readdirSync(projectDirectory + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Every module named by an import or export, by a lazy import or by a type; strings in comments do no harm here. */
function imports(path: string): string[] {
  const text = read(path).replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^'\n]+)'/g);
  return Array.from(found, ([, name]) => (name.startsWith('.') ? posix.join(posix.dirname(path), name) : name));
}

const layerOf = (path: string) => (path.split('/').length > 2 ? path.split('/')[1] : 'ground');

const src = sources('src');
const graph = new Map(src.map((path) => [path, imports(path)]));

describe('src/', () => {
  it('is there', () => expect(src.length).toBeGreaterThan(10));

  it('has only the folders of the tree', () => {
    expect([...new Set(src.map(layerOf))].filter((layer) => layer !== 'ground' && !layers.includes(layer))).toEqual([]);
  });

  it('imports only downwards', () => {
    const breaches: string[] = [];
    for (const [path, targets] of graph)
      for (const target of targets) {
        if (!target.includes('/') || target.startsWith('@') || ground.includes(target)) continue;
        const [from, to] = [layers.indexOf(layerOf(path)), layers.indexOf(layerOf(target))];
        const down = target.startsWith('src/') && to !== -1 && to <= from;
        if (!down && !isPackage(target)) breaches.push(`${path} imports ${target}`);
      }
    expect(breaches).toEqual([]);
  });

  it('imports files that exist, by their whole name', () => {
    const missing = [...graph].flatMap(([path, targets]) =>
      targets
        .filter((name) => name.startsWith('src/') && !existsSync(projectDirectory + name))
        .map((name) => [path, name]),
    );
    expect(missing).toEqual([]);
  });

  it('imports no package but the dependencies, and nothing of a runtime', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const others = [...graph].flatMap(([path, targets]) =>
      targets
        .filter((name) => !name.startsWith('src/') && !(packageOf(name) in dependencies))
        .map((name) => [path, name]),
    );
    expect(others).toEqual([]);
  });

  it('has no cycles, lazy and type imports apart', async () => {
    const { metafile } = await build({
      absWorkingDir: projectDirectory,
      stdin: { contents: src.map((path) => `import './${path}';`).join('\n'), resolveDir: projectDirectory },
      bundle: true,
      packages: 'external',
      write: false,
      metafile: true,
      format: 'esm',
      outdir: 'out',
    });
    const needed = Object.entries(metafile.inputs).map(([path, input]): [string, string[]] => [
      path,
      input.imports.filter((one) => one.kind === 'import-statement' && !one.external).map((one) => one.path),
    ]);
    expect(cycles(new Map(needed))).toEqual([]);
  });

  it('uses no global of one runtime', async () => {
    const names = ['Deno', 'Bun', 'process', 'Buffer', 'require', '__dirname', 'setImmediate'];
    const forbidden = Object.fromEntries(names.map((name) => [name, `forbidden_${name}`]));
    const breaches: string[] = [];
    for (const path of src) {
      const { outputFiles } = await build({
        absWorkingDir: projectDirectory,
        entryPoints: [path],
        write: false,
        define: forbidden,
        logLevel: 'silent',
      });
      const found = outputFiles[0].text.match(/\bforbidden_\w+|\bglobalThis\.(?:Deno|Bun|process|Buffer)\b/);
      if (found !== null) breaches.push(`${path}: ${found[0]}`);
    }
    expect(breaches).toEqual([]);
  });
});

it(`no file is longer than ${LONGEST} lines, generated tables apart`, () => {
  const long = [...src, ...sources('runtimes'), ...sources('bench')]
    .map((path) => [path, read(path)])
    .filter(([, text]) => text.split('\n').length > LONGEST + 1 && !/generated/i.test(text.slice(0, 300)))
    .map(([path]) => path);
  expect(long).toEqual([]);
});

it('adapters of one runtime use only their own and those of node', () => {
  const breaches = sources('runtimes').flatMap((path) => {
    const own = path.split('/')[1];
    if (own === 'cairn.ts') return [];
    return imports(path)
      .filter((name) => name.startsWith('runtimes/') && ![own, 'node'].includes(name.split('/')[1]))
      .map((name) => [path, name]);
  });
  expect(breaches).toEqual([]);
});

describe.runIf(existsSync(projectDirectory + 'src/edge/index.ts'))('the edge bundle', () => {
  it('holds not a byte that writes, and needs no runtime', async () => {
    const { metafile } = await build({
      absWorkingDir: projectDirectory,
      entryPoints: ['src/edge/index.ts'],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import'],
      external: ['node:*'],
      outdir: 'out',
    });
    const held = Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0),
    );
    expect(held.length).toBeGreaterThan(0);
    expect(held.filter((path) => /^(src\/(upload|maintenance|server|cli)|runtimes)\//.test(path))).toEqual([]);
    const outside = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((one) => one.external));
    expect(outside).toEqual([]);
  });
});

function isPackage(name: string): boolean {
  return !name.startsWith('src/') && !name.startsWith('runtimes/') && !name.startsWith('..');
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The first way round found from each file, by depth-first search. */
function cycles(edges: Map<string, string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, above: string[]): void => {
    if (above.includes(path)) found.push([...above.slice(above.indexOf(path)), path].join(' -> '));
    else if (!done.has(path)) {
      for (const next of edges.get(path) ?? []) visit(next, [...above, path]);
      done.add(path);
    }
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}
