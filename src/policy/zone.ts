/** Time zones by the runtime's own tables. Only `localZone` looks at the zone of the process. */
import { type Civil, civil, daysFromCivil } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';

export interface Zone {
  readonly name: string;
  /** Seconds east of UTC at a moment, given in Unix seconds. */
  offset(seconds: number): number;
}

export const UTC: Zone = { name: 'UTC', offset: () => 0 };

/** JavaScript's dates end at these Unix seconds. */
const EDGE = 8.64e12;
const CACHE_LIMIT = 4096;

class NamedZone implements Zone {
  readonly name: string;
  private readonly format: Intl.DateTimeFormat;
  /** Offsets by quarter of an hour: no zone changes between. */
  private readonly known = new Map<number, number>();

  constructor(name: string) {
    this.name = name;
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  offset(seconds: number): number {
    const quarter = Math.floor(Math.max(-EDGE, Math.min(EDGE, seconds)) / 900);
    let offset = this.known.get(quarter);
    if (offset === undefined) {
      if (this.known.size >= CACHE_LIMIT) this.known.clear();
      this.known.set(quarter, (offset = this.lookUp(quarter * 900)));
    }
    return offset;
  }

  private lookUp(seconds: number): number {
    const fields: Record<string, string> = {};
    for (const { type, value } of this.format.formatToParts(seconds * 1000)) fields[type] = value;
    const year = fields.era.startsWith('B') ? 1 - Number(fields.year) : Number(fields.year);
    const local = secondsOf({
      year,
      month: Number(fields.month),
      day: Number(fields.day),
      hour: Number(fields.hour),
      minute: Number(fields.minute),
      second: Number(fields.second),
    });
    return local - seconds;
  }
}

const zones = new Map<string, Zone>([['UTC', UTC]]);

/** A zone by its IANA name; `invalid-argument` when the runtime does not know it. */
export function zoneNamed(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) {
    try {
      zone = new NamedZone(name);
    } catch (cause) {
      throw new CairnError('invalid-argument', `unknown time zone "${name}"`, {
        cause,
        hint: 'give a name such as Europe/Berlin, or utc',
      });
    }
    zones.set(name, zone);
  }
  return zone;
}

export function localZone(): Zone {
  return zoneNamed(new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC');
}

/** Seconds of calendar fields read as UTC; fields beyond their range carry over, as in Go's time.Date. */
function secondsOf({ year, month, day, hour, minute, second }: Civil): number {
  const months = year * 12 + month - 1;
  const y = Math.floor(months / 12);
  return (daysFromCivil(y, months - y * 12 + 1, 1) + day - 1) * 86400 + hour * 3600 + minute * 60 + second;
}

/** Calendar fields of a moment in the zone. */
export function zoned(seconds: number, zone: Zone): Civil {
  return civil(seconds + zone.offset(seconds));
}

/** The moment that shows these fields in the zone; a time that a change skips or repeats is read as Go reads it. */
export function moment(fields: Civil, zone: Zone): number {
  const utc = secondsOf(fields);
  return utc - zone.offset(utc - zone.offset(utc));
}
