import * as os from 'node:os';
import process from 'node:process';
import type { Environment } from '../../src/ports.ts';

const platforms: Record<string, Environment['platform']> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** What node: modules tell about the process; Deno and Bun give their own name and version. */
export function environmentOf(runtime: Environment['runtime'], runtimeVersion: string): Environment {
  return {
    runtime,
    runtimeVersion,
    platform: platforms[process.platform] ?? 'other',
    processId: process.pid,
    cpuCount: os.availableParallelism(),
    variable: (name) => process.env[name],
    homeDirectory: () => attempt(os.homedir),
    temporaryDirectory: () => os.tmpdir(),
    currentDirectory: () => process.cwd(),
    userName: () =>
      attempt(() => os.userInfo().username) ?? process.env['USER'] ?? process.env['LOGNAME'] ?? process.env['USERNAME'],
    hostName: () => attempt(os.hostname),
    userId: () => process.getuid?.(),
  };
}

/** Empty answers and failures (no entry for the user, for one) are no answer. */
function attempt(ask: () => string): string | undefined {
  try {
    return ask() || undefined;
  } catch {
    return undefined;
  }
}
