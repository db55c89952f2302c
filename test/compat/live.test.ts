import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStorage } from '../../src/blob/registry.ts';
import { builtInPolicy, type Policy } from '../../src/policy/policy.ts';
import { buildPolicyTree } from '../../src/policy/tree.ts';
import { createRepository } from '../../src/repository/create.ts';
import { openRepository } from '../../src/repository/open.ts';
import { takeSnapshot } from '../../src/repository/snapshot.ts';
import type { CreateOptions } from '../../src/format/create.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { ports } from '../runtime.ts';
import { Kopia, kopiaBinary } from './kopia.ts';
import { makeTree } from './tree.ts';

const identity = { user: 'ann', host: 'alpha' };
const as = ['--override-username=ann', '--override-hostname=alpha'];
const password = 'pässword with spaces';

interface Pair extends CreateOptions {
  name: string;
  compressor: string;
}

/** Each value of each choice at least once with others; made to cover, not to multiply. */
const pairs: Pair[] = [
  { name: 'defaults', compressor: 'none' },
  { name: 'version 2, zstd', formatVersion: 2, compressor: 'zstd' },
  { name: 'version 1, gzip', formatVersion: 1, compressor: 'gzip' },
  {
    name: 'chacha, blake3, zstd-fastest',
    encryption: 'CHACHA20-POLY1305-HMAC-SHA256',
    hash: 'BLAKE3-256-128',
    compressor: 'zstd-fastest',
  },
  { name: 'blake2b-256, fixed', hash: 'BLAKE2B-256', splitter: 'FIXED-1M', compressor: 'deflate-default' },
  {
    name: 'blake2s, 128K, pbkdf2',
    hash: 'BLAKE2S-256',
    splitter: 'DYNAMIC-128K-BUZHASH',
    keyAlgorithm: 'pbkdf2-sha256-600000',
    compressor: 'pgzip',
  },
  {
    name: 'hmac-sha256, rabinkarp',
    hash: 'HMAC-SHA256',
    splitter: 'DYNAMIC-1M-RABINKARP',
    compressor: 'zstd-better-compression',
  },
  {
    name: 'hmac-sha3, version 1, chacha',
    formatVersion: 1,
    hash: 'HMAC-SHA3-256',
    encryption: 'CHACHA20-POLY1305-HMAC-SHA256',
    compressor: 'zstd',
  },
  { name: 'ecc 2 %, s2', ecc: 'REED-SOLOMON-CRC32', eccOverheadPercent: 2, compressor: 's2-default' },
  {
    name: 'ecc 20 %, version 2, s2-better',
    formatVersion: 2,
    ecc: 'REED-SOLOMON-CRC32',
    eccOverheadPercent: 20,
    hash: 'HMAC-SHA224',
    compressor: 's2-better',
  },
];

