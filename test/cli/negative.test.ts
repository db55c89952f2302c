/**
 * Wrong input, row by row as it was given to the real Kopia: what Kopia refuses is refused here, and what it lets
 * through although it is wrong (spec/cli.md section 11) is refused, too. Always a message, never a stack.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { findGroup } from '../../src/cli/tables/index.ts';
import { walkWords } from '../../src/cli/parse.ts';
import { Cli } from './harness.ts';
import { CapturedTerminal } from './terminal.ts';

interface Row {
  what: string;
  argv: string[];
  rc: number;
  stderr: string;
  password?: string;
  stdin?: string;
}

const rows = (
  JSON.parse(gunzipSync(readFileSync(new URL('negative.json.gz', import.meta.url))).toString()) as { rows: Row[] }
).rows;

/** Kopia's exit code is 0, here it is an error. */
const refusedHere = new Set([
  'create with --ecc-overhead-percent=-1',
  'create with --ecc-overhead-percent=1000',
  'policy set --snapshot-interval=-5m',
  'policy set --keep-latest=-1',
  'policy set --max-file-size=-1',
  'policy set --add-ignore=[a',
  'policy set --add-ignore=',
  'policy delete of unknown target',
  'snapshot with an empty tag value',
  'snapshot with an empty tag key',
  'snapshot with force-hash 101',
  'snapshot with bad override-source',
  'snapshot verify with 101 percent',
  'bad boolean',
]);

/** Kopia refuses, here it has a meaning. */
const acceptedHere = new Set(['policy set --compression=snappy', 'policy set --compression=ZSTD']);

/** Parts of our messages, where the row is about something that must be named. */
const messages: Record<string, RegExp> = {
  'wrong password at connect': /^invalid repository password\nhint: it came from --password/,
  'empty password at connect': /no terminal to ask/,
  'wrong password on an existing connection': /^invalid repository password\n/,
  'no config file': /^open repository: repository is not connected\nhint: /,
  'connect to an empty directory': /^repository not initialized in the provided storage\nhint: /,
  'connect to a missing directory': /nowhere/,
  'connect with a relative path': /filesystem repository path must be absolute\nhint: --path=\//,
  'connect without --path': /required flag\(s\) '--path' not provided/,
  'connect with a bad token': /^invalid token: unable to decode token\nhint: /,
  'create over an existing repository': /found existing data in storage location/,
  'create with --format-version=9': /format version 9/,
  'create with --ecc-overhead-percent=1000': /--ecc-overhead-percent/,
  'create with --retention-mode=COMPLIANCE': /--retention-period/,
  'policy set --keep-latest=-1': /--keep-latest/,
  'policy set --add-ignore=[a': /--add-ignore/,
  'policy set --max-file-size=10MB': /--max-file-size/,
  'policy set --snapshot-time=25:00': /--snapshot-time/,
  'policy set without change': /no changes specified/,
  'policy set without target': /must pass either '--global' or a list of path targets/,
  'snapshot of a missing path': /nowhere/,
  'snapshot without source': /no snapshot sources/,
  'snapshot --all with a source': /cannot use --all/,
  'snapshot with a tag twice': /'a' is given twice/,
  'snapshot with a long description': /description too long/,
  'snapshot with too long a checkpoint interval': /45m0s/,
  'snapshot with end before start': /start time override cannot be after/,
  'snapshot with force-hash 101': /--force-hash/,
  'snapshot delete of unknown id': /no snapshot has the ID/,
  'snapshot verify of unknown id': /found 0 of the 1 requested snapshot IDs/,
  'snapshot pin without change': /must specify --add and\/or --remove/,
  'restore of a missing sub-path': /entry not found: no/,
  'restore of a path never backed up': /no snapshots contain data for/,
  'restore to a file': /./,
  'restore with a bad snapshot time': /invalid snapshot time "soon"/,
  'ls of a file': /is not a directory object/,
  'diff of a file and a directory': /directories/,
  'content show of a bad id': /malformed content ID "xyz"/,
  'blob show of a missing blob': /pnone/,
  'manifest list with a bad filter': /missing ':'/,
  'set-client without change': /no changes/,
};

const cli = new Cli();
const names: Record<string, string> = {};

