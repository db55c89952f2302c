/** Bytes in one piece or several, so that a pack can be handed on without joining it. */
export type Gather = Uint8Array | readonly Uint8Array[];

export function gatherLength(data: Gather): number {
  if (data instanceof Uint8Array) return data.length;
  let length = 0;
  for (const part of data) length += part.length;
  return length;
}

export function gatherParts(data: Gather): readonly Uint8Array[] {
  return data instanceof Uint8Array ? [data] : data;
}

/** One array of all the bytes; the same array when there is only one piece. */
export function joinBytes(data: Gather): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return data.length === 1 ? data[0] : concatBytes(data);
}

/** The pieces in one new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(gatherLength(parts));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A copy: at the start of `into` where it fits, else a new array. */
export function copyInto(data: Uint8Array, into: Uint8Array | undefined): Uint8Array {
  if (into === undefined || into.length < data.length) return new Uint8Array(data);
  into.set(data);
  return into.subarray(0, data.length);
}

/** Byte order, shorter first when one begins with the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8 bytes of a text that holds no escaped bytes (see name.ts for names). */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
