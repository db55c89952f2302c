/**
 * Every two values of the choices that make a repository, in both directions: one program creates it and takes a
 * snapshot, the other verifies every byte, restores it, and cuts and hashes the same files to the same object.
 * The short form has every value, and every pair of the choices with few values; CAIRN_TEST_LONG all pairs.
 */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli } from '../cli/harness.ts';
import { Kopia, kopiaBinary, onNewestNode } from './kopia.ts';
import { cover, everyPair, everyValue, names, pairsTable, type Row } from './pairs.ts';
import { noise } from './tree.ts';

const long = process.env.CAIRN_TEST_LONG !== undefined;
const rows = cover(long ? everyPair() : [...everyPair(['ecc', 'version', 'cipher', 'keyDerivation']), ...everyValue()]);
const password = 'pairs';

/** What a test needs of either program. */
interface Program {
  ok(...argv: string[]): Promise<string>;
}

function createFlags({ hash, cipher, splitter, ecc, version, keyDerivation }: Row): string[] {
  return [
    `--block-hash=${hash}`,
    `--encryption=${cipher}`,
    `--object-splitter=${splitter}`,
    `--format-version=${version[0]}`,
    `--format-block-key-derivation-algorithm=${keyDerivation}`,
    ...(ecc === '0' ? [] : ['--ecc=REED-SOLOMON-CRC32', `--ecc-overhead-percent=${ecc}`]),
  ];
}

/** Paths below a folder with what is there. */
function contentsOf(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length);
    if (entry.isSymbolicLink()) found.set(name, '-> ' + readlinkSync(path));
    else if (entry.isFile()) found.set(name, readFileSync(path, 'latin1'));
    else found.set(name, '/');
  }
  return found;
}

describe.skipIf(kopiaBinary === undefined || !onNewestNode)(
  'pairs of choices beside a real Kopia (on the newest Node; skipped where no kopia is on the PATH or named by KOPIA_BIN)',
  () => {
    const place = new Cli();
    const tree = place.path('tree');
    const passed: Row[] = [];
    let truth: Map<string, string>;

    beforeAll(() => {
      mkdirSync(join(tree, 'sub'), { recursive: true });
      writeFileSync(join(tree, 'noise'), noise(700_000, 7));
      writeFileSync(join(tree, 'text'), 'the quick brown fox jumps over the lazy dog\n'.repeat(10_000));
      writeFileSync(join(tree, 'zeros'), new Uint8Array(1_200_000));
      writeFileSync(join(tree, 'sub', 'empty'), '');
      for (let i = 0; i < 5; i++) writeFileSync(join(tree, 'sub', `few-${i}`), noise(i * 97 + 1, i));
      symlinkSync('../text', join(tree, 'sub', 'link'));
      truth = contentsOf(tree);
    });

    /** `CAIRN_PAIRS_TABLE` names a file for the table of README.md. */
    afterAll(() => {
      const file = process.env.CAIRN_PAIRS_TABLE;
      if (file === undefined) return;
      const counts = `${rows.length} rows in both directions, ${rows.length - passed.length} failures.`;
      writeFileSync(file, `${counts}\n\n${pairsTable(passed)}\n`);
    });

    async function oneWay(writer: Program, reader: Program, folder: string, row: Row): Promise<void> {
      const repository = ['filesystem', `--path=${join(folder, 'repo')}`];
      const as = ['--override-username=ann', '--override-hostname=alpha', '--max-list-cache-duration=0s'];
      const snapshot = async (program: Program, ...more: string[]) =>
        JSON.parse(await program.ok('snapshot', 'create', tree, '--json', ...more)).rootEntry.obj as string;
      await writer.ok('repository', 'create', ...repository, ...as, ...createFlags(row));
      if (row.version === '1 index 2') await writer.ok('repository', 'set-parameters', '--index-version=2');
      await writer.ok('policy', 'set', '--global', `--compression=${row.compressor}`);
      const root = await snapshot(writer);
      await reader.ok('repository', 'connect', ...repository, ...as);
      await reader.ok('snapshot', 'verify', '--verify-files-percent=100');
      const target = join(folder, 'restored');
      await reader.ok('restore', root, target);
      expect(contentsOf(target)).toEqual(truth);
      const again = await snapshot(reader, '--force-hash=100');
      if (row.version !== '1 index 1' || row.compressor === 'none') {
        expect(again).toBe(root);
        return;
      }
      // There the compressed bytes are what is hashed, and each program compresses in its own way.
      await writer.ok('restore', again, target + '-again');
      expect(contentsOf(target + '-again')).toEqual(truth);
    }

    for (const row of rows)
      it.concurrent(names.map((name) => row[name]).join(', '), async () => {
        for (const writer of ['cairn', 'kopia']) {
          const cli = new Cli();
          cli.variables.KOPIA_PASSWORD = password;
          const kopia = new Kopia(cli.path('kopia'), password);
          const [from, to] = writer === 'cairn' ? [cli, kopia] : [kopia, cli];
          await oneWay(from, to, cli.folder, row);
          rmSync(cli.folder, { recursive: true });
        }
        passed.push(row);
      });
  },
);
