import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStorage } from '../../src/blob/registry.ts';
import { reshard } from '../../src/blob/reshard.ts';
import { shardLayout } from '../../src/blob/sharded.ts';
import { fixtureFolder } from '../fixtures/load.ts';
import { blobIds, openFixture } from '../fixtures/reopen.ts';
import { ports, temporaryDirectory } from '../runtime.ts';

const runtime = ports();
const { files } = runtime;
const open = (path: string) => openStorage({ type: 'filesystem', config: { path } }, runtime);

async function world() {
  const path = temporaryDirectory();
  fixtureFolder('damaged-base', path);
  return { path, ids: await blobIds(await open(path)) };
}

describe('reshard', () => {
  it.each([
    ['flat', shardLayout([])],
    ['[2,2]', shardLayout([2, 2])],
    ['with an override', { ...shardLayout([1, 3]), overrides: [{ prefix: 'p', shards: [4] }] }],
    ['with short names in folders', { ...shardLayout([1]), maxNonShardedLength: 2 }],
  ])('%s: every blob is found where the new layout says', async (_, layout) => {
    const { path, ids } = await world();
    expect((await reshard({ files, path, change: () => layout, dryRun: true })).moved).toBeGreaterThan(0);
    expect(await blobIds(await open(path))).toEqual(ids);
    const result = await reshard({ files, path, change: () => layout });
    expect(result.resumed).toBe(false);
    const storage = await open(path);
    expect(await blobIds(storage)).toEqual(ids);
    for (const id of ids) expect((await storage.get(id)).length).toBe((await storage.stat(id)).length);
    await openFixture(storage, 'damaged-base');
    expect((await reshard({ files, path, change: (now) => now })).moved).toBe(0);
    expect(readdirSync(path).filter((name) => name.startsWith('.shards'))).toEqual(['.shards']);
  });

  it('is finished by the next run when it was stopped', async () => {
    const { path, ids } = await world();
    let moves = 0;
    const stop = () => {
      if (++moves === 4) throw new Error('died');
    };
    await expect(reshard({ files, path, change: () => shardLayout([]), onMove: stop })).rejects.toThrow('died');
    const result = await reshard({ files, path, change: (now) => now });
    expect(result).toMatchObject({ resumed: true, layout: shardLayout([]) });
    expect(await blobIds(await open(path))).toEqual(ids);
  });

  it('never replaces a different blob of the same name', async () => {
    const { path, ids } = await world();
    const id = ids.find((name) => name.startsWith('p'))!;
    writeFileSync(join(path, id + '.f'), 'other bytes');
    await expect(reshard({ files, path, change: () => shardLayout([]) })).rejects.toThrow(/same blob and differ/);
    await expect(reshard({ files, path: temporaryDirectory(), change: (now) => now })).rejects.toThrow(/is not there/);
  });
});
