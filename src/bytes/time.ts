/** Times are nanoseconds since 1970 as bigint; texts are RFC 3339 as Go writes them (spec/repository-format.md, Notation). */

const NS = 1_000_000_000n;
const min64 = -(1n << 63n);
const max64 = (1n << 63n) - 1n;

/** Go's zero time, year 1: what Kopia writes for "never". */
export const ZERO_TIME = -62_135_596_800n * NS;

const pattern = /^(\d{4,})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,}))?(?:([Zz])|([+-])(\d\d):?(\d\d))$/;

/** Parses RFC 3339 with any offset; undefined when the text is none. */
export function parseTime(text: string): bigint | undefined {
  return parsePlain(text) ?? parseAny(text);
}

const plain = '0000-00-00T00:00:00';
/** Files changed together have the same date: what it stands for is kept. */
const lastDate = { text: '', seconds: 0 };

/** The form that Go writes in UTC, without a pattern: directories hold one for each file. Undefined for any other. */
function parsePlain(text: string): bigint | undefined {
  const end = text.length - 1;
  if (text.charCodeAt(end) !== 90 || end < plain.length || end > plain.length + 10 || end === plain.length + 1)
    return undefined;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    const isDigit = code >= 48 && code <= 57;
    const wanted = i < plain.length ? plain.charCodeAt(i) : i === plain.length ? 46 : 48;
    if (wanted === 48 ? !isDigit : code !== wanted) return undefined;
  }
  const pair = (at: number) => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
  const date = text.slice(0, 10);
  if (date !== lastDate.text) {
    const month = pair(5);
    const day = pair(8);
    if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
    lastDate.seconds = daysFromCivil(pair(0) * 100 + pair(2), month, day) * 86400;
    lastDate.text = date;
  }
  const hour = pair(11);
  const minute = pair(14);
  const second = pair(17);
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  let fraction = 0;
  for (let i = plain.length + 1; i < plain.length + 10; i++)
    fraction = fraction * 10 + (i < end ? text.charCodeAt(i) - 48 : 0);
  return BigInt(lastDate.seconds + hour * 3600 + minute * 60 + second) * NS + BigInt(fraction);
}

function parseAny(text: string): bigint | undefined {
  const m = pattern.exec(text);
  if (m === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', , sign, offsetHour, offsetMinute] = m;
  const days = daysFromCivil(Number(year), Number(month), Number(day));
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  let seconds = days * 86400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (sign !== undefined) {
    const offset = Number(offsetHour) * 3600 + Number(offsetMinute) * 60;
    seconds += sign === '+' ? -offset : offset;
  }
  return BigInt(seconds) * NS + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** Files changed together have the same date: its text is kept. */
const lastDay = { number: NaN, text: '' };

const two = (n: number) => (n < 10 ? '0' + n : '' + n);

/** RFC 3339 in UTC with up to nine fraction digits, trailing zeros cut. */
export function formatTime(ns: bigint): string {
  const whole = ns / NS;
  let seconds = Number(whole);
  let rest = Number(ns - whole * NS);
  if (rest < 0) {
    rest += 1e9;
    seconds--;
  }
  const dayNumber = Math.floor(seconds / 86400);
  if (dayNumber !== lastDay.number) {
    const { year, month, day } = civil(dayNumber * 86400);
    lastDay.number = dayNumber;
    lastDay.text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T`;
  }
  const second = seconds - dayNumber * 86400;
  let text = `${lastDay.text}${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
  if (rest !== 0) {
    const digits = '.' + String(rest + 1e9).slice(1);
    text += rest % 10 === 0 ? digits.replace(/0+$/, '') : digits;
  }
  return text + 'Z';
}

/** Keeps a time inside the 64-bit nanoseconds that Kopia stores (years 1677..2262). */
export function clampTime(ns: bigint): bigint {
  return ns < min64 ? min64 : ns > max64 ? max64 : ns;
}

/** Whole seconds, rounded down. */
export function toSeconds(ns: bigint): number {
  return Number(ns >= 0n || ns % NS === 0n ? ns / NS : ns / NS - 1n);
}

export function fromSeconds(seconds: number): bigint {
  return BigInt(seconds) * NS;
}

export interface Civil {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** Calendar fields in UTC of Unix seconds, for any year (H. Hinnant's days-from-civil method). */
export function civil(seconds: number): Civil {
  const dayNumber = Math.floor(seconds / 86400);
  const rest = seconds - dayNumber * 86400;
  const z = dayNumber + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy - 719468;
}
