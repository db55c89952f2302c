import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { CairnError } from '../../src/errors.ts';
import { emptyPolicy } from '../../src/policy/policy.ts';
import { GLOBAL } from '../../src/policy/source.ts';
import { definedPolicy, setPolicy } from '../../src/policy/store.ts';
import { createRepository } from '../../src/repository/create.ts';
import { migratePolicies, migrateSnapshots } from '../../src/repository/migrate.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { noise } from '../compat/tree.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { memoryRepository, snapshotOf, treeOf } from '../upload/upload-fixture.ts';

const destination = () =>
  createRepository(new MemoryStorage(), 'other', ports(), { hash: 'BLAKE3-256', splitter: 'DYNAMIC-128K-BUZHASH' });

function makeTree(): string {
  const path = temporaryDirectory();
  mkdirSync(join(path, 'sub/deep'), { recursive: true });
  writeFileSync(join(path, 'big'), noise(1 << 20, 5));
  writeFileSync(join(path, 'sub/small'), 'small', { mode: 0o640 });
  writeFileSync(join(path, 'sub/deep/log.tmp'), 'tmp');
  symlinkSync('big', join(path, 'link'));
  return path;
}

describe('migrate', () => {
  it('gives the objects that an upload into the destination gives, and keeps all that a manifest tells', async () => {
    const from = await memoryRepository();
    const to = await destination();
    const path = makeTree();
    const first = await snapshotOf(from, path, { tags: { 'tag:a': 'b' }, pins: ['keep'], description: 'first' });
    writeFileSync(join(path, 'sub/new'), 'new');
    const second = await snapshotOf(from, path);
    const copied: number[] = [];
    const session = to.writeSession();
    const options = { onFile: (bytes: number, isCopied: boolean) => void (isCopied && copied.push(bytes)) };
    const steps = await migrateSnapshots(from, session, [first.source], options);
    expect(steps.map(({ action }) => action)).toEqual(['copied', 'copied']);
    // of the second only the new file
    expect(copied.toSorted((a, b) => a - b)).toEqual([3, 3, 3, 5, 1 << 20]);
    await session.close();
    await to.refresh();
    const { snapshots } = await listSnapshots(to.manifests);
    expect(snapshots).toMatchObject([
      {
        startTime: first.startTime,
        endTime: first.endTime,
        tags: { 'tag:a': 'b' },
        pins: ['keep'],
        description: 'first',
      },
      { startTime: second.startTime },
    ]);
    expect(snapshots[1].rootEntry!.objectId).toBe((await snapshotOf(to, path)).rootEntry!.objectId);
    const again = to.writeSession();
    expect((await migrateSnapshots(from, again, [first.source])).map(({ action }) => action)).toEqual([
      'present',
      'present',
    ]);
    await again.abandon();
  });

  it.each([400_000, 1 << 18, 1 << 20])('cuts files above %i bytes in parts, as an upload does', async (size) => {
    const from = await memoryRepository();
    const to = await destination();
    const { clock } = ports();
    const path = makeTree();
    const { source } = await snapshotOf(from, path);
    const upload = { parallelUploadAboveSize: size };
    const session = to.writeSession();
    await setPolicy(session.manifests, GLOBAL, { ...emptyPolicy(), upload }, clock);
    const [{ saved }] = await migrateSnapshots(from, session, [source]);
    await session.close();
    await to.refresh();
    const uploaded = await snapshotOf(to, path, { root: { upload } });
    expect(saved!.rootEntry!.objectId).toBe(uploaded.rootEntry!.objectId);
    const whole = await snapshotOf(to, path, { root: { upload: {} }, forceHash: 100 });
    expect(whole.rootEntry!.objectId === uploaded.rootEntry!.objectId).toBe(size === 1 << 20);
  });

  it('takes only the newest, leaves out what rules leave out', async () => {
    const from = await memoryRepository();
    const to = await destination();
    const path = makeTree();
    const { source } = await snapshotOf(from, path);
    writeFileSync(join(path, '.kopiaignore'), '*.tmp\n');
    writeFileSync(join(path, 'sub/small'), 'grown');
    await snapshotOf(from, path, { root: { files: {} } });
    const session = to.writeSession();
    await migrateSnapshots(from, session, [source], { latestOnly: true, applyIgnoreRules: true });
    await session.close();
    await to.refresh();
    const { snapshots } = await listSnapshots(to.manifests);
    expect(snapshots).toHaveLength(1);
    expect(Object.keys(await treeOf(to, snapshots[0].rootEntry!)).sort()).toEqual([
      '.kopiaignore',
      'big',
      'link',
      'sub',
      'sub/deep',
      'sub/small',
    ]);
  });

  it('counts what cannot be read as failed', async () => {
    const from = await memoryRepository();
    const to = await destination();
    const { source, rootEntry } = await snapshotOf(from, makeTree());
    const { ['sub/small']: file, ['sub/deep']: deep } = await treeOf(from, rootEntry!);
    const contents = from.objects;
    const lost = new Set([file.objectId, deep.objectId]);
    const read = (id: string) =>
      lost.has(id) ? Promise.reject(new CairnError('corrupt', `content ${id} is damaged`)) : contents.read(id);
    Object.defineProperty(from, 'objects', { value: { ...contents, read } });
    const failed: string[] = [];
    const session = to.writeSession();
    const [step] = await migrateSnapshots(from, session, [source], { onFailure: (path) => failed.push(path) });
    expect(failed.sort()).toEqual(['sub/deep', 'sub/small']);
    expect(step.saved!.rootEntry!.summary).toMatchObject({ numFailed: 2, files: 1 });
    lost.add(rootEntry!.objectId);
    await session.manifests.delete(step.saved!.id);
    expect(await migrateSnapshots(from, session, [source])).toMatchObject([{ action: 'failed' }]);
    await session.abandon();
  });

  it('takes policies over, and overwrites only when asked', async () => {
    const from = await memoryRepository();
    const to = await destination();
    const { clock } = ports();
    const target = { host: 'alpha', userName: 'ann', path: '/x' };
    const write = from.writeSession();
    await setPolicy(write.manifests, target, { ...emptyPolicy(), retention: { keepLatest: 7 } }, clock);
    await setPolicy(write.manifests, GLOBAL, { ...emptyPolicy(), retention: { keepLatest: 1 } }, clock);
    await write.close();
    await from.refresh();
    const session = to.writeSession();
    const run = (sources: (typeof target)[] | undefined, overwrite = false) =>
      migratePolicies(from.manifests, session.manifests, sources, { overwrite, clock });
    expect(await run([target])).toEqual([{ target, action: 'copied' }]);
    expect((await run(undefined)).map(({ action }) => action).sort()).toEqual(['kept', 'same']);
    await run(undefined, true);
    expect((await definedPolicy(session.manifests, GLOBAL))?.policy.retention.keepLatest).toBe(1);
    await session.abandon();
  });
});
