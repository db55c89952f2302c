/** Sizes, rates and counts as Kopia prints them (spec/snapshots-and-policies.md section 10, Sizes). */

const decimal = ['', 'K', 'M', 'G', 'T', 'P', 'E'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** One decimal without a trailing `.0`. Ties go to the even digit, as in Go; only `.25` and `.75` are ties. */
function oneDecimal(value: number): string {
  const tieDown = value % 1 === 0.25 || value % 1 === -0.25;
  return (tieDown ? value - Math.sign(value) * 0.05 : value).toFixed(1).replace(/\.0$/, '');
}

function scaled(value: number, thousand: number, prefixes: readonly string[], unit: string): string {
  let at = 0;
  while (value >= 0.9 * thousand && at < prefixes.length - 1) {
    value /= thousand;
    at++;
  }
  return `${oneDecimal(value)} ${prefixes[at]}${unit}`;
}

function formatUnits(value: number, base2: boolean, unit: string): string {
  return base2 ? scaled(value, 1024, binary, unit) : scaled(value, 1000, decimal, unit);
}

/** `0.9 KB`, or `0.9 KiB` with `base2`. */
export function formatSize(bytes: number | bigint, base2 = false): string {
  return formatUnits(Number(bytes), base2, 'B');
}

/** `1.2 MB/s`. */
export function formatRate(bytesPerSecond: number, base2 = false): string {
  return formatUnits(bytesPerSecond, base2, 'B/s');
}

/** `61.4 M`; a count below 900 keeps the blank: `5 `. */
export function formatCount(count: number | bigint): string {
  return scaled(Number(count), 1000, decimal, '');
}
