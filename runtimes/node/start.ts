import process from 'node:process';
import { run } from '../../src/cli/main.ts';
import { systemCode } from '../../src/errors.ts';
import type { Ports } from '../../src/ports.ts';

/** Runs the command line and ends the process with its exit code, at once unless `end` does it otherwise. */
export async function start(ports: Ports, end: (code: number) => void = process.exit): Promise<void> {
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const code = await run(process.argv.slice(2), ports);
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  end(code);
}

/** What nothing else caught. A stack trace is shown only with CAIRN_DEBUG. */
export function fail(error: unknown): never {
  if (systemCode(error) === 'EPIPE') process.exit(1); // nobody reads any more
  const stack = process.env['CAIRN_DEBUG'] && error instanceof Error ? error.stack : undefined;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`cairn: ${stack ?? message}\n`);
  process.exit(1);
}
