/** Policies as JSON: lenient about what it does not know, strict about types, canonical when written. */
import { type Json, type JsonObject, isObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import { type Policy, type TimeOfDay, emptyPolicy } from './policy.ts';
import { type FieldType, type Section, isField, isUnset, policySchema } from './schema.ts';

type Loose = Record<string, unknown>;

export interface ReadOptions {
  /** The document comes from a person, not from a repository: faults are `invalid-argument`. */
  byHand?: boolean;
  /** Fields with other names than Kopia's that are let through; all are when absent. */
  unknown?: readonly string[];
}

/**
 * Reads a policy: keys in any letter case, `null` as absent, unknown keys kept.
 * Throws `corrupt` or `invalid-argument` naming the field when a value has a wrong type.
 */
export function policyFromJson(json: Json | undefined, options: ReadOptions = {}): Policy {
  const fail = (where: string, what: string): CairnError =>
    new CairnError(options.byHand ? 'invalid-argument' : 'corrupt', `policy field ${where || '(all)'}: ${what}`, {
      data: { field: where },
    });

  function readSection(section: Section, value: Json, where: string): Loose {
    if (!isObject(value)) throw fail(where, 'must be an object');
    const read = new Map<string, unknown>();
    for (const [key, node] of Object.entries(section)) if (!isField(node)) read.set(key, readSection(node, {}, key));
    for (const [key, member] of Object.entries(value)) {
      const name = knownName(section, key);
      const place = where === '' ? (name ?? key) : `${where}.${name ?? key}`;
      if (name === undefined) {
        if (options.unknown && !options.unknown.includes(place)) throw fail(place, 'no such field');
        read.set(key, member);
        continue;
      }
      if (member === null || member === undefined) continue;
      const node = section[name];
      read.set(name, isField(node) ? readField(node.type, member, place) : readSection(node, member, place));
    }
    return Object.fromEntries(read);
  }

  function readField(type: FieldType, value: Json, where: string): unknown {
    switch (type) {
      case 'bool':
      case 'optional-bool':
        if (typeof value !== 'boolean') throw fail(where, 'must be true or false');
        return value;
      case 'string':
        if (typeof value !== 'string') throw fail(where, 'must be a text');
        return value;
      case 'optional-int':
        return integer(value, where);
      case 'large':
      case 'optional-large':
        return typeof value === 'bigint' ? value : integer(value, where);
      case 'strings':
        if (!Array.isArray(value)) throw fail(where, 'must be a list of texts');
        return value.map((item) => readField('string', item ?? '', where));
      case 'times':
        if (!Array.isArray(value)) throw fail(where, 'must be a list of {"hour","min"}');
        return value.map((item) => readSection(timeOfDay, item ?? {}, where)).map(withZeros);
      case 'command':
        return readSection(actionCommand, value, where);
    }
  }

  function integer(value: Json, where: string): number {
    if (typeof value === 'bigint') return value < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw fail(where, 'must be a whole number');
    return value;
  }

  return readSection(policySchema, json ?? {}, '') as unknown as Policy;
}

const timeOfDay: Section = {
  hour: { type: 'optional-int', inherit: 'own' },
  min: { type: 'optional-int', inherit: 'own' },
};
const actionCommand: Section = {
  path: { type: 'string', inherit: 'own' },
  args: { type: 'strings', inherit: 'own' },
  script: { type: 'string', inherit: 'own' },
  timeout: { type: 'large', inherit: 'own' },
  mode: { type: 'string', inherit: 'own' },
};

function withZeros(time: Loose): TimeOfDay {
  return { hour: (time.hour as number) ?? 0, min: (time.min as number) ?? 0 };
}

function knownName(section: Section, key: string): string | undefined {
  if (Object.hasOwn(section, key)) return key;
  const lower = key.toLowerCase();
  return Object.keys(section).find((name) => name.toLowerCase() === lower);
}

/** The document in Kopia's key order with empty fields left out; unknown keys follow the known ones of their level. */
export function policyToJson(policy: Policy): JsonObject {
  return writeSection(policySchema, policy as unknown as Loose);
}

function writeSection(section: Section, value: Loose): JsonObject {
  const members: [string, Json][] = [];
  for (const [key, node] of Object.entries(section)) {
    const member = value[key];
    if (!isField(node)) members.push([key, writeSection(node, (member ?? {}) as Loose)]);
    else if (isUnset(node.type, member)) continue;
    else if (node.type === 'command') members.push([key, writeSection(actionCommand, member as Loose)]);
    else if (node.type === 'times')
      members.push([key, (member as TimeOfDay[]).map(({ hour, min }) => ({ hour, min }))]);
    else members.push([key, member as Json]);
  }
  for (const [key, member] of Object.entries(value)) {
    if (!Object.hasOwn(section, key) && member !== undefined) members.push([key, member as Json]);
  }
  return Object.fromEntries(members);
}

/** The fields that this program does not know, such as `files.newKey`. */
export function unknownFields(policy: Policy): string[] {
  const find = (section: Section, value: Loose, where: string): string[] =>
    Object.entries(value).flatMap(([key, member]) => {
      const node = Object.hasOwn(section, key) ? section[key] : undefined;
      if (node === undefined) return [where + key];
      return isField(node) ? [] : find(node, member as Loose, `${where}${key}.`);
    });
  return find(policySchema, policy as unknown as Loose, '');
}

/** A copy that can be changed without touching the original; unknown keys included. */
export function clonePolicy(policy: Policy): Policy {
  return { ...emptyPolicy(), ...structuredClone(policy) };
}

/** True when both would be stored as the same bytes. */
export function samePolicy(a: Policy, b: Policy): boolean {
  return stableText(policyToJson(a)) === stableText(policyToJson(b));
}

function stableText(json: Json): string {
  return JSON.stringify(json, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}
