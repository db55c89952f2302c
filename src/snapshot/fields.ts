import { isObject, type Json, type JsonObject } from '../bytes/json.ts';
import { clampTime, parseTime } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';

/**
 * JSON objects that others wrote, read as Go reads them (spec/snapshots-and-policies.md section 3.4): keys in any
 * letter case, the last one wins, null is absent. Keys that this program does not know are kept and written again.
 */
export interface Extra {
  /** Unknown members, in their order. */
  extra?: JsonObject;
}

type Present = Exclude<Json, null>;
export type FieldReader<T> = (into: T, value: Present) => void;

/** Readers by key, also found by the lower-case key. */
export function defineFields<T>(readers: Record<string, FieldReader<T>>): ReadonlyMap<string, FieldReader<T>> {
  const fields = new Map(Object.entries(readers));
  for (const [key, reader] of Object.entries(readers)) fields.set(key.toLowerCase(), reader);
  return fields;
}

/** Fills `into` from a JSON object; `corrupt` when it is none or a member has the wrong type. */
export function readFields<T extends Extra>(
  json: Json | undefined,
  what: string,
  into: T,
  fields: ReadonlyMap<string, FieldReader<T>>,
): T {
  if (!isObject(json)) throw new CairnError('corrupt', `${what} is not a JSON object`);
  for (const key of Object.keys(json)) {
    const value = json[key];
    if (value === undefined) continue;
    const read = fields.get(key) ?? fields.get(key.toLowerCase());
    if (read === undefined) into.extra = { ...into.extra, [key]: value };
    else if (value !== null) {
      try {
        read(into, value);
      } catch (cause) {
        throw new CairnError('corrupt', `${what}: bad "${key}": ${(cause as Error).message}`, { cause });
      }
    }
  }
  return into;
}

/** A text; parts of UTF-16 pairs become U+FFFD as in Go, so that they are not taken for raw bytes of a name. */
export function asText(value: Present): string {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value.isWellFormed() ? value : value.toWellFormed();
}

/** An integer; exact up to 2^53. */
export function asInteger(value: Present): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new TypeError('not an integer');
  return value;
}

export function asCount(value: Present): number {
  const count = asInteger(value);
  if (count < 0) throw new TypeError('negative');
  return count;
}

export function asId(value: Present): number {
  const id = asCount(value);
  if (id > 0xffffffff) throw new TypeError('more than 32 bits');
  return id;
}

export function asTime(value: Present): bigint {
  const time = parseTime(asText(value));
  if (time === undefined) throw new TypeError('not a time');
  return clampTime(time);
}

export function asList(value: Present): readonly Json[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value as readonly Json[];
}

/** An object whose members are all texts. */
export function asTexts(value: Present): Record<string, string> {
  if (!isObject(value)) throw new TypeError('not an object');
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [asText(key), asText(text!)]));
}
