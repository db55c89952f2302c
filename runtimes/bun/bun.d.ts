/** The part of Bun's interface used here. */
declare const Bun: {
  readonly version: string;
  gc(force: boolean): void;
  zstdCompressSync(data: Uint8Array, options: { level: number }): Uint8Array;
};

declare module 'bun:ffi' {
  type Kind = 'i32' | 'ptr';
  export function dlopen<Symbols extends Record<string, { args: readonly Kind[]; returns: 'i32' }>>(
    library: string,
    symbols: Symbols,
  ): { symbols: { [Name in keyof Symbols]: (...args: (number | Uint8Array)[]) => number } };
}
