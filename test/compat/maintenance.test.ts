import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStorage } from '../../src/blob/registry.ts';
import { commitRecovery, recoverIndex } from '../../src/content/recover.ts';
import { compactLegacyIndexes } from '../../src/content/index/compact-legacy.ts';
import {
  advanceEpoch,
  advanceWatermark,
  cleanupEpochMarkers,
  cleanupSupersededEpochs,
  compactSingleEpoch,
  generateRangeCheckpoint,
} from '../../src/content/index/compact-epochs.ts';
import { deleteUnreferencedPacks } from '../../src/content/pack-gc.ts';
import { chooseContents, rewriteContents } from '../../src/content/rewrite.ts';
import { rollbackUpgrade } from '../../src/format/upgrade.ts';
import { setParameters } from '../../src/format/set-parameters.ts';
import { beginUpgrade } from '../../src/maintenance/upgrade.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { OpenOptions } from '../../src/repository/state.ts';
import { ports } from '../runtime.ts';
import { Kopia, kopiaBinary } from './kopia.ts';

const password = 'pw';
const MINUTE = 60_000_000_000n;

describe.skipIf(kopiaBinary === undefined)('looking after a repository in turn with a real Kopia', () => {
  let work: string;
  let tree: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'cairn-turns-'));
    tree = join(work, 'tree');
    mkdirSync(tree);
    writeFileSync(join(tree, 'a'), 'first');
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  async function world(...create: string[]) {
    const home = mkdtempSync(join(work, 'r-'));
    const path = join(home, 'repo');
    mkdirSync(path);
    const kopia = new Kopia(join(home, 'kopia'), password);
    kopia.must(
      'repository',
      'create',
      'filesystem',
      `--path=${path}`,
      '--max-list-cache-duration=0s',
      '--repository-format-cache-duration=0s',
      ...create,
    );
    kopia.must('snapshot', 'create', tree, '--no-auto-maintenance');
    let formatKey: Uint8Array | undefined;
    const open = async (options?: OpenOptions): Promise<Repository> => {
      const runtime = ports();
      const storage = await openStorage({ type: 'filesystem', config: { path } }, runtime);
      const repository = await openRepository(
        storage,
        formatKey === undefined ? { password } : { formatKey },
        runtime,
        options,
      );
      formatKey = repository.format.formatKey;
      return repository;
    };
    let number = 0;
    /** One more index blob. */
    const session = async (gone?: string) => {
      const write = (await open()).writeSession();
      const id = await write.contents.write(Uint8Array.of(9, number & 255, number++ >> 8), '', 0);
      if (gone !== undefined) await write.contents.delete(gone);
      await write.close();
      return id;
    };
    /** Makes blobs older by the storage's clock. */
    const age = (pattern: RegExp, seconds: number) => {
      for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        const id = file.slice(path.length + 1).replaceAll('/', '');
        if (entry.isFile() && pattern.test(id))
          utimesSync(file, statSync(file).mtimeMs / 1000 - seconds, statSync(file).mtimeMs / 1000 - seconds);
      }
    };
    const works = () => {
      kopia.must('content', 'verify', '--full', '--include-deleted');
      kopia.must('snapshot', 'verify', '--verify-files-percent=100');
    };
    const contents = () =>
      (kopia.json('content', 'list', '--deleted') as { contentID: string }[])
        .map(({ contentID }) => contentID)
        .toSorted();
    /** Kopia looks at its own copies of format and indexes for a while; without them it is a newcomer. */
    const forget = () => rmSync(join(home, 'kopia', 'cache'), { recursive: true, force: true });
    return { kopia, open, session, age, works, contents, path, forget };
  }

  it('legacy indexes: what Cairn compacts and cleans up, Kopia reads and compacts on', async () => {
    const { kopia, open, session, age, works, contents } = await world('--format-version=1');
    for (let i = 0; i < 8; i++) await session();
    const before = contents();
    const done = await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 8 });
    expect(done.outputs).toHaveLength(1);
    expect(contents()).toEqual(before);
    expect((kopia.json('index', 'list') as { id: string }[]).map(({ id }) => id)).toEqual(done.outputs);
    age(/^[nm]/, 4000);
    await session();
    const second = await compactLegacyIndexes((await open()).state, { maxSmallBlobs: 1, allIndexes: true });
    expect(second.deleted.toSorted()).toEqual(done.inputs.toSorted());
    works();
    age(/^[nml]/, 4000);
    kopia.must('snapshot', 'create', tree, '--no-auto-maintenance');
    kopia.must('index', 'optimize', '--dangerous-commands=enabled', '--all');
    const third = await compactLegacyIndexes((await open()).state, {
      maxSmallBlobs: 1,
      allIndexes: true,
      safety: 'none',
    });
    expect(third.deleted.length).toBeGreaterThan(0);
    works();
    expect(contents()).toEqual(expect.arrayContaining(before));
  });

  it('upgrade: Kopia is kept out, let in again, and works on', async () => {
    const { kopia, open, works, contents, forget } = await world('--format-version=1');
    const before = contents();
    const { state } = await open();
    const hasty = {
      ownerId: 'cairn',
      ioDrainTimeout: 1_000_000n,
      statusPollInterval: 1_000_000n,
      maxPermittedClockDrift: 1n,
      allowUnsafe: true,
    };
    await beginUpgrade(state, { ...hasty, commit: 'never' });
    forget();
    const kept = kopia.run('snapshot', 'list', '--upgrade-no-block');
    expect(kept.status).not.toBe(0);
    expect(kept.stderr).toMatch(/upgrade in progress/);
    await rollbackUpgrade(state.storage, state.format, state.ports);
    forget();
    works();
    const again = await open();
    await beginUpgrade(again.state, hasty);
    forget();
    expect(contents()).toEqual(before);
    works();
    kopia.must('snapshot', 'create', tree, '--no-auto-maintenance');
    expect(kopia.must('repository', 'status')).toMatch(/Format version: +3/);
    expect((await open()).contents.index.count).toBeGreaterThanOrEqual(before.length);
  });

  it('epochs: advanced, compacted and cleaned up by Cairn, carried on by Kopia', async () => {
    const { kopia, open, session, age, works, contents, forget } = await world();
    const first = await open();
    const epochs = {
      minEpochDuration: 10n * MINUTE,
      refreshFrequency: 200_000_000_000n,
      cleanupSafetyMargin: 10n * MINUTE,
      advanceOnCountThreshold: 10,
      fullCheckpointFrequency: 2,
    };
    const changed = await setParameters(
      first.storage,
      first.format,
      { epochs, maxPackSize: 30 << 20 },
      first.state.ports,
    );
    expect(changed.parameters.epochParameters.advanceOnCountThreshold).toBe(10);
    forget();
    expect(kopia.must('repository', 'status')).toMatch(/Max pack length: +31.5 MB/);
    const gone = await session();
    for (let epoch = 0; epoch < 5; epoch++) {
      for (let i = 0; i < 10; i++) {
        await session(epoch === 1 && i === 5 ? gone : undefined);
        if (i === 0) age(/^/, 700);
      }
      expect((await advanceEpoch((await open()).state)).wasAdvanced).toBe(true);
      await compactSingleEpoch((await open()).state);
    }
    await session();
    const before = contents();
    expect(before).toContain(gone);
    expect(kopia.must('index', 'epoch', 'list')).toMatch(/5/);
    expect(await generateRangeCheckpoint((await open()).state)).toEqual({ rangeMinEpoch: 0, rangeMaxEpoch: 3 });
    expect(contents()).toEqual(before);
    age(/^xs/, 10_000);
    expect((await cleanupSupersededEpochs((await open()).state))!.deletedBlobCount).toBeGreaterThan(25);
    expect((await cleanupEpochMarkers((await open()).state)).deletedEpochMarkerBlobCount).toBe(3);
    expect(contents()).toEqual(before);
    works();
    await advanceWatermark((await open()).state, Math.ceil(Date.now() / 1000) + 1);
    expect(contents()).toEqual(before.filter((id) => id !== gone));
    kopia.must('snapshot', 'create', tree, '--no-auto-maintenance');
    kopia.must('maintenance', 'run', '--full', '--safety=none');
    works();
    expect([...(await open()).contents.entries()].length).toBeGreaterThan(0);
  });

  it('lost indexes: Kopia reads what Cairn recovered, and then moved to new packs', async () => {
    const { open, path, works, contents, forget } = await world();
    const before = contents();
    for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }))
      if (
        entry.isFile() &&
        join(entry.parentPath, entry.name)
          .slice(path.length + 1)
          .replaceAll('/', '')
          .startsWith('xn')
      )
        rmSync(join(entry.parentPath, entry.name));
    const repository = await open();
    await commitRecovery(repository.state, await recoverIndex(repository.state));
    const session = repository.writeSession();
    const chosen = chooseContents(repository.contents.index.entries, { formatVersion: 3 }, 20 << 20);
    expect((await rewriteContents(repository.contents, session.contents, chosen)).rewritten.count).toBe(before.length);
    await session.close();
    expect((await deleteUnreferencedPacks(repository.contents, { safety: 'none' })).deleted.count).toBeGreaterThan(1);
    forget();
    expect(contents()).toEqual(before);
    works();
  });
});
