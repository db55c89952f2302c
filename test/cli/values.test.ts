import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Flags, variableNames } from '../../src/cli/flags.ts';
import { editDistance, suggest } from '../../src/cli/suggest.ts';
import { flags, parseArguments } from '../../src/cli/table.ts';
import { parseSize, parseValue } from '../../src/cli/values.ts';
import { CairnError } from '../../src/errors.ts';
import { fakeEnvironment } from './terminal.ts';

const table = flags(`
  --bool B $KOPIA_BOOL : a boolean
  --int I =7 $KOPIA_INT : a number
  --long I64 : a whole number
  --count U : a whole number, not negative
  --small I32 : 32 bits
  --real F : a number
  --wait D : a duration
  --size Y : a size
  --kind E{zstd,S2-Default} : a choice
  --truth T+ : true or false
  --list S+ $KOPIA_LIST : texts
  --other S $AWS_OTHER : a text
`);
const byName = (name: string) => table.find((flag) => flag.name === name)!;

describe('values', () => {
  const rows: [name: string, text: string, value: unknown][] = [
    ['int', '1e3', 1000],
    ['int', '3.9', 3],
    ['int', '-2', -2],
    ['long', '0x10', 16n],
    ['long', '010', 8n],
    ['long', '9223372036854775807', 2n ** 63n - 1n],
    ['count', '0xff', 255n],
    ['small', '-2147483648', -(2 ** 31)],
    ['real', '.5', 0.5],
    ['wait', '1h30m', 5_400_000_000_000n],
    ['wait', '300ms', 300_000_000n],
    ['wait', '2d', 172_800_000_000_000n],
    ['wait', '1w', 604_800_000_000_000n],
    ['wait', '0', 0n],
    ['size', '1KB', 1024n],
    ['size', '1KiB', 1024n],
    ['size', '1.5MB', 1_572_864n],
    ['size', '10B', 10n],
    ['size', '1GB512MB', 1_610_612_736n],
    ['kind', 'ZSTD', 'zstd'],
    ['kind', 's2-default', 'S2-Default'],
    ['truth', 'T', true],
    ['bool', '0', false],
  ];
  it.each(rows)('--%s=%s', (name, text, value) => {
    expect(parseValue(byName(name), text)).toBe(value);
  });

  it.each([
    ['int', 'x'],
    ['int', ''],
    ['int', '1e300'],
    ['long', '1e3'],
    ['long', '9223372036854775808'],
    ['count', '-1'],
    ['small', '2147483648'],
    ['real', 'NaN'],
    ['wait', '5'],
    ['wait', 'soon'],
    ['size', '1kB'],
    ['size', '5'],
    ['size', ''],
    ['size', '9000000000GB'],
    ['kind', 'lz4'],
    ['truth', 'yes'],
  ])('refuses --%s=%s', (name, text) => {
    expect(() => parseValue(byName(name), text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('any text gives a value or an error of ours', () => {
    fc.assert(
      fc.property(fc.constantFrom(...table), fc.string(), (flag, text) => {
        try {
          parseValue(flag, text);
        } catch (error) {
          expect(error).toBeInstanceOf(CairnError);
        }
      }),
    );
    expect(parseSize('KB')).toBeUndefined();
  });
});

describe('where a value comes from', () => {
  const given = (texts: Record<string, string[]>, variables: Record<string, string> = {}) =>
    new Flags(table, new Map(Object.entries(texts)), fakeEnvironment({ variables }));

  it('command line, then variable, then default', () => {
    expect(given({ int: ['1'] }, { KOPIA_INT: '2' }).number('int')).toBe(1);
    expect(given({}, { KOPIA_INT: '2' }).number('int')).toBe(2);
    expect(given({}, { KOPIA_INT: '' }).number('int')).toBe(7);
    expect(given({}).number('int')).toBe(7);
    expect(given({}).number('real')).toBeUndefined();
  });

  it("Cairn's variable before Kopia's; others under their own name", () => {
    expect(variableNames('KOPIA_X')).toEqual(['CAIRN_X', 'KOPIA_X']);
    expect(given({}, { KOPIA_INT: '2', CAIRN_INT: '3' }).number('int')).toBe(3);
    expect(given({}, { AWS_OTHER: 'x' }).text('other')).toBe('x');
  });

  it('boolean variables are parsed, lists are split at line breaks', () => {
    expect(given({}, { KOPIA_BOOL: 'false' }).bool('bool')).toBe(false);
    expect(given({}, { KOPIA_BOOL: '1' }).bool('bool')).toBe(true);
    expect(given({}, { KOPIA_LIST: 'a\nb c\n' }).texts('list')).toEqual(['a', 'b c']);
    expect(() => given({}, { KOPIA_BOOL: 'maybe' })).toThrow(/--bool/);
  });

  it('of several values the last counts, and whether one was given can be asked', () => {
    const both = given({ truth: ['true', 'false'], list: ['a', 'b'] });
    expect([both.bool('truth'), both.texts('list'), both.given('truth'), both.given('int')]).toEqual([
      false,
      ['a', 'b'],
      true,
      false,
    ]);
  });

  it('a name or type that is not in the table is a fault of the program', () => {
    expect(() => given({}).bool('nothing')).toThrow(/no flag '--nothing'/);
    expect(() => given({}).bool('int')).toThrow(/is not a boolean/);
  });
});

describe('tables', () => {
  it('a bad line is found at once', () => {
    expect(() => flags('--x : no type')).toThrow(/bad line/);
  });

  it('arguments', () => {
    expect(parseArguments('<id...> [target]')).toEqual([
      { name: 'id', required: true, repeated: true },
      { name: 'target', required: false, repeated: false },
    ]);
  });
});

describe('suggestions', () => {
  it('within two edits, nearest only', () => {
    expect(suggest('snapshto', ['snapshot', 'show', 'restore'])).toEqual(['snapshot']);
    expect(suggest('lst', ['list', 'ls', 'last'])).toEqual(['last', 'list']);
    expect(suggest('xyz', ['list'])).toEqual([]);
  });

  it('the distance is one of a metric', () => {
    const word = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b, 9)).toBe(editDistance(b, a, 9));
        expect(editDistance(a, a, 9)).toBe(0);
      }),
    );
  });
});
