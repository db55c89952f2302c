import fc from 'fast-check';
import process from 'node:process';
import { fromUtf8, utf8 } from '../../src/bytes/gather.ts';
import { isCairnError } from '../../src/errors.ts';

/** Inputs for each target; FUZZ_RUNS asks for more, as `npm run fuzz` does. */
export const runs = Number(process.env.FUZZ_RUNS ?? 400);

/** What each input may take, far above what it does take. */
const MILLISECONDS = 2000;

interface Edit {
  kind: 'flip' | 'set' | 'cut' | 'insert' | 'copy' | 'token' | 'end';
  at: number;
  value: number;
  length: number;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('flip', 'set', 'cut', 'insert', 'copy', 'token', 'token', 'token', 'end'),
  at: fc.nat({ max: 2 ** 31 - 1 }),
  value: fc.nat({ max: 255 }),
  length: fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 300 })),
});

/** What stands in the place of a value of JSON. */
const tokens = [
  '0',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '9007199254740993',
  '-9223372036854775809',
  '99999999999999999999999',
  'null',
  'true',
  '""',
  '"x"',
  '"\\u0000big:7"',
  '"\\ud800"',
  '[]',
  '{}',
  '[null]',
  '{"":null}',
  '{"__proto__":1}',
  '[[[[[[]]]]]]',
  '"9999-99-99T99:99:99Z"',
  '"0001-01-01T00:00:00Z"',
  '"2300-01-01T00:00:00.999999999+23:59"',
  '"IIIIIIIIIIIIIIIIIIIIIIII00"',
  '"0x7fffffffffffffff"',
  '',
];
const jsonToken = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{}:,]/g;

function apply(bytes: Uint8Array, { kind, at, value, length }: Edit): Uint8Array {
  const position = bytes.length === 0 ? 0 : at % bytes.length;
  const splice = (remove: number, insert: Uint8Array) => {
    const tail = bytes.subarray(Math.min(bytes.length, position + remove));
    const out = new Uint8Array(position + insert.length + tail.length);
    out.set(bytes.subarray(0, position));
    out.set(insert, position);
    out.set(tail, position + insert.length);
    return out;
  };
  switch (kind) {
    case 'flip':
      return splice(1, Uint8Array.of((bytes[position] ?? 0) ^ (1 << (value % 8))));
    case 'set':
      return splice(length, new Uint8Array(length).fill(value));
    case 'cut':
      return splice(length, new Uint8Array(0));
    case 'insert':
      return splice(0, new Uint8Array(length).fill(value));
    case 'copy':
      return splice(0, bytes.slice(position, position + length));
    case 'end':
      return bytes.slice(0, position);
    case 'token': {
      const text = fromUtf8(bytes.subarray(0, 200_000));
      const found = [...text.matchAll(jsonToken)];
      if (found.length === 0) return bytes;
      const match = found[at % found.length];
      return utf8(
        text.slice(0, match.index) + tokens[value % tokens.length] + text.slice(match.index + match[0].length),
      );
    }
  }
}

/** Real inputs with a few things wrong, and now and then bytes that mean nothing. */
export function damaged(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const changed = fc
    .tuple(fc.nat({ max: seeds.length - 1 }), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([seed, edits]) => edits.reduce(apply, seeds[seed]));
  return fc.oneof({ weight: 20, arbitrary: changed }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) });
}

/** Structures that are built to exhaust a parser. */
export const hostile: readonly Uint8Array[] = [
  '['.repeat(200_000),
  '{"a":'.repeat(100_000),
  '"'.repeat(1000),
  '"' + '\\'.repeat(99_999),
  '{"entries":' + '['.repeat(50_000) + ']'.repeat(50_000) + '}',
  '1' + '0'.repeat(100_000),
  '{"stream":"kopia:directory","entries":[' + '{"summ":'.repeat(20_000),
  '[' + '0,'.repeat(200_000) + '0]',
  ' '.repeat(100_000) + '{',
  '\ufeff{}',
].map(utf8);

/** A parser given anything returns or throws a CairnError, and soon. */
export function expectTame(target: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  const began = performance.now();
  try {
    target(bytes);
  } catch (error) {
    if (!isCairnError(error))
      throw new Error(`${String((error as Error).stack)}\ninput: ${show(bytes)}`, { cause: error });
  }
  const took = performance.now() - began;
  if (took > MILLISECONDS) throw new Error(`took ${took} ms\ninput: ${show(bytes)}`);
}

function show(bytes: Uint8Array): string {
  return bytes.length > 3000
    ? `${bytes.length} bytes`
    : JSON.stringify(fromUtf8(bytes)) + ' ' + Buffer.from(bytes).toString('hex').slice(0, 2000);
}
