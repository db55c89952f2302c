import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectDirectory, runtimeCommand, temporaryDirectory } from '../runtime.ts';

let program = '';

beforeAll(async () => {
  program = join(temporaryDirectory(), 'program.mjs');
  const source = join(projectDirectory, 'test/adapters/terminal-program.ts');
  await build({ entryPoints: [source], outfile: program, bundle: true, format: 'esm', external: ['node:*'] });
});

interface Answer {
  output: string;
  errors: string;
  code: number | null;
}

/** Runs the program; each time its output ends with a prompt the next of `typed` is sent. */
function run(
  command: readonly string[],
  typed: string[] = [],
  onReady?: (kill: (signal: NodeJS.Signals) => void) => void,
) {
  return new Promise<Answer>((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { stdio: 'pipe', detached: true });
    const answer = { output: '', errors: '' };
    let seen = 0;
    child.stdout.on('data', (chunk: Uint8Array) => {
      answer.output += new TextDecoder().decode(chunk);
      while (typed.length > 0 && /: $|:\s$/.test(answer.output.slice(seen))) {
        seen = answer.output.length;
        setTimeout((text: string) => child.stdin.write(text), 100, typed.shift()!);
      }
      if (answer.output.endsWith('ready')) onReady?.((signal) => process.kill(child.pid!, signal)); // after child.kill Deno tells no code
    });
    child.stderr.on('data', (chunk: Uint8Array) => (answer.errors += new TextDecoder().decode(chunk)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...answer, code }));
  });
}

/** `script` of util-linux gives the command a terminal of its own. */
const withTerminal = (order: string) => ['script', '-qec', [...runtimeCommand, program, order].join(' '), '/dev/null'];
const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

describe.runIf(hasScript)('on a terminal', () => {
  it.each([
    ['is not shown', 'sécret\r', '"sécret"'],
    ['is edited with backspace', 'ab\x7f\x7fxy\r', '"xy"'],
    ['is begun again with Ctrl-U', 'abc\x15yz\r', '"yz"'],
    ['ends with Ctrl-D', '\x04', 'null'],
    ['is given up with Ctrl-C', 'abc\x03', '"canceled"'],
  ])('a secret %s', async (_, typed, expected) => {
    const { output } = await run(withTerminal('secret'), [typed]);
    expect(output.replaceAll('\r\n', '\n')).toBe(`Secret: \n<${expected}>`);
  });

  it('an answer is shown, one after the other', async () => {
    const { output } = await run(withTerminal('ask'), ['yes\r', 'no\r']);
    expect(output.replaceAll('\r\n', '\n')).toBe('One: yes\nTwo: no\n<["yes","no"]>');
  });
});

describe('without a terminal', () => {
  it.runIf(process.platform === 'linux')('nothing is asked', async () => {
    const { output, errors } = await run(['setsid', '-w', ...runtimeCommand, program, 'secret']);
    expect([output, errors]).toEqual(['<null>', '']);
  });

  it('standard input is read to its end', () => {
    const input = new Uint8Array(3_000_000);
    const { stdout } = spawnSync(runtimeCommand[0], [...runtimeCommand.slice(1), program, 'input'], { input });
    expect(String(stdout)).toBe('<[3000000,false,false,80]>');
  });

  it('a reader that goes away ends the output with EPIPE', async () => {
    const shell = `${[...runtimeCommand, program, 'many'].join(' ')} | head -n 1`;
    const { output, errors } = await run(['sh', '-c', shell]);
    expect(output).toBe('line 0\n');
    expect(errors).toBe('EPIPE\n');
  });
});

it.each(['SIGINT', 'SIGTERM'] as const)('%s reaches the handler', async (signal) => {
  const { output, code } = await run([...runtimeCommand, program, 'interrupt'], [], (kill) => kill(signal));
  expect([output, code]).toEqual([`ready<"${signal}">`, 0]);
});
