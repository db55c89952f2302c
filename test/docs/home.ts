import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { cairnCommand } from '../cairn.ts';
import { temporaryDirectory } from '../runtime.ts';

/** A folder with a home, something to back up in it, and `cairn` on the PATH. */
export function makeHome(): { path: string; env: Record<string, string> } {
  const path = realpathSync(temporaryDirectory());
  mkdirSync(join(path, 'home/documents/node_modules'), { recursive: true });
  mkdirSync(join(path, 'bin'));
  mkdirSync(join(path, 'backup'));
  writeFileSync(join(path, 'home/documents/notes.txt'), 'hello from the notes\n');
  writeFileSync(join(path, 'home/documents/node_modules/x.js'), 'ignored');
  const quoted = cairnCommand().map((part) => `'${part}'`);
  writeFileSync(join(path, 'bin/cairn'), `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`);
  chmodSync(join(path, 'bin/cairn'), 0o755);
  const { KOPIA_CONFIG_PATH: _, XDG_CONFIG_HOME: __, XDG_CACHE_HOME: ___, XDG_DATA_HOME: ____, ...kept } = process.env;
  return {
    path,
    env: {
      ...(kept as Record<string, string>),
      HOME: join(path, 'home'),
      PATH: `${join(path, 'bin')}:${process.env.PATH}`,
      KOPIA_PASSWORD: 'a password for the docs',
    },
  };
}
