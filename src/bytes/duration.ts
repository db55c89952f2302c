/** Durations as Go writes and reads them: nanoseconds as bigint, texts such as `1h30m0s`. */

const NS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const EXTENDED: Record<string, bigint> = { ...NS, d: 24n * NS.h, w: 168n * NS.h };
const limit = 1n << 63n;
const part = /(\d*)(?:\.(\d*))?([^\d.]+)/y;

/**
 * Parses Go's form, `[-+](number unit)+` or `0`; undefined when the text is none or beyond 292 years.
 * With `extended`, units `d` (24 h) and `w` (7 d) too, as on Kopia's command line.
 */
export function parseDuration(text: string, options: { extended?: boolean } = {}): bigint | undefined {
  const units = options.extended ? EXTENDED : NS;
  const negative = text.startsWith('-');
  const body = /^[-+]/.test(text) ? text.slice(1) : text;
  if (body === '0') return 0n;
  if (body === '' || body.length > 100) return undefined;
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < body.length) {
    const m = part.exec(body);
    if (m === null) return undefined;
    const [, whole, fraction = '', unit] = m;
    if ((whole === '' && fraction === '') || !Object.hasOwn(units, unit)) return undefined;
    total += BigInt(whole || '0') * units[unit];
    // Digits past a nanosecond are dropped.
    if (fraction !== '') total += (BigInt(fraction) * units[unit]) / 10n ** BigInt(fraction.length);
    if (total > limit) return undefined;
  }
  if (negative) return -total;
  return total < limit ? total : undefined;
}

/** Go's text: `0s`, `1.5ms`, `1m1s`, `24h0m0s`. */
export function formatDuration(ns: bigint): string {
  if (ns < 0n) return '-' + formatDuration(-ns);
  if (ns === 0n) return '0s';
  const unit = ns < NS.us ? 'ns' : ns < NS.ms ? '\u00b5s' : ns < NS.s ? 'ms' : 's';
  if (unit !== 's') return decimals(ns, NS[unit]) + unit;
  const seconds = decimals(ns % NS.m, NS.s) + 's';
  if (ns < NS.m) return seconds;
  const minutes = ns / NS.m;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimals(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const rest = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return `${value / unit}${rest === '' || unit === 1n ? '' : '.' + rest}`;
}
