import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noise } from '../compat/tree.ts';
import { cairn, must } from './cli.ts';

/** Moments to kill at: 50 in the long run, a few in CI. */
const moments = Number(process.env.CAIRN_KILLS ?? 50);

describe('a backup killed at random moments', () => {
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
    change(0);
    const first = await must(work, 'snapshot', 'create', tree, '--json');
    const firstId = JSON.parse(first.stdout).id as string;
    const { seconds } = await must(work, 'snapshot', 'create', tree);
    const whole = Math.max(400, seconds * 1000 * 2);
    let killed = 0;
    for (let round = 1; round <= moments; round++) {
      change(round);
      const result = await cairn(work, ['snapshot', 'create', tree], { killAfter: Math.random() * whole });
      if (result.signal !== null) killed++;
      const verified = await must(work, 'snapshot', 'verify', '--verify-files-percent=100');
      expect(verified.stderr).not.toMatch(/ERROR/);
    }
    expect(killed).toBeGreaterThan(0);
    await must(work, 'snapshot', 'create', tree);
    await must(work, 'snapshot', 'verify', '--verify-files-percent=100');
    await must(work, 'restore', `${tree}`, join(work, 'restored'));
    expect(spawnSync('diff', ['-r', tree, join(work, 'restored')], { encoding: 'utf8' }).stdout).toBe('');
    await must(work, 'restore', firstId, join(work, 'first'));
  }, 3_000_000);
});