beforeAll(async () => {
  cli.variables.KOPIA_PASSWORD = 'pw';
  for (const name of ['source/sub', 'full', 'empty', 'policy']) mkdirSync(cli.path(name), { recursive: true });
  writeFileSync(cli.path('source/a.txt'), 'hello');
  writeFileSync(cli.path('source/sub/b.txt'), 'world');
  writeFileSync(cli.path('full/there'), 'x');
  writeFileSync(cli.path('file'), 'x');
  await cli.ok('repository', 'create', 'filesystem', `--path=${cli.path('repo')}`);
  const { id, rootEntry } = JSON.parse(await cli.ok('snapshot', 'create', cli.path('source'), '--json'));
  const entries = await cli.ok('list', '-o', id);
  Object.assign(names, {
    '<REPO>': cli.path('repo'),
    '<ROOT>': cli.folder,
    '<EMPTY-DIR>': cli.path('empty'),
    '<FULL-DIR>': cli.path('full'),
    '<FILE>': cli.path('file'),
    '<SOURCE>': cli.path('source'),
    '<POLICY-PATH>': cli.path('policy'),
    '<TARGET>': cli.path('target'),
    '<SNAPSHOT-ID>': id,
    '<ROOT-DIR>': rootEntry.obj,
    '<FILE-OBJECT>': /^(\S+) +a\.txt/m.exec(entries)![1],
    '<HEX>': 'deadbeef'.repeat(8),
  });
});

/** Whether the row's command is one that is there. */
async function isThere(argv: readonly string[]): Promise<boolean> {
  const words = argv.slice(1).filter((word) => !word.startsWith('-'));
  const group = findGroup(words[0]);
  if (group === undefined) return words[0] === 'frobnicate';
  const path = walkWords(await group.load(), words.slice(1));
  return path.at(-1)!.commands === undefined || words[1] === 'frobnicate';
}

/** Better than recorded: refused with the flag or target named. */
const refusedNow = new Set(['policy import for a bad target', 'snapshot expire without argument']);

describe.each(rows.filter((row) => !refusedNow.has(row.what)).map((row) => [row.what, row] as const))(
  '%s',
  (what, row) => {
    it('is answered', async () => {
      const argv = row.argv.slice(1).map((arg) => arg.replace(/<[A-Z-]+>/g, (name) => names[name] ?? name));
      const fresh =
        /^(repository (connect|create)|no config)/.test(argv.slice(0, 2).join(' ')) ||
        what.includes('without connection') ||
        what === 'no config file';
      const config = fresh ? [`--config-file=${cli.path('other.config')}`] : [];
      const terminal = new CapturedTerminal();
      cli.variables.KOPIA_PASSWORD = row.password ?? 'pw';
      let outcome;
      try {
        outcome = await cli.on(terminal, ...config, ...argv);
      } finally {
        cli.variables.KOPIA_PASSWORD = 'pw';
        rmSync(cli.path('other.config'), { force: true });
        rmSync(cli.path('other.config.kopia-password'), { force: true });
        rmSync(cli.path('other.config.cairn-key'), { force: true });
      }
      const { code, out, err } = outcome;
      expect(err).not.toMatch(/^\s+at .*[:(]\d+/m);
      expect(err).not.toContain('internal error');
      if (!(await isThere(row.argv))) {
        expect(err).toMatch(/is not there yet/);
        expect(code).toBe(1);
        return;
      }
      const fails = acceptedHere.has(what) ? false : refusedHere.has(what) || row.rc !== 0;
      expect({ code: code !== 0, out: fails ? out : '', err }).toEqual({ code: fails, out: '', err });
      if (fails) expect(err.length).toBeGreaterThan(10);
      if (messages[what] !== undefined) expect(err).toMatch(messages[what]);
    });
  },
);

describe('afterwards', () => {
  it('nothing was made where a create was refused', () => {
    const left = readdirSync(cli.path('empty'));
    expect(left).toEqual([]);
    expect(existsSync(cli.path('nowhere'))).toBe(false);
    expect(statSync(cli.path('file')).size).toBe(1);
  });

  it('the repository is whole', async () => {
    const { code, err } = await cli.run('snapshot', 'verify', '--verify-files-percent=100');
    expect({ code, err: err.split('\n').filter((line) => /error/.test(line)) }).toEqual({ code: 0, err: [] });
    expect(readFileSync(join(cli.path('source'), 'a.txt'), 'utf8')).toBe('hello');
  });
});
