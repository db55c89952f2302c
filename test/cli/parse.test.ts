import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/main.ts';
import type { Environment, Ports } from '../../src/ports.ts';
import { CapturedTerminal, fakeEnvironment } from './terminal.ts';

async function cairn(argv: string[], environment: Environment = fakeEnvironment()) {
  const terminal = new CapturedTerminal();
  const clock = { now: () => 0n, monotonic: () => 0, sleep: async () => {}, turn: async () => {} };
  const code = await run(argv, { terminal, environment, clock } as unknown as Ports);
  return { code, out: terminal.outText, err: terminal.errText };
}

describe('messages of the parser', () => {
  const rows: [argv: string, message: string][] = [
    ['frobnicate', 'expected command but got "frobnicate"'],
    ['snapshot frobnicate', 'expected command but got "frobnicate"'],
    ['snapshot list --frobnicate', "unknown long flag '--frobnicate'"],
    ['snapshot list --frobnicate=3', "unknown long flag '--frobnicate'"],
    ['--frobnicate snapshot list', "unknown long flag '--frobnicate'"],
    ['-q', "unknown short flag '-q'"],
    ['snapshot list -lq', "unknown short flag '-q'"],
    ['snapshot list -h', "unknown short flag '-h'"],
    ['snapshot --all list', "unknown long flag '--all'"],
    ['snapshot list --no-max-results', "unknown long flag '--no-max-results'"],
    ['snapshot list --max-results', "expected argument for flag '--max-results'"],
    ['snapshot list -n', "expected argument for flag '-n'"],
    ['snapshot list -n -5', "expected argument for flag '-n'"],
    ['snapshot list --max-results --all', "expected argument for flag '--max-results'"],
    ['snapshot list --password', "expected argument for flag '--password'"],
    ['snapshot list -ll', "flag 'show-identical' cannot be repeated"],
    ['snapshot list --mtime --no-mtime', "flag 'mtime' cannot be repeated"],
    ['--config-file a snapshot list --config-file b', "flag 'config-file' cannot be repeated"],
    ['snapshot list a b', 'unexpected b'],
    ['repository status x', 'unexpected x'],
    ['show', "required argument 'object-path' not provided"],
    ['diff a', "required argument 'object-path2' not provided"],
    ['restore', "required argument 'sources' not provided"],
    ['policy', "must select a subcommand of 'policy'"],
    ['repo connect', "must select a subcommand of 'repository connect'"],
    ['repository connect --readonly filesystem', "required flag(s) '--path' not provided"],
    ['snapshot list -n x', "flag '--max-results' takes a number, got 'x'"],
    ['snapshot list --json=maybe', "flag '--json' takes true or false, got 'maybe'"],
    ['index list --sort=foo', "enum value must be one of time,size,name, got 'foo'"],
    ['snapshot list --log-level=loud', "enum value must be one of debug,info,warning,error, got 'loud'"],
    [
      'content verify --progress-interval=5',
      "flag '--progress-interval' takes a duration such as 300ms, 15m, 1h30m or 7d, got '5'",
    ],
    ['policy set --inherit=perhaps', "flag '--inherit' takes true or false, got 'perhaps'"],
    ['blob list --min-size=1e3', "flag '--min-size' takes a whole number, got '1e3'"],
    [
      'snapshot list --timezone=Foo/Bar',
      "flag '--timezone' takes local, utc, original or a name such as Europe/Berlin, got 'Foo/Bar'",
    ],
  ];
  it.each(rows)('%s', async (argv, message) => {
    const { code, out, err } = await cairn(argv.split(' '));
    expect(err.split('\n')[0]).toBe(`cairn: error: ${message}, try --help`);
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });
});

describe('hints', () => {
  const rows: [argv: string, hint: string][] = [
    ['snapshto list', "did you mean 'snapshot'?"],
    ['snapshot lsit', "did you mean 'list'?"],
    ['snapshot list --jsno', "did you mean '--json'?"],
    ['--pasword=x snapshot list', "did you mean '--password'?"],
    ['snapshot list --block-hash=x', "'--block-hash' belongs to 'repository create'"],
  ];
  it.each(rows)('%s', async (argv, hint) => {
    expect((await cairn(argv.split(' '))).err.split('\n')[1]).toBe(`hint: ${hint}`);
  });

  it('names the variable that holds a bad value', async () => {
    const { code, err } = await cairn(
      ['snapshot', 'list'],
      fakeEnvironment({ variables: { KOPIA_USE_KEYRING: 'maybe' } }),
    );
    expect(err).toContain("flag '--use-keyring' takes true or false, got 'maybe'");
    expect(err).toContain('hint: the variable KOPIA_USE_KEYRING says so');
    expect(code).toBe(1);
  });
});

