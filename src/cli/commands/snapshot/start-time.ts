/** `--start-time` and `--end-time`: `2006-01-02 15:04:05 MST`. */
import { fromSeconds, toSeconds } from '../../../bytes/time.ts';
import { CairnError } from '../../../errors.ts';
import { moment, UTC, zoned } from '../../../policy/zone.ts';
import { Times } from '../../output/times.ts';

const form = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d) ?([A-Z]{1,5}|[+-]\d\d:?\d\d)$/;

/** Nanoseconds. Zones are UTC, GMT, an offset, or the letters of the local zone at that time. */
export function parseGivenTime(flag: string, text: string, local: Times = new Times()): bigint {
  const bad = (why: string) =>
    new CairnError('usage', `flag '--${flag}' takes a time such as 2006-01-02 15:04:05 UTC, got '${text}'${why}`);
  const m = form.exec(text);
  if (m === null) throw bad('');
  const [year, month, day, hour, minute, second] = m.slice(1, 7).map(Number);
  const fields = { year, month, day, hour, minute, second };
  const utc = moment(fields, UTC);
  const shown = zoned(utc, UTC);
  if (
    shown.month !== month ||
    shown.day !== day ||
    shown.hour !== hour ||
    shown.minute !== minute ||
    shown.second !== second
  )
    throw bad(': there is no such time');
  const zone = m[7];
  if (zone === 'UTC' || zone === 'GMT' || zone === 'Z') return fromSeconds(utc);
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (offset !== null) {
    const seconds = Number(offset[2]) * 3600 + Number(offset[3]) * 60;
    return fromSeconds(offset[1] === '-' ? utc + seconds : utc - seconds);
  }
  // Twice a year the same clock time comes with two names; the name decides.
  const guess = moment(fields, local.zone);
  for (const seconds of [guess, guess - 3600, guess + 3600]) {
    const candidate = fromSeconds(seconds);
    if (local.text(candidate) === `${text.slice(0, 10)} ${text.slice(11, 19)} ${zone}`)
      return fromSeconds(toSeconds(candidate));
  }
  throw bad(`: '${zone}' is neither UTC nor the local zone`);
}
