/**
 * File names as strings: valid UTF-8 decodes as usual, and each byte that is not part of valid UTF-8 becomes one lone
 * surrogate U+DC80..U+DCFF. Encoding turns those back into the bytes, so every name survives unchanged.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const escaped = /[\udc80-\udcff]/;

/** Length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const second = bytes[at + 1];
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return 0;
  return length;
}

export function nameFromBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    let name = '';
    let at = 0;
    while (at < bytes.length) {
      const length = sequenceLength(bytes, at);
      if (length === 0) name += String.fromCharCode(0xdc00 + bytes[at++]);
      else {
        name += strict.decode(bytes.subarray(at, at + length));
        at += length;
      }
    }
    return name;
  }
}

/** True when a name carries bytes that are not valid UTF-8. */
export function hasRawBytes(name: string): boolean {
  if (!escaped.test(name)) return false;
  return !name.isWellFormed();
}

export function nameToBytes(name: string): Uint8Array {
  if (!hasRawBytes(name)) return encoder.encode(name);
  const parts: number[] = [];
  for (const char of name) {
    const code = char.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00);
    else parts.push(...encoder.encode(char));
  }
  return Uint8Array.from(parts);
}

/**
 * Order of two names by their raw bytes, as Kopia sorts them. UTF-16 order agrees below U+D800; beyond, surrogates
 * stand for astral characters or for raw bytes, so the bytes are compared.
 */
export function compareNames(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x < 0xd800 && y < 0xd800) return x - y;
    const left = nameToBytes(a);
    const right = nameToBytes(b);
    for (let k = 0; k < left.length && k < right.length; k++) if (left[k] !== right[k]) return left[k] - right[k];
    return left.length - right.length;
  }
  return a.length - b.length;
}
