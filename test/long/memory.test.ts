import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noise } from '../compat/tree.ts';
import { runtimeName } from '../runtime.ts';
import { cairn, type Finished } from './cli.ts';

const MiB = 1 << 20;
/** The promise: a fixed part and 64 bytes a content. */
const limit = (contents: number) => (runtimeName === 'deno' ? 768 : 320) * MiB + 64 * contents;

/** Scale of the inputs; 1 is what the promise is about. */
const scale = Number(process.env.CAIRN_SCALE ?? 1);

describe('memory of whole commands', () => {
  const work = mkdtempSync(join(process.env.CAIRN_LONG_DIR ?? tmpdir(), 'cairn-memory-'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  async function roundTrip(name: string, contents: number, make: (tree: string) => void): Promise<void> {
    const home = join(work, name);
    const tree = join(home, 'tree');
    mkdirSync(tree, { recursive: true });
    make(tree);
    const run = async (...args: string[]): Promise<Finished> => {
      const result = await cairn(home, args, { watch: true });
      expect(`${args.join(' ')}: ${result.status} ${result.stderr.slice(-2000)}`).toMatch(/: 0 /);
      expect([args[0], result.peak < limit(contents), Math.round(result.peak / MiB)]).toEqual([
        args[0],
        true,
        Math.round(result.peak / MiB),
      ]);
      return result;
    };
    await run('repository', 'create', 'filesystem', `--path=${join(home, 'repo')}`);
    await run('snapshot', 'create', tree);
    await run('snapshot', 'create', tree);
    await run('snapshot', 'verify', '--verify-files-percent=100');
    await run('restore', tree, join(home, 'restored'));
    rmSync(home, { recursive: true, force: true });
  }

  it(
    '100,000 small files',
    () =>
      roundTrip('small', 100_000 * scale, (tree) => {
        for (let d = 0; d < 100 * scale; d++) {
          mkdirSync(join(tree, `d${d}`));
          for (let i = 0; i < 1000; i++) writeFileSync(join(tree, `d${d}`, `f${i}`), `file ${d} ${i}\n`);
        }
      }),
    1_800_000,
  );

  it(
    'one file of 5 GiB',
    () =>
      roundTrip('big', 1500 * scale, (tree) => {
        const file = openSync(join(tree, 'big'), 'w');
        for (let i = 0; i < 320 * scale; i++) writeSync(file, noise(16 * MiB, i + 1));
        closeSync(file);
      }),
    1_800_000,
  );

  it(
    '60 levels deep',
    () =>
      roundTrip('deep', 1000, (tree) => {
        let at = tree;
        for (let level = 0; level < 60; level++) {
          at = join(at, `level-${level}`);
          mkdirSync(at);
          writeFileSync(join(at, 'file'), `level ${level}`);
        }
      }),
    600_000,
  );
});
