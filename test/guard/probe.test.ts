import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noise } from '../compat/tree.ts';
import { temporaryDirectory } from '../runtime.ts';
import { countedSnapshot, copyOf, emptyRepository, putBytes, putCalls } from './counting.ts';
it('probe', async () => {
  const small = join(temporaryDirectory(), 'small');
  for (let d = 0; d < 10; d++) { mkdirSync(join(small, `d${d}`), { recursive: true }); for (let i = 0; i < 100; i++) writeFileSync(join(small, `d${d}`, `f${i}`), noise(1000 + i * 40, d * 100 + i + 1)); }
  const big = join(temporaryDirectory(), 'big');
  mkdirSync(big);
  writeFileSync(join(big, 'big'), noise(64 << 20, 5));
  const blobs = await emptyRepository();
  for (const [tree, workers] of [[small, 0], [small, 2], [big, 0], [big, 2]] as const) {
    const to = await copyOf(blobs);
    for (let r = 0; r < 2; r++) {
    const run = await countedSnapshot(to, tree, workers);
    console.log(tree, workers, JSON.stringify(run.storage.counts), JSON.stringify([...(run.counts as any)._values ?? []]), putCalls(run.storage), putBytes(run.storage));
    console.log(JSON.stringify(Object.fromEntries(['file.read','file.openRead','file.lstat','file.list','file.close','workers','to.files','to.cuts','to.start','to.claims','to.buffer','from.sealed','from.files','from.ready','tasks','hash.hash','hash.hashAt','hash.hashManyAt','cipher.seal','cipher.open','buffers','buffer bytes'].map(n=>[n,run.counts.of(n)]))), run.snapshot.rootEntry!.objectId, [...run.repository.contents.entries()].length);
    }
  }
  expect(1).toBe(1);
});
