// Speed of the core kernels on the runtime that runs this: node bench/kernels.mjs [FILTER]
// Best and median of 12 rounds of at least 30 ms, after a warm-up, in GB/s (10^9 bytes).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const filter = process.argv[2] ?? '';
const bundle = await build({
  absWorkingDir: root,
  stdin: {
    contents: ['core', 'hasher', 'splitter', 'cipher']
      .map((name) => `export * from './src/kernels/${name}.ts';`)
      .join(''),
    resolveDir: root,
  },
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
});
const code = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { CoreKernel, createCipher, createHasher, createSplitter } = await import(`data:text/javascript;base64,${code}`);

const core = CoreKernel.create(new WebAssembly.Module(readFileSync(new URL('../dist/core.wasm', import.meta.url))));
const random = (into) => {
  for (let at = 0; at < into.length; at += 65536) crypto.getRandomValues(into.subarray(at, at + 65536));
};
const at = core.contentAddress;
const MiB = 1024 * 1024;
random(core.memory.subarray(at, at + 16 * MiB));
const secret = new Uint8Array(32).fill(9);

function measure(name, bytes, work) {
  if (!name.includes(filter)) return;
  const rates = [];
  for (let round = 0; round < 15; round++) {
    const start = performance.now();
    let count = 0;
    let elapsed = 0;
    while (elapsed < 30) {
      work();
      count++;
      elapsed = performance.now() - start;
    }
    if (round >= 3) rates.push((bytes * count) / elapsed / 1e6);
  }
  rates.sort((a, b) => a - b);
  const [best, median] = [rates.at(-1), rates[rates.length >> 1]].map((rate) => rate.toFixed(3).padStart(8));
  console.log(`${name.padEnd(50)} best ${best}   median ${median}`);
}

for (const name of ['DYNAMIC-4M-BUZHASH', 'DYNAMIC-4M-RABINKARP', 'DYNAMIC-128K-BUZHASH']) {
  const splitter = createSplitter(name, core);
  measure(`${name} cutting 16 MiB`, 16 * MiB, () => {
    for (let from = 0; from < 16 * MiB;) {
      const length = splitter.scanAt(at + from, 0, 16 * MiB - from);
      from += length < 0 ? 16 * MiB - from : length;
    }
  });
}
measure('buzhash, every position', 8 * MiB, () => core.exports.buzhashScan(at + 64, at + 64 + 8 * MiB, 0xffffffff));
measure('rabin-karp, every position', 8 * MiB, () =>
  core.exports.rabinKarpScan(at + 64, at + 64 + 8 * MiB, 0xffffffff),
);

for (const name of ['BLAKE2B-256-128', 'BLAKE2S-256', 'BLAKE3-256', 'HMAC-SHA256']) {
  const hasher = await createHasher(name, secret, core);
  measure(`${name} 4 MiB`, 4 * MiB, () => hasher.hashAt(at, 4 * MiB));
  measure(`${name} 4 KiB`, 4096, () => hasher.hashAt(at, 4096));
  const outside = new Uint8Array(4 * MiB);
  measure(`${name} 4 MiB outside the kernel's memory`, 4 * MiB, () => hasher.hash(outside));
  if (hasher.hashManyAt === undefined) continue;
  const large = Array.from({ length: 4 }, (_, i) => ({ address: at + i * 4 * MiB, length: 4 * MiB }));
  measure(`${name} 4 x 4 MiB at once`, 16 * MiB, () => hasher.hashManyAt(large));
  const small = Array.from({ length: 64 }, (_, i) => ({ address: at + i * 4096, length: 4096 - i }));
  measure(`${name} 64 x 4 KiB at once`, 64 * 4096, () => hasher.hashManyAt(small));
}

const cipher = createCipher('CHACHA20-POLY1305-HMAC-SHA256', secret, { native: {}, random }, core);
const id = secret.slice(0, 16);
const out = new Uint8Array(4 * MiB + 28);
measure('ChaCha20-Poly1305 4 MiB', 4 * MiB, () => cipher.seal(id, core.memory.subarray(at, at + 4 * MiB), out));
measure('ChaCha20-Poly1305 4 KiB', 4096, () => cipher.seal(id, core.memory.subarray(at, at + 4096), out));
const keys = await createHasher('HMAC-SHA256', secret, core);
measure('HMAC of an id (million a second)', 1000, () => keys.hash(id));
