/** DEFLATE with the fixed codes of RFC 1951 section 3.2.6 and a greedy search: simple, for runtimes without zlib. */

const HASH_BITS = 14;
const WINDOW = 32768;
const MAXIMUM = 258;

/** Length codes 257..285 and distance codes 0..29 (section 3.2.5): first value and extra bits of each. */
const lengthBase = new Uint16Array(29);
const lengthExtra = new Uint8Array(29);
const distanceBase = new Uint16Array(30);
const distanceExtra = new Uint8Array(30);
for (let code = 0, next = 3; code < 28; code++) {
  lengthExtra[code] = code < 8 ? 0 : (code >> 2) - 1;
  lengthBase[code] = next;
  next += 1 << lengthExtra[code];
}
lengthBase[28] = MAXIMUM;
for (let code = 0, next = 1; code < 30; code++) {
  distanceExtra[code] = code < 4 ? 0 : (code >> 1) - 1;
  distanceBase[code] = next;
  next += 1 << distanceExtra[code];
}

/** Index of the last base that is not above `value`. */
function codeOf(bases: Uint16Array, value: number): number {
  let low = 0;
  for (let high = bases.length - 1; low < high;) {
    const middle = (low + high + 1) >> 1;
    if (bases[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function reverse(value: number, bits: number): number {
  let result = 0;
  for (; bits > 0; bits--, value >>= 1) result = (result << 1) | (value & 1);
  return result;
}

/** Fixed literal/length codes, already bit-reversed for the stream, with their lengths. */
const symbolBits = new Uint8Array(288);
const symbolCode = Uint16Array.from({ length: 288 }, (_, symbol) => {
  const bits = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
  symbolBits[symbol] = bits;
  const code = symbol < 144 ? 48 + symbol : symbol < 256 ? 256 + symbol : symbol < 280 ? symbol - 256 : symbol - 88;
  return reverse(code, bits);
});

class BitWriter {
  readonly bytes: Uint8Array;
  length = 0;
  #bits = 0;
  #count = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** At most 16 bits. */
  put(value: number, count: number): void {
    this.#bits |= value << this.#count;
    for (this.#count += count; this.#count >= 8; this.#count -= 8) {
      this.bytes[this.length++] = this.#bits;
      this.#bits >>>= 8;
    }
  }

  finish(): Uint8Array {
    this.put(0, 7);
    return this.bytes.subarray(0, this.length);
  }

  symbol(symbol: number): void {
    this.put(symbolCode[symbol], symbolBits[symbol]);
  }

  match(length: number, distance: number): void {
    const lengthCode = codeOf(lengthBase, length);
    this.symbol(257 + lengthCode);
    this.put(length - lengthBase[lengthCode], lengthExtra[lengthCode]);
    const distanceCode = codeOf(distanceBase, distance);
    this.put(reverse(distanceCode, 5), 5);
    this.put(distance - distanceBase[distanceCode], distanceExtra[distanceCode]);
  }
}

/** A raw DEFLATE stream of one block. */
export function writeDeflate(data: Uint8Array): Uint8Array {
  const out = new BitWriter(Math.ceil((data.length * 9) / 8) + 8);
  out.put(1 | (1 << 1), 3);
  const heads = new Int32Array(1 << HASH_BITS).fill(-1);
  for (let at = 0; at < data.length;) {
    let length = 0;
    let from = -1;
    if (at + 3 <= data.length) {
      const word = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
      const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
      from = heads[slot];
      heads[slot] = at;
      if (from >= 0 && at - from <= WINDOW) {
        const most = Math.min(MAXIMUM, data.length - at);
        while (length < most && data[from + length] === data[at + length]) length++;
      }
    }
    if (length >= 3) {
      out.match(length, at - from);
      at += length;
    } else {
      out.symbol(data[at++]);
    }
  }
  out.symbol(256);
  return out.finish();
}
