import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/bytes/duration.ts';
import { fromHex } from '../../src/bytes/hex.ts';
import { quoteJson } from '../../src/bytes/json.ts';
import { goMode, goModeText, modeFromJson, modeText, modeToJson, unixMode } from '../../src/bytes/mode.ts';
import { nameFromBytes, nameToBytes } from '../../src/bytes/name.ts';
import { formatCount, formatRate, formatSize } from '../../src/bytes/size.ts';
import { readTable } from '../policy/tables.ts';

type Rows<I, O> = { in: I; out: O }[];
const texts = readTable<{
  bytesBase10: Rows<string, string>;
  bytesBase2: Rows<string, string>;
  bytesPerSecondOfInDividedBy7: Rows<string, string>;
  count: Rows<string, string>;
  duration: Rows<string, string>;
  parseDuration: Rows<string, string | null>;
  fileMode: Rows<number, string>;
  jsonOfNameHex: Rows<string, string>;
}>('texts');

/** All rows at once, so that a failure shows each row that differs. */
function check<I, O>(rows: Rows<I, O>, decide: (input: I) => unknown): void {
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.map((row) => [row.in, decide(row.in)])).toEqual(rows.map((row) => [row.in, row.out]));
}

describe('sizes as Kopia prints them', () => {
  it('base 10', () => check(texts.bytesBase10, (n) => formatSize(BigInt(n))));
  it('base 2', () => check(texts.bytesBase2, (n) => formatSize(BigInt(n), true)));
  it('rates', () => check(texts.bytesPerSecondOfInDividedBy7, (n) => formatRate(Number(n) / 7)));
  it('counts', () => check(texts.count, (n) => formatCount(BigInt(n))));
  it('rounds halves to the even digit, as Go does', () => {
    expect([0.25, 0.75, 1.25, 2.25, -1.25].map((n) => formatRate(n))).toEqual([
      '0.2 B/s',
      '0.8 B/s',
      '1.2 B/s',
      '2.2 B/s',
      '-1.2 B/s',
    ]);
    expect(formatRate(2048 * 1.25, true)).toBe('2.5 KiB/s');
  });
});

describe('durations', () => {
  it('are written as Go does', () => check(texts.duration, (n) => formatDuration(BigInt(n))));
  it('are read as Go does', () => {
    check(texts.parseDuration, (text) => {
      const ns = parseDuration(text);
      return ns === undefined ? null : String(ns);
    });
  });
  it('survive a round trip', () => {
    for (const { in: n } of texts.duration) expect(parseDuration(formatDuration(BigInt(n)))).toBe(BigInt(n));
  });
  it('know days and weeks only when asked', () => {
    expect(parseDuration('1d12h', { extended: true })).toBe(36n * 3_600_000_000_000n);
    expect(parseDuration('2w', { extended: true })).toBe(336n * 3_600_000_000_000n);
    expect(parseDuration('2w')).toBeUndefined();
  });
  it('refuse long or hostile texts quickly', () => {
    expect(parseDuration('9'.repeat(1_000_000) + 's')).toBeUndefined();
    for (const bad of ['.s', '1', '1..5s', 's', '-', '+', '1s ', '1x', '1constructor', '--1s']) {
      expect(parseDuration(bad, { extended: true }), bad).toBeUndefined();
    }
  });
});

describe('file modes', () => {
  it('print as Go does', () => check(texts.fileMode, goModeText));
  it('have the texts of Kopia', () => {
    expect(modeText('directory', 0o755)).toBe('drwxr-xr-x');
    expect(modeText('symlink', 0o777)).toBe('Lrwxrwxrwx');
    expect(modeText('file', 0o4644)).toBe('urw-r--r--');
    expect(modeText('directory', 0o1777)).toBe('dtrwxrwxrwx');
    expect(modeText('other', 0)).toBe('?---------');
  });
  it('map between Unix, Go and JSON', () => {
    const known: [number, string][] = [
      [0o644, '0644'],
      [0o4755, '040000755'],
      [0o2755, '020000755'],
      [0o1777, '04000777'],
      [0, '00'],
    ];
    for (const [mode, text] of known) {
      expect(modeToJson(mode)).toBe(text);
      expect(modeFromJson(text)).toBe(mode);
    }
    for (let mode = 0; mode < 0o10000; mode++) {
      expect(unixMode(goMode(mode, 'directory'))).toBe(mode);
      expect(modeFromJson(modeToJson(mode))).toBe(mode);
    }
    expect(modeFromJson('0x1ff')).toBe(0o777);
    expect(modeFromJson('493')).toBe(0o755);
  });
  it('refuse what is no 32-bit number', () => {
    for (const bad of ['', '0o17', '089', '1.5', 'rwx', '99999999999', '0777777777777', ' 0644']) {
      expect(() => modeFromJson(bad), bad).toThrow(/invalid file mode/);
    }
  });
});

describe('names in JSON', () => {
  it('are escaped as Go does', () => check(texts.jsonOfNameHex, (hex) => quoteJson(nameFromBytes(fromHex(hex)!))));
  it('keep their bytes', () => {
    for (const { in: hex } of texts.jsonOfNameHex) {
      expect([...nameToBytes(nameFromBytes(fromHex(hex)!))]).toEqual([...fromHex(hex)!]);
    }
  });
});
