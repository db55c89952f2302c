/** Rows of choices that bring every two values of different choices together (pairwise cover), and a short form. */
import { compressorNames, splitterNames } from '../../src/policy/names.ts';
import { hashes } from '../../src/cli/tables/shared.ts';

export const choices = {
  splitter: splitterNames,
  compressor: compressorNames,
  hash: hashes.split(','),
  /** Percent of Reed-Solomon parity. */
  ecc: ['0', '1', '2', '5', '10', '20', '100'],
  /** Format version and index version; later formats begin with index version 2. */
  version: ['1 index 1', '1 index 2', '2', '3'],
  cipher: ['AES256-GCM-HMAC-SHA256', 'CHACHA20-POLY1305-HMAC-SHA256'],
  keyDerivation: ['pbkdf2-sha256-600000', 'scrypt-65536-8-1'],
} satisfies Record<string, readonly string[]>;

export type Choice = keyof typeof choices;
export type Row = Record<Choice, string>;
export type Part = Partial<Row>;

export const names = Object.keys(choices) as Choice[];

/** Version 1 knows no error correction. */
const possible = ({ ecc = '0', version = '3' }: Part): boolean => ecc === '0' || !version.startsWith('1');

/** Every two values that can come together. */
export function everyPair(of: readonly Choice[] = names): Part[] {
  return of
    .flatMap((a, at) => of.slice(at + 1).map((b) => [a, b] as const))
    .flatMap(([a, b]) => choices[a].flatMap((x) => choices[b].map((y): Part => ({ [a]: x, [b]: y }))))
    .filter(possible);
}

export const everyValue = (): Part[] =>
  names.flatMap((name) => choices[name].map((value): Part => ({ [name]: value })));

/** Whether the row decides all that the part names, and so. */
const holds = (row: Part, part: Part): boolean =>
  names.every((name) => part[name] === undefined || part[name] === row[name]);

/** Few rows in which all the wanted parts occur: each begins with one that is missing and takes along what it can. */
export function cover(wanted: readonly Part[]): Row[] {
  let missing = [...wanted];
  const rows: Row[] = [];
  const used = new Map<string, number>();
  while (missing.length > 0) {
    const row: Part = { ...missing[0] };
    for (const name of names.filter((one) => row[one] === undefined)) {
      const ranked = choices[name]
        .map((value): Part => ({ ...row, [name]: value }))
        .filter(possible)
        .map((next) => ({
          value: next[name]!,
          gain: missing.filter((part) => part[name] !== undefined && holds(next, part)).length,
          used: used.get(next[name]!) ?? 0,
        }));
      row[name] = ranked.toSorted((a, b) => b.gain - a.gain || a.used - b.used)[0].value;
    }
    rows.push(row as Row);
    // scrypt costs more than all the rest of a row
    for (const value of Object.values(row))
      used.set(value, (used.get(value) ?? 0) + (value.startsWith('scrypt') ? 9 : 1));
    missing = missing.filter((part) => !holds(row, part));
  }
  return rows;
}

/** For each two choices how many pairs of values there are and how many the rows hold, as a table. */
export function pairsTable(rows: readonly Row[]): string {
  const lines = names.slice(0, -1).map((a, at) => {
    const cells = names.slice(1).map((b, to) => {
      if (to < at) return '';
      const pairs = everyPair([a, b]);
      return `${pairs.filter((pair) => rows.some((row) => holds(row, pair))).length} of ${pairs.length}`;
    });
    return `| ${[`${a} (${choices[a].length})`, ...cells].join(' | ')} |`;
  });
  const head = names.slice(1).map((name) => `${name} (${choices[name].length})`);
  return [`| | ${head.join(' | ')} |`, `|${' --- |'.repeat(names.length)}`, ...lines].join('\n');
}
