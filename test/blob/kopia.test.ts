import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobMetadata, BlobStorage } from '../../src/blob/storage.ts';
import { isCairnError } from '../../src/errors.ts';
import { parseTime } from '../../src/bytes/time.ts';
import { pattern } from '../conformance/helpers.ts';
import { openFolder, temporaryDirectory, tree } from './temporary.ts';

/** Trees that the real Kopia writes are read here, and the reverse; skipped where there is none. */
const program = process.env.KOPIA_BIN ?? 'kopia';
const there = spawnSync(program, ['--version']).status === 0;

let home: string;
let remove: () => Promise<void>;
beforeEach(() => ({ path: home, remove } = temporaryDirectory()));
afterEach(() => remove());

function kopia(...args: string[]): string {
  const paths = [`--config-file=${home}/config`, `--log-dir=${home}/log`];
  const env = {
    ...process.env,
    HOME: home,
    KOPIA_PASSWORD: 'pw',
    KOPIA_CHECK_FOR_UPDATES: 'false',
    KOPIA_CACHE_DIRECTORY: `${home}/cache`,
  };
  const result = spawnSync(program, [...args, ...paths, '--no-auto-maintenance'], { env, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`kopia ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

/** A repository of the real Kopia with one snapshot; gives its folder. */
function repository(...flags: string[]): string {
  const [path, source] = [join(home, 'repository'), join(home, 'source')];
  mkdirSync(source);
  writeFileSync(join(source, 'a'), pattern(200_000));
  writeFileSync(join(source, 'b'), pattern(10, 2));
  kopia('repository', 'create', 'filesystem', `--path=${path}`, ...flags);
  kopia('snapshot', 'create', source);
  return path;
}

async function blobs(store: BlobStorage): Promise<BlobMetadata[]> {
  const all: BlobMetadata[] = [];
  for await (const blob of store.list('')) all.push(blob);
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function kopiaBlobs(): BlobMetadata[] {
  const list = JSON.parse(kopia('blob', 'list', '--json')) as { id: string; length: number; timestamp: string }[];
  return list
    .map(({ id, length, timestamp }) => ({ id, length, timestamp: parseTime(timestamp)! }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Deno knows no finer times. */
const toMilliseconds = (blob: BlobMetadata) => ({ ...blob, timestamp: blob.timestamp / 1_000_000n });

const layouts: [string, string[], number[] | null][] = [
  ['default', [], null],
  ['flat', ['--flat'], []],
  ['format version 1', ['--format-version=1'], [3, 3]],
];

describe.skipIf(!there)('with the real Kopia', () => {
  it.each(layouts)('%s: its repository is read, copied, and the copy is one for it', async (_, flags, dirShards) => {
    const path = repository(...flags);
    const before = tree(path);
    const store = await openFolder(path, { readOnly: true });
    const found = await blobs(store);
    expect(found.map(toMilliseconds)).toEqual(kopiaBlobs().map(toMilliseconds));
    const target = join(home, 'copy');
    const copy = await openFolder(target, { create: true, config: { dirShards } });
    for (const { id, timestamp } of found) await copy.put(id, await store.get(id), { modifiedTime: timestamp });
    expect(tree(target)).toEqual(before);
    expect(readFileSync(join(target, '.shards'))).toEqual(readFileSync(join(path, '.shards')));
    expect(tree(path)).toEqual(before);
    rmSync(path, { recursive: true });
    kopia('repository', 'disconnect');
    kopia('repository', 'connect', 'filesystem', `--path=${target}`);
    kopia('snapshot', 'verify', '--verify-files-percent=100');
    expect(kopiaBlobs().map(({ id, length }) => ({ id, length }))).toEqual(
      (await blobs(copy)).map(({ id, length }) => ({ id, length })),
    );
  });

  it('a tree that it sharded anew is read; without .shards the shape is found and mended', async () => {
    const path = repository();
    const modify = ['blob', 'shards', 'modify', `--path=${path}`, '--i-am-sure-kopia-is-not-running'];
    kopia(...modify, '--default-shards=2,2', '--override=p=1,1,1', '--unsharded-length=3');
    const odd = await openFolder(path);
    const found = await blobs(odd);
    for (const { id, length } of found) expect((await odd.get(id)).length).toBe(length);
    await odd.put('p0123456789', pattern(5));
    expect(tree(path)).toContain('p/0/1/23456789.f');
    kopia('snapshot', 'verify');
    await odd.delete('p0123456789');
    kopia(...modify, '--default-shards=1,3', '--remove-override=p', '--unsharded-length=20');
    rmSync(join(path, '.shards'));
    const mending = await openFolder(path);
    for (const { id, length } of found) expect((await mending.get(id)).length).toBe(length);
    await mending.put('p0123456789abcdef0123456789', pattern(5));
    kopia('snapshot', 'verify');
    expect(kopiaBlobs().map(({ id }) => id)).toContain('p0123456789abcdef0123456789');
  });

  it('a .shards that lies is told, where Kopia would see an empty repository', async () => {
    const path = repository();
    writeFileSync(join(path, '.shards'), '{"default":[3,3],"maxNonShardedLength":20}');
    const store = await openFolder(path);
    const pack = (await blobs(store)).find(({ id }) => id.startsWith('q'))!;
    const error: unknown = await store.get(pack.id).catch((e: unknown) => e);
    expect(isCairnError(error, 'corrupt')).toBe(true);
  });
});