describe.skipIf(kopiaBinary === undefined)(
  'with a real Kopia (skipped where none is on the PATH or named by KOPIA_BIN)',
  () => {
    let work: string;
    let tree: string;
    beforeAll(() => {
      work = mkdtempSync(join(tmpdir(), 'cairn-live-'));
      tree = join(work, 'tree');
      makeTree(tree);
    });
    afterAll(() => rmSync(work, { recursive: true, force: true }));

    const policyWith = (compressor: string): Policy => ({
      ...builtInPolicy(),
      compression: { compressorName: compressor },
    });

    async function cairnSnapshot(path: string, compressor: string, create?: CreateOptions) {
      const runtime = ports();
      const dirShards = create?.formatVersion === 1 ? [3, 3] : null;
      const storage = await openStorage({ type: 'filesystem', config: { path, dirShards } }, runtime, {
        create: create !== undefined,
      });
      const repository =
        create === undefined
          ? await openRepository(storage, { password }, runtime, { identity })
          : await createRepository(storage, password, runtime, { ...create, identity });
      const session = repository.writeSession();
      const source = { host: 'alpha', userName: 'ann', path: tree };
      const snapshot = await takeSnapshot(session, {
        source,
        path: tree,
        policy: buildPolicyTree(policyWith(compressor), source, []),
      });
      await session.close();
      await repository.close();
      return snapshot;
    }

    const same = (restored: string) =>
      expect(spawnSync('diff', ['-r', '--no-dereference', tree, restored], { encoding: 'utf8' }).stdout).toBe('');

    it.each(pairs)(
      'reads, verifies, restores and continues what Cairn wrote: $name',
      async ({ name: _, compressor, ...create }) => {
        const home = mkdtempSync(join(work, 'c2k-'));
        const path = join(home, 'repo');
        const snapshot = await cairnSnapshot(path, compressor, create);
        const kopia = new Kopia(join(home, 'kopia'), password);
        kopia.must('repository', 'connect', 'filesystem', `--path=${path}`, ...as, '--max-list-cache-duration=0s');
        kopia.must('snapshot', 'verify', '--verify-files-percent=100');
        kopia.must('content', 'verify', '--full');
        const id = snapshot.rootEntry!.objectId;
        kopia.must('restore', id, join(home, 'restored'));
        same(join(home, 'restored'));
        kopia.must('policy', 'set', '--global', `--compression=${compressor}`);
        const created = kopia.json('snapshot', 'create', tree, '--json-verbose') as { rootEntry: { obj: string } };
        expect(created.rootEntry.obj).toBe(id);
        kopia.must('maintenance', 'run', '--full', '--safety=none');
        kopia.must('snapshot', 'verify', '--verify-files-percent=100');
        expect((await cairnSnapshot(path, compressor)).rootEntry!.objectId).toBe(id);
      },
    );

    it.each(pairs)('is read and continued by Cairn: $name', async ({ compressor, ...create }) => {
      const home = mkdtempSync(join(work, 'k2c-'));
      const path = join(home, 'repo');
      const kopia = new Kopia(join(home, 'kopia'), password);
      const flag = (name: string, value: unknown) => (value === undefined ? [] : [`--${name}=${String(value)}`]);
      kopia.must(
        'repository',
        'create',
        'filesystem',
        `--path=${path}`,
        ...as,
        '--max-list-cache-duration=0s',
        ...flag('format-version', create.formatVersion),
        ...flag('block-hash', create.hash),
        ...flag('encryption', create.encryption),
        ...flag('object-splitter', create.splitter),
        ...flag('ecc', create.ecc),
        ...flag('ecc-overhead-percent', create.eccOverheadPercent),
        ...flag('format-block-key-derivation-algorithm', create.keyAlgorithm),
      );
      kopia.must('policy', 'set', '--global', `--compression=${compressor}`);
      const created = kopia.json('snapshot', 'create', tree) as { id: string; rootEntry: { obj: string } };
      const snapshot = await cairnSnapshot(path, compressor);
      expect(snapshot.rootEntry!.objectId).toBe(created.rootEntry.obj);
      expect(snapshot.stats.nonCachedFiles).toBe(0);
      const listed = kopia.json('snapshot', 'list') as { id: string }[];
      expect(listed.map(({ id }) => id)).toContain(snapshot.id);
      kopia.must('snapshot', 'verify', '--verify-files-percent=100');
    });

    it('sees files that changed and that Cairn added', async () => {
      const home = mkdtempSync(join(work, 'turn-'));
      const path = join(home, 'repo');
      await cairnSnapshot(path, 'zstd', {});
      writeFileSync(join(tree, 'new'), 'new file');
      const second = await cairnSnapshot(path, 'zstd');
      const kopia = new Kopia(join(home, 'kopia'), password);
      kopia.must('repository', 'connect', 'filesystem', `--path=${path}`, ...as, '--max-list-cache-duration=0s');
      const listed = kopia.json('snapshot', 'list') as { id: string; rootEntry: { obj: string } }[];
      expect(listed.length).toBe(2);
      expect(kopia.must('show', `${second.rootEntry!.objectId}/new`)).toBe('new file');
      kopia.must('snapshot', 'delete', listed[0].id, '--delete');
      const runtime = ports();
      const storage = await openStorage({ type: 'filesystem', config: { path } }, runtime);
      const repository = await openRepository(storage, { password }, runtime);
      expect((await listSnapshots(repository.manifests)).snapshots.map(({ id }) => id)).toEqual([second.id]);
    });
  },
);
