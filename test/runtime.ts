/** What a test may know about the runtime that it runs on. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { Ports } from '../src/ports.ts';

const global = globalThis as { Deno?: unknown; Bun?: unknown };

export const runtimeName: 'node' | 'deno' | 'bun' =
  global.Deno !== undefined ? 'deno' : global.Bun !== undefined ? 'bun' : 'node';

const make: () => Ports =
  runtimeName === 'deno'
    ? (await import('../runtimes/deno/index.ts')).denoPorts
    : runtimeName === 'bun'
      ? (await import('../runtimes/bun/index.ts')).bunPorts
      : (await import('../runtimes/node/index.ts')).nodePorts;

/** Ports of the runtime's own adapter; all of a command line program's are there. */
export function ports(): Required<Ports> {
  return make() as Required<Ports>;
}

/** The project's folder. */
export const projectDirectory = fileURLToPath(new URL('..', import.meta.url));

/** Command and arguments that run a built file of dist/ on this runtime: `[...runtimeCommand, path, ...args]`. */
export const runtimeCommand: readonly string[] =
  runtimeName === 'deno' ? [process.execPath, 'run', '-A'] : [process.execPath];

const made: string[] = [];

/** A new empty directory, removed when the test file ends. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'cairn-test-'));
  made.push(path);
  return path;
}

afterAll(() => {
  for (const path of made.splice(0)) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 2 });
    } catch {
      spawnSync('rm', ['-rf', path]); // names that Deno cannot spell
    }
  }
});
