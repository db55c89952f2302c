import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { deriveFormatKey } from '../../src/kernels/derive.ts';
import { parseRepositoryBlob } from '../../src/format/repository-blob.ts';
import { expected, fixtureFiles, fixtureStorage } from '../fixtures/load.ts';
import { edgePorts } from '../../runtimes/workerd/index.ts';
import { listSnapshots, openAtEdge } from '../../src/edge/index.ts';
import { ports, runtimeName } from '../runtime.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installed = existsSync(join(root, 'test/runtimes/node_modules/miniflare'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function formatKey(name: string): Promise<Uint8Array> {
  const { uniqueId, keyAlgorithm } = parseRepositoryBlob(fixtureFiles(name).get('kopia.repository.f')!);
  return deriveFormatKey(keyAlgorithm, expected(name).password, uniqueId, ports().native);
}

describe('first light at the edge', () => {
  const want = expected('damaged-base');
  const newest = want.snapshots.at(-1);
  const recorded = want.listings[newest.rootEntry.obj].entries;
  const file = recorded.find((entry: { path: string }) => entry.path === 'larger.bin');

  it('reads with nothing but WebCrypto and compiled modules', async () => {
    const { wasm } = ports();
    const modules = { core: await wasm('core'), codecs: await wasm('codecs'), zstd: await wasm('zstd') };
    const repository = await openAtEdge(
      await fixtureStorage('damaged-base'),
      await formatKey('damaged-base'),
      edgePorts(modules),
    );
    const { snapshots } = await listSnapshots(repository.manifests);
    const entry = await repository.findEntry(snapshots.at(-1)!.rootEntry!, 'larger.bin');
    const object = await repository.openObject(entry.objectId);
    expect(sha256(await object.read(0, entry.size))).toBe(file.sha256);
    await expect(repository.findEntry(snapshots.at(-1)!.rootEntry!, 'sub/none')).rejects.toThrow(/entry not found/);
  });

  it.skipIf(!installed || runtimeName !== 'node')('runs in workerd', async () => {
    const { build } = await import('esbuild');
    const bundle = await build({
      absWorkingDir: root,
      entryPoints: ['test/edge/program.ts'],
      bundle: true,
      format: 'esm',
      write: false,
      external: ['*.wasm', 'hash-wasm', 'node:*'],
      metafile: true,
      logLevel: 'error',
    });
    for (const input of Object.keys(bundle.metafile.inputs))
      expect(input).not.toMatch(/src\/(?:upload|maintenance|server)\//);
    const require = createRequire(join(root, 'test/runtimes/package.json'));
    const { Miniflare } = require('miniflare') as { Miniflare: new (options: object) => Worker };
    interface Worker {
      dispatchFetch(url: string, init: object): Promise<Response>;
      dispose(): Promise<void>;
    }
    const wasm = ['core', 'codecs', 'zstd'].map((name) => ({
      type: 'CompiledWasm',
      path: `../../dist/${name}.wasm`,
      contents: readFileSync(join(root, `dist/${name}.wasm`)),
    }));
    const miniflare = new Miniflare({
      compatibilityDate: '2026-07-01',
      modulesRoot: '/',
      modules: [
        { type: 'ESModule', path: 'test/edge/program.js', contents: bundle.outputFiles[0].text },
        ...wasm.map((m) => ({ ...m, path: m.path.replace('../../', '') })),
      ],
    });
    try {
      const blobs: Record<string, string> = {};
      for (const [path, bytes] of fixtureFiles('damaged-base'))
        if (path.endsWith('.f')) blobs[path.slice(0, -2).replaceAll('/', '')] = Buffer.from(bytes).toString('base64');
      const key = Buffer.from(await formatKey('damaged-base')).toString('base64');
      const response = await miniflare.dispatchFetch('http://localhost/', {
        method: 'POST',
        body: JSON.stringify({ blobs, formatKey: key, path: 'larger.bin', offset: 100, length: 1000 }),
      });
      const text = await response.text();
      expect(text).toMatch(/^\{/);
      const answer = JSON.parse(text) as { snapshots: { id: string; names: string[] }[]; bytes: string };
      expect(answer.snapshots.map(({ id }) => id).sort()).toEqual(
        want.snapshots.map((s: { id: string }) => s.id).sort(),
      );
      const top = recorded
        .filter((entry: { path: string }) => !entry.path.includes('/'))
        .map((entry: { path: string }) => entry.path);
      expect(answer.snapshots.find(({ id }) => id === newest.id)!.names.sort()).toEqual(top.sort());
      const repository = await openAtEdge(
        await fixtureStorage('damaged-base'),
        await formatKey('damaged-base'),
        ports(),
      );
      const { snapshots } = await listSnapshots(repository.manifests);
      const entry = await repository.findEntry(snapshots.at(-1)!.rootEntry!, 'larger.bin');
      const object = await repository.openObject(entry.objectId);
      expect(answer.bytes).toBe(Buffer.from(await object.read(100, 1000)).toString('base64'));
    } finally {
      await miniflare.dispose();
    }
  });
});
