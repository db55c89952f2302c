/** The field GF(2^8) with polynomial 0x11D and the coding matrix over it (spec/repository-format.md section 6.5). */

const exponent = new Uint8Array(510);
const logarithm = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  exponent[power] = exponent[power + 255] = value;
  logarithm[value] = power;
  value = value < 128 ? value << 1 : (value << 1) ^ 0x11d;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : exponent[logarithm[a] + logarithm[b]];
}

/** `a` is not 0. */
function inverse(a: number): number {
  return exponent[255 - logarithm[a]];
}

/** Rows of one length. */
export type Matrix = Uint8Array[];

const products: Uint8Array[] = [];

/** row[i] ^= factor * other[i] */
export function addScaled(row: Uint8Array, other: Uint8Array, factor: number): void {
  if (factor === 0) return;
  const times = (products[factor] ??= Uint8Array.from({ length: 256 }, (_, value) => multiply(factor, value)));
  for (let i = 0; i < row.length; i++) row[i] ^= times[other[i]];
}

/** Inverse of a square matrix that has one, by elimination (Gauss-Jordan). */
export function invert(matrix: Matrix): Matrix {
  const size = matrix.length;
  const rows = matrix.map((row, r) => {
    const wide = new Uint8Array(2 * size);
    wide.set(row);
    wide[size + r] = 1;
    return wide;
  });
  for (let column = 0; column < size; column++) {
    let pivot = column;
    while (rows[pivot][column] === 0) pivot++;
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    const factor = inverse(rows[column][column]);
    for (let i = 0; i < 2 * size; i++) rows[column][i] = multiply(rows[column][i], factor);
    for (let r = 0; r < size; r++) if (r !== column) addScaled(rows[r], rows[column], rows[r][column]);
  }
  return rows.map((row) => row.subarray(size));
}

/**
 * The parity rows of Vandermonde (row r: powers of r) times the inverse of its own top square. That product maps the
 * values of a polynomial at 0..data-1 to its values at data.., so that each factor is one of Lagrange's:
 * the product over j != c of (r - j) / (c - j), in a field where minus is XOR.
 */
export function parityMatrix(data: number, parity: number): Matrix {
  const logOfDistances = (x: number) => {
    let sum = 0;
    for (let j = 0; j < data; j++) if (j !== x) sum += logarithm[x ^ j];
    return sum;
  };
  const divisors = Array.from({ length: data }, (_, c) => logOfDistances(c));
  return Array.from({ length: parity }, (_, p) => {
    const r = data + p;
    const product = logOfDistances(r);
    return Uint8Array.from(divisors, (divisor, c) => exponent[modulo(product - logarithm[r ^ c] - divisor)]);
  });
}

function modulo(log: number): number {
  return ((log % 255) + 255) % 255;
}
