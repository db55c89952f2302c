import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStorage } from '../../src/blob/registry.ts';
import { takeSnapshot } from '../../src/repository/snapshot.ts';
import { openRepository } from '../../src/repository/open.ts';
import type { SnapshotManifest } from '../../src/snapshot/manifest.ts';
import { Kopia, kopiaBinary } from '../compat/kopia.ts';
import { noise } from '../compat/tree.ts';
import { identity, password } from '../repository/fast.ts';
import { ports, runtimeName, temporaryDirectory } from '../runtime.ts';

const MiB = 1 << 20;
const as = ['--override-username=ann', '--override-hostname=alpha'];

/** Whole milliseconds, which every runtime can read. */
const time = '2024-03-05T06:07:08.250Z';

describe.skipIf(kopiaBinary === undefined)('the same objects as a real Kopia (skipped where there is none)', () => {
  let kopia: Kopia;
  let path: string;
  let home: string;

  beforeAll(() => {
    home = temporaryDirectory();
    path = join(home, 'repo');
    kopia = new Kopia(join(home, 'kopia'), password);
    kopia.must(
      'repository',
      'create',
      'filesystem',
      `--path=${path}`,
      ...as,
      '--max-list-cache-duration=0s',
      '--object-splitter=DYNAMIC-128K-BUZHASH',
    );
  });

  function folder(name: string): string {
    const at = join(home, name);
    mkdirSync(at);
    return at;
  }

  async function both(tree: string): Promise<SnapshotManifest> {
    spawnSync('find', [tree, '-depth', '-exec', 'touch', '-h', '-d', time, '{}', '+']);
    const runtime = ports();
    const repository = await openRepository(
      await openStorage({ type: 'filesystem', config: { path } }, runtime),
      { password },
      runtime,
      { identity },
    );
    const session = repository.writeSession();
    const snapshot = await takeSnapshot(session, {
      source: { host: 'alpha', userName: 'ann', path: tree },
      path: tree,
      workers: 0,
    });
    await session.close();
    const created = kopia.json('snapshot', 'create', tree, '--force-hash=100', '--json-verbose') as {
      rootEntry: { obj: string; summ: { numFailed: number } };
    };
    expect(created.rootEntry.summ.numFailed).toBe(0);
    expect(snapshot.rootEntry!.objectId).toBe(created.rootEntry.obj);
    kopia.must('snapshot', 'verify', '--verify-files-percent=100');
    return snapshot;
  }

  it('of files in parts, the last of which may be empty', async () => {
    const tree = folder('parts');
    kopia.must('policy', 'set', tree, '--parallel-upload-above-size-mib=1');
    for (const size of [0, 1, MiB - 1, MiB, MiB + 1, 2 * MiB, 3 * MiB, 3 * MiB + 54_321])
      writeFileSync(join(tree, `f${size}`), noise(size, size + 3));
    writeFileSync(join(tree, 'zeros'), new Uint8Array(3 * MiB));
    await both(tree);
  });

  it('of files with a splitter and a compressor of their own', async () => {
    const tree = folder('own');
    mkdirSync(join(tree, 'sub'));
    kopia.must(
      'policy',
      'set',
      tree,
      '--splitter=FIXED-256K',
      '--compression=zstd-fastest',
      '--parallel-upload-above-size-mib=2',
    );
    kopia.must('policy', 'set', join(tree, 'sub'), '--splitter=DYNAMIC-1M-RABINKARP');
    kopia.must('policy', 'set', join(tree, 'sub/file'), '--metadata-compression=none', '--compression=gzip');
    for (const name of ['a', 'sub/b', 'sub/file']) writeFileSync(join(tree, name), noise(5 * MiB, 9));
    await both(tree);
  });

  it('of a folder with a listing that is split, and of odd names', async () => {
    const tree = folder('names');
    for (let at = 0; at < 2500; at++)
      writeFileSync(
        join(tree, `a file with a rather long name, so that the listing becomes long too ${at}`),
        String(at),
      );
    for (const name of ['ünï 日本', '\u{1f600}', '\uffee', '<&>"\\\u2028', ' ', 'tab\tnew\nline', '-'])
      writeFileSync(join(tree, name), name);
    for (const [name, mode] of [
      ['setuid', 0o4755],
      ['setgid', 0o2755],
      ['sticky', 0o1777],
    ] as const) {
      mkdirSync(join(tree, name));
      chmodSync(join(tree, name), mode);
    }
    const { rootEntry } = await both(tree);
    expect(rootEntry!.objectId).toMatch(/^Ik/);
  });

  it.skipIf(runtimeName === 'deno')('of names that are not UTF-8, and of links', async () => {
    const tree = folder('raw');
    spawnSync(
      'sh',
      [
        '-c',
        `for n in 'a\\377' 'a\\376' 'a\\303' 'z\\200\\201' 'd\\340\\200'; do printf x > "$(printf "$n")"; done; mkdir "$(printf 'dir\\377')"; echo in > "$(printf 'dir\\377')/file"`,
      ],
      { cwd: tree },
    );
    symlinkSync('nowhere/ü', join(tree, 'link'));
    const { rootEntry } = await both(tree);
    expect(rootEntry!.summary).toMatchObject({ files: 6, symlinks: 1, dirs: 2 });
  });

  it('of what ignore rules leave', async () => {
    const tree = folder('rules');
    for (const at of ['keep', 'skip', 'keep/skip', 'cache']) mkdirSync(join(tree, at));
    for (const name of ['a.log', 'b.txt', 'keep/a.log', 'keep/b.txt', 'skip/c', 'keep/skip/d', 'cache/e', 'big'])
      writeFileSync(join(tree, name), name === 'big' ? new Uint8Array(9999) : name);
    writeFileSync(join(tree, '.kopiaignore'), '*.log\n!keep/a.log\nskip/\n');
    writeFileSync(join(tree, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
    kopia.must('policy', 'set', tree, '--max-file-size=5000');
    const { rootEntry } = await both(tree);
    expect(rootEntry!.summary).toMatchObject({ files: 4, dirs: 3 });
  });
});