describe('commands that are not there yet', () => {
  it.each([
    ['server start --insecure', 'server start'],
    ['mount all /mnt', 'mount'],
    ['gc info', 'maintenance info'],
    ['repository connect s3 --bucket=b', 'repository connect s3'],
  ])('%s', async (argv, name) => {
    const { code, err } = await cairn(argv.split(' '));
    expect(err.split('\n')[0]).toBe(`cairn: error: '${name}' is not there yet`);
    expect(code).toBe(1);
  });
});

describe('pages', () => {
  it('no command: the usage on standard output', async () => {
    const { code, out, err } = await cairn([]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^usage: cairn \[<flags>\] <command> \[<args> \.\.\.\]\n/);
    expect(out).toContain('  snapshot create [source...]');
    expect(out).not.toContain('content list');
    expect(out).not.toContain('--metrics-push-addr');
  });

  it('a flag given as false is not set', async () => {
    expect((await cairn(['--version=false'])).out).toMatch(/^usage: cairn/);
    expect((await cairn(['snapshot', 'list', '--help=true'])).out).toMatch(/^usage: cairn snapshot list/);
  });

  it('--help-full shows what is hidden', async () => {
    const { out } = await cairn(['--help-full']);
    expect(out).toContain('content list');
    expect(out).toContain('--metrics-push-addr');
  });

  it('--help, help and aliases give the page of the command', async () => {
    const pages = await Promise.all(
      [
        ['snapshot', 'list', '--help'],
        ['help', 'snap', 'ls'],
        ['snap', '--help', 'list'],
      ].map((argv) => cairn(argv)),
    );
    expect(new Set(pages.map(({ out }) => out)).size).toBe(1);
    expect(pages[0].out).toMatch(/^usage: cairn snapshot list \[<flags>\] \[source\]\n/);
    expect(pages[0].out).toContain('-n, --max-results=N');
    expect(pages[0].out).toContain('--password=PASSWORD');
    expect(pages[0].out).toContain('($KOPIA_PASSWORD)');
    expect(pages[0].code).toBe(0);
  });

  it('no line is wider than the page', async () => {
    const { out } = await cairn(['repository', 'create', 'filesystem', '--help']);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('--version anywhere, in the known form', async () => {
    for (const argv of [['--version'], ['snapshot', 'list', '--version']])
      expect(await cairn(argv)).toEqual({ code: 0, out: 'test build: node-20.19.0 from: cairn-backup\n', err: '' });
  });
});

describe('failures as JSON', () => {
  it('one line on standard error, nothing on standard output', async () => {
    const { code, out, err } = await cairn(['snapshot', 'list', '--json', '--bad']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(JSON.parse(err)).toEqual({ error: { code: 'usage', message: "unknown long flag '--bad'", causes: [] } });
  });
});

async function words(...argv: string[]): Promise<string[]> {
  return (await cairn(['--completion-bash', ...argv])).out.trimEnd().split('\n');
}

describe('completion', () => {
  it('completes commands, sub-commands, flags and values', async () => {
    expect(await words('sn')).toEqual(['snapshot']);
    expect(await words('snapshot', '')).toEqual([
      'create',
      'delete',
      'list',
      'pin',
      'restore',
      'verify',
      'copy-history',
      'estimate',
      'expire',
      'fix',
      'migrate',
      'move-history',
      'versions',
    ]);
    expect(await words('snap', 'list', '--stor')).toEqual(['--storage-stats']);
    expect(await words('restore', '--mode', 'zip')).toEqual(['zip', 'zip-nocompress']);
  });

  it.each(['bash', 'zsh', 'fish', 'powershell'])('a script for %s', async (shell) => {
    expect((await cairn(['completion', shell])).out).toContain('cairn --completion-bash');
  });

  it("Kopia's flags give the same scripts", async () => {
    expect((await cairn(['--completion-script-bash'])).out).toBe((await cairn(['completion', 'bash'])).out);
    expect((await cairn(['--completion-script-zsh'])).out).toBe((await cairn(['completion', 'zsh'])).out);
  });

  it('refuses a shell it does not know', async () => {
    expect((await cairn(['completion', 'csh'])).err).toContain("no completion for 'csh'");
  });
});
