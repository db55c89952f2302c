import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { fromUtf8 } from '../../src/bytes/gather.ts';
import type { Files } from '../../src/ports.ts';
import { ports } from '../runtime.ts';

/** The file system as the runtime's own adapter gives it. */
export const realFiles: Files = ports().files;

const made: string[] = [];

/** A new empty folder, removed after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'cairn-restore-'));
  made.push(path);
  return path;
}

afterEach(() => {
  for (const path of made.splice(0)) {
    chmodSync(path, 0o700);
    rmSync(path, { recursive: true, force: true });
  }
});

/** Everything below a folder: text of files, `-> target` of links, `/` of folders. */
export async function contentOf(path: string, files: Files = realFiles): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, kind } of await files.list(path)) {
    const inner = join(path, name);
    if (kind === 'symlink') found[name] = '-> ' + (await files.readLink(inner));
    else if (kind === 'file') found[name] = fromUtf8(await files.readFile(inner));
    else {
      found[name] = '/';
      for (const [below, text] of Object.entries(await contentOf(inner, files))) found[`${name}/${below}`] = text;
    }
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** `Files` that notes calls as `name path`, and may be told to fail. */
export function watchedFiles(overrides: Partial<Files> = {}): { files: Files; calls: string[] } {
  const calls: string[] = [];
  const files = { ...realFiles, ...overrides };
  for (const name of [
    'chown',
    'chmod',
    'setTimes',
    'rename',
    'makeDirectory',
    'removeFile',
    'syncDirectory',
  ] as const) {
    const call = files[name] as (...args: unknown[]) => Promise<void>;
    Object.assign(files, {
      [name]: (...args: unknown[]) => {
        calls.push(
          [name, ...args.map((arg) => (typeof arg === 'string' ? arg.replace(/^.*[\\/]/, '') : String(arg)))].join(' '),
        );
        return call(...args);
      },
    });
  }
  return { files, calls };
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
