import { writeU32 } from '../bytes/integer.ts';
import { iv32 } from './mix32.ts';
import { hexWords } from './words.ts';

/** SHA-256 and SHA-224 (FIPS 180-4) and HMAC over them (RFC 2104), scalar. */

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const k = hexWords(`
  428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be 550c7dc3
  72be5d74 80deb1fe 9bdc06a7 c19bf174 e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
  983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967 27b70a85 2e1b2138 4d2c6dfc 53380d13
  650a7354 766a0abb 81c2c92e 92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
  19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3 748f82ee 78a5636f 84c87814 8cc70208
  90befffa a4506ceb bef9a3f7 c67178f2
`);

const iv224 = hexWords('c1059ed8 367cd507 3070dd17 f70e5939 ffc00b31 68581511 64f98fa7 befa4fa4');

/** Digest length in bytes. */
export type Sha2Length = 28 | 32;

/** The first eight words. */
export function sha2Start(length: Sha2Length): Uint32Array {
  return length === 32 ? iv32.slice() : iv224.slice();
}

function rotr(x: number, n: number): number {
  return (x >>> n) | (x << (32 - n));
}

function compress(s: Uint32Array, data: Uint8Array, at: number, w: Uint32Array): void {
  const view = new DataView(data.buffer, data.byteOffset + at, 64);
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3);
    const s1 = rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = s;
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
    const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  s[0] += a;
  s[1] += b;
  s[2] += c;
  s[3] += d;
  s[4] += e;
  s[5] += f;
  s[6] += g;
  s[7] += h;
}

/** Digest of the pieces one after another. */
function digest(pieces: readonly Uint8Array[], length: Sha2Length): Uint8Array {
  const s = sha2Start(length);
  const w = new Uint32Array(64);
  const block = new Uint8Array(64);
  let total = 0;
  for (const piece of pieces) {
    let at = 0;
    while (at < piece.length) {
      const filled = total % 64;
      const take = Math.min(64 - filled, piece.length - at);
      if (take === 64) compress(s, piece, at, w);
      else block.set(piece.subarray(at, at + take), filled);
      at += take;
      total += take;
      if (take < 64 && total % 64 === 0) compress(s, block, 0, w);
    }
  }
  const filled = total % 64;
  const end = new Uint8Array(filled < 56 ? 64 : 128);
  end.set(block.subarray(0, filled));
  end[filled] = 0x80;
  writeU32(end, end.length - 8, Math.floor(total / 2 ** 29));
  writeU32(end, end.length - 4, total << 3);
  for (let at = 0; at < end.length; at += 64) compress(s, end, at, w);
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i += 4) writeU32(out, i, s[i / 4]);
  return out;
}

export function scalarSha2(data: Uint8Array, length: Sha2Length): Uint8Array {
  return digest([data], length);
}

/** Key filled up to a block and XORed with 0x36 (inner) or 0x5c (outer). */
export function hmacPad(key: Uint8Array, fill: 0x36 | 0x5c, length: Sha2Length): Uint8Array {
  const padded = new Uint8Array(64).fill(fill);
  const short = key.length > 64 ? digest([key], length) : key;
  for (let i = 0; i < short.length; i++) padded[i] ^= short[i];
  return padded;
}

export function scalarHmac(key: Uint8Array, data: Uint8Array, length: Sha2Length): Uint8Array {
  return digest([hmacPad(key, 0x5c, length), digest([hmacPad(key, 0x36, length), data], length)], length);
}
