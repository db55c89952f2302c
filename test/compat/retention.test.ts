/** Generated histories: both programs name the same reasons to keep, print the same lists and delete the same snapshots. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { cairnCommand } from '../cairn.ts';
import { Cli } from '../cli/harness.ts';
import { Chance } from './generate.ts';
import { Kopia, kopiaBinary } from './kopia.ts';

const password = 'retention';
const chance = new Chance(11);
const names = ['all', 'few', 'weeks', 'years', 'latest', 'hours'];
const zone = 'America/St_Johns';

/** Steps from some minutes to most of a year, each longer than the last could be. */
const steps = [17, 61, 240, 1500, 4000, 11_000, 45_000, 300_000].map((minutes) => minutes * 60);

function keep(): { [key: string]: number } {
  const most = { keepLatest: 6, keepHourly: 30, keepDaily: 12, keepWeekly: 8, keepMonthly: 14, keepAnnual: 3 };
  return Object.fromEntries(
    Object.entries(most)
      .filter(() => !chance.once(5))
      .map(([key, limit]) => [key, chance.below(limit + 1)]),
  );
}

describe.skipIf(kopiaBinary === undefined)(
  'histories beside a real Kopia (skipped where none is on the PATH or named by KOPIA_BIN)',
  () => {
    const cli = new Cli();
    const sources = names.map((name) => cli.path('sources', name));
    const as = ['--override-username=ann', '--override-hostname=alpha'];
    const kopia = new Kopia(cli.path('kopia'), password);
    const cairn = (...args: string[]) => {
      const [command, ...argv] = [...cairnCommand(), ...args];
      const { status, stdout, stderr } = spawnSync(command, argv, {
        encoding: 'utf8',
        env: { ...process.env, KOPIA_PASSWORD: password, KOPIA_CONFIG_PATH: cli.path('cairn.config'), TZ: zone },
      });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    const listed = (text: string) =>
      (JSON.parse(text) as { id: string; incomplete?: string; retentionReason?: string[] }[])
        .map(({ id, incomplete, retentionReason }) => ({ id, incomplete, retentionReason }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1));

    beforeAll(async () => {
      process.env.TZ = zone; // Kopia's, in this process's environment
      cli.variables.KOPIA_PASSWORD = password;
      for (const source of sources) {
        mkdirSync(source, { recursive: true });
        writeFileSync(`${source}/file`, source);
        // fails what ends at the first failure: that snapshot stays incomplete
        spawnSync('mkfifo', [`${source}/pipe`]);
      }
      const place = ['filesystem', `--path=${cli.path('repository')}`, ...as];
      kopia.must('repository', 'create', ...place);
      kopia.must('maintenance', 'set', '--enable-quick=false', '--enable-full=false');
      kopia.must('repository', 'connect', ...place, '--max-list-cache-duration=0s');
      const config = `--config-file=${cli.path('cairn.config')}`;
      await cli.ok('repository', 'connect', ...place, config);
      kopia.must('policy', 'set', '--global', '--keep-latest=1000', '--ignore-unknown-types=false');

      // a source is there at most times, and of every seventh snapshot it is left incomplete
      let at = Date.parse('2023-11-29T22:10:00Z') / 1000;
      for (let i = 0; i < 36; i++) {
        at += chance.of(steps.slice(0, i > 30 ? 2 : 3 + (i % 6))) + chance.below(900);
        const time = new Date(at * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
        const some = sources.filter((_, n) => n === 0 || !chance.once(4));
        const command = ['snapshot', 'create', ...some, `--start-time=${time}`];
        if (chance.once(7) || i > 31) command.push('--fail-fast');
        if (chance.once(9)) command.push('--pin=kept');
        if (i % 3 === 0) kopia.run(...command);
        else await cli.run(...command, config);
      }
      const policies = Object.fromEntries(sources.map((source) => [`ann@alpha:${source}`, { retention: keep() }]));
      writeFileSync(cli.path('policies.json'), JSON.stringify(policies));
      kopia.must('policy', 'import', '--from-file', cli.path('policies.json'));
    });

    it('are listed with the same reasons', () => {
      const byKopia = listed(kopia.must('snapshot', 'list', '--all', '--json'));
      expect(byKopia.filter(({ incomplete }) => incomplete !== undefined).length).toBeGreaterThan(2);
      expect(byKopia.filter(({ retentionReason }) => retentionReason === undefined).length).toBeGreaterThan(10);
      expect(listed(cairn('snapshot', 'list', '--json'))).toEqual(byKopia);
    });

    it.each([[[]], [['--incomplete']], [['-i', '-l', '-m', '--owner', '--mtime']], [['-n', '5', '-a', '--reverse']]])(
      'are printed as the same text with %j',
      (flags) => {
        expect(cairn('snapshot', 'list', ...flags)).toBe(kopia.must('snapshot', 'list', ...flags));
      },
    );

    it('lose the same snapshots to expire', () => {
      const copy = cli.path('copy');
      cpSync(cli.path('repository'), copy, { recursive: true });
      const other = new Kopia(cli.path('other'), password);
      other.must('repository', 'connect', 'filesystem', `--path=${copy}`, ...as);
      const before = listed(cairn('snapshot', 'list', '--json'));
      other.must('snapshot', 'expire', '--all', '--delete');
      cairn('snapshot', 'expire', '--all', '--delete');
      const after = listed(cairn('snapshot', 'list', '--json'));
      expect(after.length).toBeLessThan(before.length);
      expect(after.map(({ id }) => id)).toEqual(listed(other.must('snapshot', 'list', '--json')).map(({ id }) => id));
    });
  },
);
