/** Values of flags, from the text of the command line, a variable or a default (rule 13 of the parser). */
import { parseDuration } from '../bytes/duration.ts';
import { CairnError } from '../errors.ts';
import type { Flag } from './table.ts';

export type FlagValue = string | boolean | number | bigint;

const booleans: Record<string, boolean> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
};

/** Go's boolean texts. */
export function parseBoolean(text: string): boolean | undefined {
  return Object.hasOwn(booleans, text) ? booleans[text] : undefined;
}

const sizeUnits = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];
const limit = 1n << 63n;

/** `10MB`, `1.5GiB`, `1024B`: `K` is 1024 with or without `i`; the unit is needed, but for 0. */
export function parseSize(text: string): bigint | undefined {
  if (text === '0') return 0n;
  let total = 0;
  const part = /(\d+(?:\.\d*)?|\.\d+)(?:([KMGTPE])i?)?B/y;
  while (part.lastIndex < text.length) {
    const m = part.exec(text);
    if (m === null) return undefined;
    total += Number(m[1]) * 1024 ** Math.max(0, sizeUnits.indexOf(m[2]));
  }
  return text === '' || total >= 2 ** 63 ? undefined : BigInt(Math.trunc(total));
}

function wholeNumber(text: string, low: bigint, high: bigint): bigint | undefined {
  const m = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|\d+)$/.exec(text.replaceAll('_', ''));
  if (m === null) return undefined;
  const digits = /^0[0-7]/.test(m[2]) ? '0o' + m[2].slice(1) : m[2];
  const value = m[1] === '-' ? -BigInt(digits) : BigInt(digits);
  return value >= low && value <= high ? value : undefined;
}

function float(text: string): number | undefined {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The canonical member of an enum, whatever the letter case. */
function choice(flag: Flag, text: string): string | undefined {
  const wanted = text.toLowerCase();
  return flag.values?.find((value) => value.toLowerCase() === wanted) ?? flag.valueAliases?.[wanted];
}

const expected: Partial<Record<Flag['type'], string>> = {
  B: 'true or false',
  T: 'true or false',
  I: 'a number',
  I32: 'a whole number',
  I64: 'a whole number',
  U: 'a whole number, 0 or more',
  F: 'a number',
  D: 'a duration such as 300ms, 15m, 1h30m or 7d',
  Y: 'a size such as 512KB, 20MB or 1GB',
};

/** The value of a flag's text; `usage` names the flag and what it takes. */
export function parseValue(flag: Flag, text: string): FlagValue {
  const value = convert(flag, text);
  if (value !== undefined) return value;
  if (flag.type === 'E')
    throw new CairnError('usage', `enum value must be one of ${flag.values!.join(',')}, got '${text}'`, {
      data: { flag: flag.name },
    });
  throw new CairnError('usage', `flag '--${flag.name}' takes ${expected[flag.type]}, got '${text}'`, {
    data: { flag: flag.name },
  });
}

function convert(flag: Flag, text: string): FlagValue | undefined {
  switch (flag.type) {
    case 'B':
    case 'T':
      return parseBoolean(text);
    case 'I': {
      const value = float(text);
      return value !== undefined && Math.abs(value) < 2 ** 53 ? Math.trunc(value) : undefined;
    }
    case 'I32': {
      const value = wholeNumber(text, -(1n << 31n), (1n << 31n) - 1n);
      return value === undefined ? undefined : Number(value);
    }
    case 'I64':
      return wholeNumber(text, -limit, limit - 1n);
    case 'U':
      return wholeNumber(text, 0n, 2n * limit - 1n);
    case 'F':
      return float(text);
    case 'D':
      return parseDuration(text, { extended: true });
    case 'Y':
      return parseSize(text);
    case 'E':
      return choice(flag, text);
    default:
      return text;
  }
}
