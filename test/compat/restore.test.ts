/** Snapshots of one program restored by the other: archives, folders, placeholders. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, lutimesSync, mkdirSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { Cli } from '../cli/harness.ts';
import { Kopia, kopiaBinary } from './kopia.ts';
import { makeTree } from './tree.ts';

const password = 'restore';
const unzip = spawnSync('unzip', ['-v']).status === 0;
type Program = 'kopia' | 'cairn';
const other = (by: Program): Program => (by === 'kopia' ? 'cairn' : 'kopia');
const both: Program[] = ['kopia', 'cairn'];

/** Path, permissions, size, time (zip has pairs of seconds) and contents of everything in a folder. */
function everything(root: string, bits = 0o7777, folders = true): string[] {
  return (readdirSync(root, { recursive: true }) as string[]).toSorted().flatMap((name) => {
    const stat = lstatSync(join(root, name));
    const mode = (stat.mode & bits).toString(8);
    if (stat.isSymbolicLink()) return `${name} -> ${readlinkSync(join(root, name))}`;
    if (stat.isDirectory()) return folders ? `${name}/ ${mode}` : [];
    const hash = createHash('sha256')
      .update(readFileSync(join(root, name)))
      .digest('hex');
    return `${name} ${mode} ${stat.size} ${Math.floor(stat.mtimeMs / 2000)} ${hash.slice(0, 16)}`;
  });
}

describe.skipIf(kopiaBinary === undefined)(
  'restores beside a real Kopia (skipped where none is on the PATH or named by KOPIA_BIN)',
  () => {
    const cli = new Cli();
    const kopia = new Kopia(cli.path('kopia'), password);
    const roots = {} as Record<Program, string>;
    const tree = (by: Program) => cli.path(`tree of ${by}`);
    const run = async (by: Program, ...args: string[]) =>
      by === 'kopia' ? kopia.must(...args) : await cli.ok(...args);

    beforeAll(async () => {
      cli.variables.KOPIA_PASSWORD = password;
      const place = ['filesystem', `--path=${cli.path('repository')}`];
      kopia.must('repository', 'create', ...place);
      kopia.must('repository', 'connect', ...place, '--max-list-cache-duration=0s');
      await cli.ok('repository', 'connect', ...place);
      for (const by of both) {
        makeTree(tree(by));
        // whole seconds: Kopia's tar has no others
        for (const name of readdirSync(tree(by), { recursive: true }) as string[])
          lutimesSync(join(tree(by), name), 1_700_000_000, 1_700_000_000);
        const created = JSON.parse(await run(by, 'snapshot', 'create', tree(by), '--json'));
        roots[by] = created.rootEntry.obj;
      }
    });

    it.each(both)('a folder, by %s', async (by) => {
      const target = cli.path(`folder by ${by}`);
      await run(by, 'restore', roots[other(by)], target);
      expect(everything(target)).toEqual(everything(tree(other(by))));
    });

    it.each(both.flatMap((by) => ['tar', 'tgz'].map((kind) => [kind, by] as const)))('%s, by %s', async (kind, by) => {
      const archive = cli.path(`by ${by}.${kind}`);
      const target = cli.path(`${kind} by ${by}`);
      await run(by, 'restore', roots[other(by)], archive);
      mkdirSync(target);
      const unpacked = spawnSync('tar', [`-xp${kind === 'tgz' ? 'z' : ''}f`, archive, '-C', target], {
        encoding: 'utf8',
      });
      expect(unpacked.stderr).toBe('');
      // Kopia's archives have set-user-ID and the like in Go's places, where no program looks
      const bits = by === 'kopia' ? 0o777 : 0o7777;
      expect(everything(target, bits)).toEqual(everything(tree(other(by)), bits));
    });

    it.skipIf(!unzip).each(both.flatMap((by) => ['zip', 'zip-nocompress'].map((mode) => [mode, by] as const)))(
      '%s, by %s',
      async (mode, by) => {
        const archive = cli.path(`${mode} by ${by}.zip`);
        const target = cli.path(`${mode} by ${by}`);
        await run(by, 'restore', roots[other(by)], archive, `--mode=${mode}`);
        const unpacked = spawnSync('unzip', ['-q', '-K', archive, '-d', target], {
          encoding: 'utf8',
          env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
        });
        expect(unpacked.stderr).toBe('');
        // Kopia's hold neither folders nor links
        const own = by === 'cairn';
        const found = everything(target, own ? 0o7777 : 0o777, own);
        const expected = everything(tree(other(by)), own ? 0o7777 : 0o777, own);
        expect(found).toEqual(own ? expected : expected.filter((line) => !line.includes(' -> ')));
      },
    );

    it.each([0, 1, 2])('placeholders below depth %i are the same, but for sums and times of folders', async (depth) => {
      const shown = async (by: Program) => {
        const target = cli.path(`shallow ${depth} by ${by}`);
        await run(by, 'restore', roots.kopia, target, `--shallow=${depth}`);
        return (readdirSync(target, { recursive: true }) as string[]).toSorted().map((name) => {
          const path = join(target, name);
          const stat = lstatSync(path);
          if (!name.endsWith('.kopia-entry') || stat.isDirectory())
            return [name, stat.isSymbolicLink() ? 'link' : (stat.mode & 0o7777).toString(8)];
          const { mtime, size, ...entry } = JSON.parse(readFileSync(path, 'utf8'));
          return [name, entry.type === 'd' ? entry : { mtime, size, ...entry }];
        });
      };
      expect(await shown('cairn')).toEqual(await shown('kopia'));
    });

    it.each(both)('placeholders of the other expand, by %s', async (by) => {
      const target = cli.path(`expanded by ${by}`);
      await run(other(by), 'restore', roots[by], target, '--shallow=1');
      const placeholders = (readdirSync(target, { recursive: true }) as string[]).filter((name) =>
        /^[^/]*(\/[^/]*[^/.][^/]*)?\.kopia-entry$/.test(name),
      );
      expect(placeholders.length).toBeGreaterThan(5);
      await run(by, 'restore', ...placeholders.map((name) => join(target, name)), '--shallow=100');
      expect(everything(target)).toEqual(everything(tree(by)));
    });

    it.each(both)('placeholders of the other are what they stand for in a snapshot by %s', async (by) => {
      const target = cli.path(`stands by ${by}`);
      await run(other(by), 'restore', roots[by], target, '--shallow=0');
      const again = JSON.parse(await run(by, 'snapshot', 'create', target, '--json'));
      const names = async (root: string) =>
        (await cli.ok('ls', '-r', '-o', root)).replaceAll(root, '').split('\n').toSorted();
      expect(await names(again.rootEntry.obj)).toEqual(await names(roots[by]));
    });
  },
);
