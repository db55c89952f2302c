import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { Environment } from '../../src/ports.ts';
import { environmentOf } from '../node/environment.ts';

/** Bun takes the login name from the variable USER alone; without it the system's list of users is asked. */
export function bunEnvironment(): Environment {
  const environment = environmentOf('bun', Bun.version);
  return {
    ...environment,
    userName: () => (process.env['USER'] === undefined ? listedName() : environment.userName()),
  };
}

function listedName(): string | undefined {
  const id = String(process.getuid?.());
  try {
    for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
      const [name, , uid] = line.split(':');
      if (uid === id) return name;
    }
  } catch {
    // no such list here
  }
  return process.env['LOGNAME'] ?? process.env['USERNAME'];
}
