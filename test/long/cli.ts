import { spawn } from 'node:child_process';
import { cairnCommand } from '../cairn.ts';
import { proportionalSetSize } from './processes.ts';

export interface Finished {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** Highest summed PSS seen, bytes. */
  peak: number;
  seconds: number;
}

/** Runs the built program as a process of its own, below `home`, watching its memory; kills it after `killAfter` ms. */
export function cairn(
  home: string,
  args: string[],
  options: { killAfter?: number; watch?: boolean } = {},
): Promise<Finished> {
  const [program, ...prefix] = cairnCommand();
  const started = performance.now();
  const child = spawn(program, [...prefix, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOME: home,
      XDG_CONFIG_HOME: `${home}/config`,
      XDG_CACHE_HOME: `${home}/cache`,
      KOPIA_PASSWORD: 'pw',
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  let peak = 0;
  const watching =
    options.watch === true
      ? setInterval(() => (peak = Math.max(peak, proportionalSetSize(child.pid!))), 100)
      : undefined;
  const killing =
    options.killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.killAfter);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearInterval(watching);
      clearTimeout(killing);
      resolve({ status, signal, stdout, stderr, peak, seconds: (performance.now() - started) / 1000 });
    });
  });
}

/** The same, failing with the output when the command does. */
export async function must(home: string, ...args: string[]): Promise<Finished> {
  const result = await cairn(home, args);
  if (result.status !== 0)
    throw new Error(`cairn ${args.join(' ')} exited with ${result.status}\n${result.stdout}\n${result.stderr}`);
  return result;
}
