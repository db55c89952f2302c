import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noise } from '../compat/tree.ts';
import { cairn, must } from '../long/cli.ts';
import { runtimeName } from '../runtime.ts';

/** A few moments on the newest Node, 50 on every runtime in the long run. */
const long = process.env.CAIRN_TEST_LONG !== undefined;
const moments = Number(process.env.CAIRN_KILLS ?? (long ? 50 : 4));
const here = long || (runtimeName === 'node' && Number(process.versions.node.split('.')[0]) > 24);

describe.runIf(here)('a backup killed at random moments', () => {
  const work = mkdtempSync(join(tmpdir(), 'cairn-kill-'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it('leaves every earlier snapshot whole, and the next run finishes', async () => {
    const tree = join(work, 'tree');
    mkdirSync(tree);
    const change = (round: number) => {
      for (let i = 0; i < 60; i++) {
        mkdirSync(join(tree, `d${i % 7}`), { recursive: true });
        writeFileSync(join(tree, `d${i % 7}`, `f${i}`), noise(20_000 + i * 3000, round * 100 + i));
      }
      writeFileSync(join(tree, 'big'), noise(24 << 20, round));
    };
    await must(work, 'repository', 'create', 'filesystem', `--path=${join(work, 'repo')}`);
    // so many snapshots become whole that the first would expire
    await must(work, 'policy', 'set', '--global', '--keep-latest=1000');
    change(0);
    const first = await must(work, 'snapshot', 'create', tree, '--json');
    const firstId = JSON.parse(first.stdout).id as string;
    change(1000);
    const { seconds } = await must(work, 'snapshot', 'create', tree);
    let killed = 0;
    for (let round = 1; killed < moments; round++) {
      expect(round).toBeLessThan(4 * moments + 10);
      change(round);
      const result = await cairn(work, ['snapshot', 'create', tree], { killAfter: Math.random() * seconds * 1000 });
      if (result.signal !== null) killed++;
      const verified = await must(work, 'snapshot', 'verify', '--verify-files-percent=100');
      expect(verified.stderr).not.toMatch(/ERROR/);
    }
    await must(work, 'snapshot', 'create', tree);
    await must(work, 'snapshot', 'verify', '--verify-files-percent=100');
    await must(work, 'restore', `${tree}`, join(work, 'restored'));
    expect(spawnSync('diff', ['-r', tree, join(work, 'restored')], { encoding: 'utf8' }).stdout).toBe('');
    await must(work, 'restore', firstId, join(work, 'first'));
  }, 3_000_000);
});
