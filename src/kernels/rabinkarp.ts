/**
 * Rabin-Karp over a window of 64 bytes, and its scalar scanner (spec/repository-format.md section 13.4): the window as a
 * polynomial over GF(2) modulo one of degree 53. Values are pairs of 32-bit halves.
 */

const polynomial = 0x2e3e3e4a305605n;
const degree = 53n;

/** b times x^n modulo the polynomial. */
function timesPower(b: bigint, n: number): bigint {
  for (let i = 0; i < n; i++) {
    b <<= 1n;
    if (b >> degree) b ^= polynomial;
  }
  return b;
}

function halves(value: (b: bigint) => bigint): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  for (let b = 0; b < 256; b++) {
    const v = value(BigInt(b));
    low[b] = Number(v & 0xffffffffn);
    high[b] = Number(v >> 32n);
  }
  return { low, high };
}

let tables: { out: ReturnType<typeof halves>; mod: ReturnType<typeof halves> } | undefined;

/** As scanBuzhash: index of the first byte in `data[start..end)` after which the hash has no bit of `mask`, else `end`. */
export function scanRabinKarp(data: Uint8Array, start: number, end: number, mask: number): number {
  // `out` takes the oldest byte away; `mod` brings what left the top back below x^53 and clears it.
  tables ??= {
    out: halves((b) => timesPower(b, 8 * 63)),
    mod: halves((b) => timesPower(b, 53) | (b << degree)),
  };
  const { out, mod } = tables;
  let low = 0;
  let high = 0;
  for (let i = start - 64; i < end; i++) {
    if (i >= start) {
      low ^= out.low[data[i - 64]];
      high ^= out.high[data[i - 64]];
    }
    const top = (high >>> 13) & 0xff;
    high = ((high << 8) | (low >>> 24)) ^ mod.high[top];
    low = ((low << 8) | data[i]) ^ mod.low[top];
    if (i >= start && (low & mask) === 0) return i;
  }
  return end;
}
