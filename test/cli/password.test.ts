/** Passwords that commands print, and how their words are divided. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { splitWords } from '../../src/cli/words.ts';
import type { SubprocessOptions } from '../../src/ports.ts';
import { Cli } from './harness.ts';

describe('words of a command line', () => {
  it.each<[line: string, words: string[]]>([
    ['', []],
    ['  pass  show backup ', ['pass', 'show', 'backup']],
    ['a "b c" \'d "e\'', ['a', 'b c', 'd "e']],
    ['a "" \'\'', ['a', '', '']],
    ['x"y z"w', ['xy zw']],
    ['a\\ b \\"c \\\\', ['a b', '"c', '\\']],
    ['"a \\" \\\\ \\n" \'\\\'', ['a " \\ \\n', '\\']],
  ])('%j', (line, words) => {
    expect(splitWords(line, false)).toEqual(words);
  });

  it('leaves backslashes of Windows paths alone', () => {
    expect(splitWords('C:\\bin\\show.exe "C:\\my files" \\"', true)).toEqual([
      'C:\\bin\\show.exe',
      'C:\\my files',
      '"',
    ]);
  });

  it.each(['"a', "'", 'a "b\\"'])('refuses the open quote of %s', (line) => {
    expect(() => splitWords(line, false)).toThrow(/a quote is not closed/);
  });
});

describe('--password-command', () => {
  let cli: Cli;
  let calls: string[][];
  /** `status` null: killed. */
  const prints = (text: string, status: number | null = 0) => {
    cli.override = {
      subprocess: {
        async run(command: string, args: readonly string[], options?: SubprocessOptions) {
          calls.push([command, ...args]);
          options?.onStderr?.(new TextEncoder().encode('touch the key\n'));
          return { status: status ?? undefined, stdout: new TextEncoder().encode(text), timedOut: false };
        },
      },
    };
  };
  beforeEach(async () => {
    cli = new Cli();
    calls = [];
    prints(' pä ss\r\n');
    await cli.ok(
      'repository',
      'create',
      'filesystem',
      `--path=${cli.path('repo')}`,
      '--no-persist-credentials',
      '--format-block-key-derivation-algorithm=pbkdf2-sha256-600000',
      '--password-command=show "my backup"',
    );
  });

  it('opens with what it prints, trimmed, run once a command, and keeps nothing', async () => {
    mkdirSync(cli.path('source'));
    const { code, err } = await cli.run('snapshot', 'create', cli.path('source'), '--password-command=get');
    expect(code).toBe(0);
    expect(err).toMatch(/^touch the key$/m);
    expect(calls).toEqual([['show', 'my backup'], ['get']]);
    expect(readdirSync(cli.path('home', '.config', 'cairn'))).toEqual(['repository.config']);
    await cli.ok('snapshot', 'list', '--password=pä ss', '--password-command=other');
    expect(calls.length).toBe(2);
  });

  it('may come by its variable', async () => {
    cli.variables.CAIRN_PASSWORD_COMMAND = 'from variable';
    await cli.ok('snapshot', 'list');
    expect(calls.at(-1)).toEqual(['from', 'variable']);
  });

  it('a wrong one says where it came from', async () => {
    prints('wrong');
    expect(await cli.run('snapshot', 'list', '--password-command=x')).toMatchObject({
      code: 12,
      err: expect.stringContaining('it is what --password-command printed'),
    });
  });

  it.each<[string, string, number | null, RegExp]>([
    ['x', 'secret', 3, /the password command ended with status 3/],
    ['x', 'secret', null, /the password command was killed/],
    ['x', '\n', 0, /the password command printed nothing/],
    [' ', 'secret', 0, /the password command is empty/],
    ['"x', 'secret', 0, /a quote is not closed/],
  ])('%j that prints %j and ends with %s is refused', async (command, text, status, message) => {
    prints(text, status);
    for (const json of [[], ['--json']]) {
      const { code, err } = await cli.run('snapshot', 'list', `--password-command=${command}`, ...json);
      expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(message) });
      expect(err).not.toContain('secret');
    }
  });

  it('only one of file and command', async () => {
    writeFileSync(cli.path('file'), 'pw');
    const both = await cli.run('snapshot', 'list', '--password-command=x', `--password-file=${cli.path('file')}`);
    expect(both).toMatchObject({ code: 1, err: expect.stringMatching(/not both/) });
  });

  it('a program that is not there', async () => {
    cli.override = {};
    const { code, err } = await cli.run('snapshot', 'list', '--password-command=no-such-program-here');
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot be started: no no-such-program-here/),
    });
  });

  it.skipIf(process.platform === 'win32')('a real program', async () => {
    cli.override = {};
    await cli.ok('snapshot', 'list', `--password-command=sh -c 'echo "pä ss"'`);
  });
});
