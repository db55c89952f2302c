/** The part of Deno's namespace used here: what its shim for Node knows, and foreign functions, which it lacks. */
declare const Deno: typeof import('@deno/shim-deno').Deno & {
  dlopen<Symbols extends Record<string, ForeignFunction>>(
    library: string,
    symbols: Symbols,
  ): { symbols: { [Name in keyof Symbols]: (...parameters: unknown[]) => ForeignResult<Symbols[Name]> } };
  UnsafePointerView: new (pointer: object) => { getInt32(): number };
};

interface ForeignFunction {
  parameters: readonly ('i32' | 'u32' | 'usize' | 'buffer')[];
  result: 'i32' | 'isize' | 'pointer';
}

type ForeignResult<F extends ForeignFunction> = F['result'] extends 'i32'
  ? number
  : F['result'] extends 'isize'
    ? bigint
    : object;
