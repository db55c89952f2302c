/** Printed times in a chosen zone. */
import { toSeconds } from '../../bytes/time.ts';
import { CairnError } from '../../errors.ts';
import { zoned, zoneNamed, type Zone } from '../../policy/zone.ts';

const NS = 1_000_000_000n;

const two = (n: number): string => String(n).padStart(2, '0');

/** Locales that between them know the short names of most zones; the first that gives one wins. */
const locales = ['en-US', 'en-GB', 'en-AU', 'en-ZA', 'en-IN', 'ja-JP', 'en-HK', 'id'];

/** Short names that no locale gives. */
const shortNames: Record<string, string> = {
  'Asia/Seoul': 'KST',
  'Asia/Shanghai': 'CST',
  'Asia/Taipei': 'CST',
  'Asia/Manila': 'PST',
  'Asia/Karachi': 'PKT',
  'Europe/Moscow': 'MSK',
};

export class Times {
  #zone: Zone | undefined;
  readonly #names = new Map<number, string>();

  /** `local`, `utc`, `original` (as stored: UTC), an IANA name, or undefined for local. */
  constructor(timezone = 'local') {
    if (timezone === 'utc' || timezone === 'original') this.#zone = zoneNamed('UTC');
    else if (timezone !== 'local')
      try {
        this.#zone = zoneNamed(timezone);
      } catch {
        throw new CairnError(
          'usage',
          `flag '--timezone' takes local, utc, original or a name such as Europe/Berlin, got '${timezone}'`,
        );
      }
  }

  /** The local one is looked up when it is needed: that takes many milliseconds. */
  get zone(): Zone {
    return (this.#zone ??= zoneNamed(new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC'));
  }

  /** `2006-01-02 15:04:05 MST`. */
  text(ns: bigint): string {
    return `${this.#dateAndTime(ns)} ${this.#name(ns)}`;
  }

  /** `2006-01-02 15:04:05.000 MST`. */
  milliseconds(ns: bigint): string {
    return `${this.#dateAndTime(ns)}.${nanoseconds(ns).slice(0, 3)} ${this.#name(ns)}`;
  }

  /** Go's default form, `2006-01-02 15:04:05.123456789 +0100 CET`. */
  full(ns: bigint): string {
    const fraction = nanoseconds(ns).replace(/0+$/, '');
    const offset = offsetText(this.zone.offset(toSeconds(ns)));
    return `${this.#dateAndTime(ns)}${fraction === '' ? '' : '.' + fraction} ${offset} ${this.#name(ns)}`;
  }

  #dateAndTime(ns: bigint): string {
    const { year, month, day, hour, minute, second } = zoned(toSeconds(ns), this.zone);
    return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
  }

  /** Short name of the zone at that time; zones change only at whole quarters of an hour. */
  #name(ns: bigint): string {
    if (this.zone.name === 'UTC') return 'UTC';
    const quarter = Math.floor(toSeconds(ns) / 900);
    let name = this.#names.get(quarter);
    if (name === undefined) {
      if (this.#names.size >= 4096) this.#names.clear();
      this.#names.set(quarter, (name = shortName(this.zone, quarter * 900)));
    }
    return name;
  }
}

/** The nine digits below a second. */
function nanoseconds(ns: bigint): string {
  return String(((ns % NS) + NS) % NS).padStart(9, '0');
}

function offsetText(seconds: number): string {
  const minutes = Math.abs(Math.trunc(seconds / 60));
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function shortName(zone: Zone, seconds: number): string {
  for (const locale of locales) {
    const key = `${locale} ${zone.name}`;
    let format = formats.get(key);
    if (format === undefined)
      formats.set(key, (format = new Intl.DateTimeFormat(locale, { timeZone: zone.name, timeZoneName: 'short' })));
    const name = format.formatToParts(seconds * 1000).find((part) => part.type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  // Go, too, prints the offset where a zone has no letters.
  return shortNames[zone.name] ?? offsetText(zone.offset(seconds)).replace(/00$/, '');
}

/** `15:04:05.000` in local time, for messages. */
export function clockText(ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n));
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
