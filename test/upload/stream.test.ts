import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/bytes/gather.ts';
import { UTC } from '../../src/policy/zone.ts';
import { buildPolicyTree } from '../../src/policy/tree.ts';
import { builtInPolicy } from '../../src/policy/policy.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { encodeEntry } from '../../src/snapshot/entry.ts';
import { retentionAfterSave } from '../../src/snapshot/expire.ts';
import { listSnapshots } from '../../src/snapshot/store.ts';
import { estimateTree } from '../../src/upload/estimate.ts';
import { noise } from '../compat/tree.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { memoryRepository, snapshotOf, treeOf } from './upload-fixture.ts';

let repository: Repository;
beforeAll(async () => (repository = await memoryRepository()));

async function* pieces(data: Uint8Array, size: number) {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

describe('a stream as a source', () => {
  const path = '/srv/dumps';

  it('becomes one file in a made-up folder, as with Kopia', async () => {
    const data = noise(9 << 20, 3);
    const { rootEntry } = await snapshotOf(repository, path, {
      stream: { name: 'all.sql', bytes: pieces(data, 1 << 16) },
    });
    expect(encodeEntry({ ...rootEntry!, objectId: '', summary: undefined })).toBe(
      '{"name":"/srv/dumps","type":"d","mode":"0777","mtime":"1754-08-30T22:43:41.128654848Z","obj":""}',
    );
    expect(rootEntry!.summary).toMatchObject({ files: 1, dirs: 1, size: data.length });
    const file = (await treeOf(repository, rootEntry!))['all.sql'];
    expect(file).toMatchObject({ mode: 0o777, size: data.length, uid: 0 });
    // cut where a file on the disk is cut
    const local = join(temporaryDirectory(), 'all.sql');
    writeFileSync(local, data);
    expect((await snapshotOf(repository, local)).rootEntry!.objectId).toBe(file.objectId);
  });

  it('may be empty, must have a plain name', async () => {
    const { rootEntry } = await snapshotOf(repository, path, {
      stream: { name: 'e', bytes: pieces(new Uint8Array(0), 1) },
    });
    expect(rootEntry!.summary).toMatchObject({ files: 1, size: 0 });
    for (const name of ['', 'a/b', '..'])
      await expect(
        snapshotOf(repository, path, { stream: { name, bytes: pieces(utf8('x'), 1) } }),
      ).rejects.toMatchObject({
        code: 'invalid-argument',
      });
  });

  it('that could be stopped does not keep what was read of it', async () => {
    const seen: WeakRef<Uint8Array>[] = [];
    async function* long() {
      for (let at = 0; at < 400; at++) {
        const piece = new Uint8Array(1 << 20);
        seen.push(new WeakRef(piece));
        yield piece;
        if (at % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    const { signal } = new AbortController();
    await snapshotOf(repository, path, { stream: { name: 'f', bytes: long() }, signal });
    expect(seen.filter((piece) => piece.deref() !== undefined).length).toBeLessThan(380);
  });

  it('that is stopped leaves an incomplete snapshot without the file, also when nothing comes', async () => {
    const abort = new AbortController();
    async function* stuck() {
      yield utf8('begin');
      setTimeout(() => abort.abort(), 20);
      await new Promise(() => {});
    }
    const stopped = await snapshotOf(repository, path, { stream: { name: 'f', bytes: stuck() }, signal: abort.signal });
    expect(stopped).toMatchObject({
      incomplete: 'canceled',
      rootEntry: { summary: { files: 0, incomplete: 'canceled' } },
    });
    const bytes = pieces(new Uint8Array(1000), 100);
    expect((await snapshotOf(repository, path, { stream: { name: 'f', bytes }, limitBytes: 300 })).incomplete).toBe(
      'limit reached',
    );
    async function* broken() {
      yield utf8('x');
      throw new Error('pipe broke');
    }
    await expect(snapshotOf(repository, path, { stream: { name: 'f', bytes: broken() } })).rejects.toThrow(
      'pipe broke',
    );
  });
});

describe('what follows a saved snapshot', () => {
  it('expires older ones, not those of other sources', async () => {
    const other = await memoryRepository();
    const path = temporaryDirectory();
    const list = async () => (await listSnapshots(other.manifests)).snapshots.map(({ description }) => description);
    await snapshotOf(other, temporaryDirectory(), { description: 'elsewhere' });
    for (const description of ['one', 'two', 'three'])
      await snapshotOf(other, path, { description, afterSave: retentionAfterSave({ keepLatest: 2 }, UTC) });
    expect((await list()).sort()).toEqual(['elsewhere', 'three', 'two']);
  });

  it('does not save one that is identical where the policy says so', async () => {
    const other = await memoryRepository();
    const path = temporaryDirectory();
    writeFileSync(join(path, 'a'), 'a');
    const root = { retention: { keepLatest: 5, ignoreIdenticalSnapshots: true } };
    let saved = 0;
    const take = () => snapshotOf(other, path, { root, afterSave: async () => void saved++ });
    expect((await take()).id).not.toBe('');
    expect((await take()).id).toBe('');
    writeFileSync(join(path, 'a'), 'changed');
    expect((await take()).id).not.toBe('');
    expect(saved).toBe(2);
    expect((await listSnapshots(other.manifests)).snapshots).toHaveLength(2);
  });
});

describe('placeholders', () => {
  it('stand for what they name, for ignore rules too', async () => {
    const path = temporaryDirectory();
    const time = new Date('2024-03-05T06:07:08.250Z');
    mkdirSync(join(path, 'dir'));
    for (const name of ['dir/x', 'file', 'skip.tmp']) writeFileSync(join(path, name), name);
    utimesSync(join(path, 'dir'), time, time);
    const first = await snapshotOf(repository, path);
    const before = await treeOf(repository, first.rootEntry!);

    const shallow = temporaryDirectory();
    mkdirSync(join(shallow, 'dir.kopia-entry'));
    const write = (name: string, entry: string) =>
      writeFileSync(join(shallow, name), encodeEntry(before[entry]) + '\n');
    write('dir.kopia-entry/.kopia-entry', 'dir');
    write('file.kopia-entry', 'file');
    write('skip.tmp.kopia-entry', 'skip.tmp');
    writeFileSync(join(shallow, '.kopia-entry'), 'an ordinary name');
    symlinkSync('file', join(shallow, 'link.kopia-entry'));
    const second = await snapshotOf(repository, shallow, { root: { files: { ignore: ['*.tmp'] } } });
    const after = await treeOf(repository, second.rootEntry!);
    expect(second.rootEntry!.summary!.numFailed).toBe(0);
    expect(Object.keys(after).sort()).toEqual(['.kopia-entry', 'dir', 'dir/x', 'file', 'link.kopia-entry']);
    for (const name of ['dir', 'dir/x', 'file']) expect(after[name]).toEqual(before[name]);
    renameSync(join(shallow, 'file.kopia-entry'), join(shallow, 'new.kopia-entry'));
    const third = await treeOf(repository, (await snapshotOf(repository, shallow)).rootEntry!);
    expect(third.new).toEqual({ ...before.file, name: 'new' });
  });

  it('that are damaged, foreign or beside the real one are failures, not lost ones', async () => {
    const path = temporaryDirectory();
    writeFileSync(join(path, 'file'), 'real');
    writeFileSync(
      join(path, 'file.kopia-entry'),
      '{"name":"file","type":"f","obj":"0123456789abcdef0123456789abcdef"}',
    );
    writeFileSync(join(path, 'garbage.kopia-entry'), 'garbage');
    writeFileSync(
      join(path, 'gone.kopia-entry'),
      '{"name":"gone","type":"f","obj":"0123456789abcdef0123456789abcdef"}',
    );
    mkdirSync(join(path, 'empty.kopia-entry'));
    const { rootEntry } = await snapshotOf(repository, path);
    expect(rootEntry!.summary).toMatchObject({ files: 1, numFailed: 4 });
    expect(rootEntry!.summary!.errors.map(({ path: at }) => at)).toEqual(['empty', 'file', 'garbage', 'gone']);
    const ignoring = await snapshotOf(repository, path, {
      root: { errorHandling: { ignoreFileErrors: true, ignoreDirectoryErrors: true } },
    });
    expect(ignoring.rootEntry!.summary).toMatchObject({ numFailed: 0, numIgnoredErrors: 4 });
  });
});

describe('estimate', () => {
  it('counts by size what would be stored and what is left out', async () => {
    const path = temporaryDirectory();
    mkdirSync(join(path, 'sub/ignored'), { recursive: true });
    writeFileSync(join(path, '.kopiaignore'), '*.tmp\nignored/\n');
    writeFileSync(join(path, 'a'), 'x');
    writeFileSync(join(path, 'sub/5k'), new Uint8Array(5000));
    writeFileSync(join(path, 'sub/t.tmp'), 'tmp');
    writeFileSync(join(path, 'sub/ignored/x'), 'x');
    symlinkSync('a', join(path, 'link'));
    const { syncFiles, clock } = ports();
    const policy = buildPolicyTree(builtInPolicy(), { host: 'a', userName: 'b', path }, []);
    const seen: string[] = [];
    const options = { syncFiles, clock, separator: '/', onDirectory: (at: string) => seen.push(at) };
    const found = await estimateTree(path, policy, options);
    expect(found.included).toMatchObject({ files: 3, bytes: 5016 });
    expect(found.included.buckets.filter(({ count }) => count > 0)).toMatchObject([
      { minSize: 1000, count: 1, bytes: 5000, examples: [{ path: 'sub/5k', size: 5000 }] },
      { minSize: 0, count: 2 },
    ]);
    expect(found.excluded).toMatchObject({ files: 1, bytes: 3 });
    expect(found.excludedDirectories).toEqual({ count: 1, examples: ['sub/ignored'] });
    expect(found).toMatchObject({ directories: 2, symlinks: 1, errorCount: 0 });
    expect(seen).toEqual(['', 'sub']);
    await expect(estimateTree(path, policy, { ...options, signal: AbortSignal.abort() })).resolves.toBeDefined();
  });
});
