/** Effective policies: how fields are inherited, and from where each came (spec/snapshots-and-policies.md 4.2). */
import { compareNames } from '../bytes/name.ts';
import { type Definition, type Policy, type TimeOfDay, builtInPolicy, emptyPolicy } from './policy.ts';
import { type Field, type Section, isField, isUnset, policySchema } from './schema.ts';
import { GLOBAL, type SourceInfo } from './source.ts';

export interface TargetedPolicy {
  target: SourceInfo;
  policy: Policy;
}

export interface EffectivePolicy {
  target: SourceInfo;
  policy: Policy;
  definition: Definition;
  /** The target whose `noParent` ended inheritance, built-in values included. */
  stoppedAt?: SourceInfo;
}

type Loose = Record<string, unknown>;

/** Merges policies, most specific first, over the built-in one. The first is the target's own, or an empty one. */
export function mergePolicies(policies: readonly TargetedPolicy[], target: SourceInfo): EffectivePolicy {
  const policy = emptyPolicy();
  const definition = emptyOrigins(policySchema) as unknown as Definition;
  const merge = (from: Policy, origin: SourceInfo): void =>
    mergeSection(policySchema, policy as unknown as Loose, from as unknown as Loose, definition as Loose, origin);
  for (const level of policies) {
    merge(level.policy, level.target);
    // Kopia's quirk, kept: built-in values and folder actions are left out too.
    if (level.policy.noParent) return { target, policy, definition, stoppedAt: level.target };
  }
  merge(builtInPolicy(), GLOBAL);
  const { beforeFolder, afterFolder } = policies[0]?.policy.actions ?? {};
  if (beforeFolder !== undefined) policy.actions.beforeFolder = beforeFolder;
  if (afterFolder !== undefined) policy.actions.afterFolder = afterFolder;
  return { target, policy, definition };
}

function mergeSection(section: Section, into: Loose, from: Loose, origins: Loose, origin: SourceInfo): void {
  for (const [key, node] of Object.entries(section)) {
    const value = from[key];
    if (!isField(node)) {
      if (value !== undefined) mergeSection(node, into[key] as Loose, value as Loose, origins[key] as Loose, origin);
    } else if (node.inherit === 'union') {
      mergeUnion(key, node, into, from, origins, origin);
    } else if (node.inherit === 'first' && isUnset(node.type, into[key]) && !isUnset(node.type, value)) {
      into[key] = value;
      origins[key] = origin;
    }
  }
}

function mergeUnion(key: string, field: Field, into: Loose, from: Loose, origins: Loose, origin: SourceInfo): void {
  const stop = field.stop!;
  const added = (from[key] ?? []) as unknown[];
  const stopped = into[stop] === true;
  // Kopia's quirk, kept: times of a level beyond the stop still claim the origin.
  if (added.length > 0 && (!stopped || field.type === 'times')) origins[key] = origin;
  if (!stopped && added.length > 0) {
    const all = [...((into[key] ?? []) as unknown[]), ...added];
    into[key] = field.type === 'times' ? sortTimes(all as TimeOfDay[]) : sortTexts(all as string[]);
  }
  if (from[stop] === true) into[stop] = true;
}

/** Sorted by hour and minute, each once. */
export function sortTimes(times: readonly TimeOfDay[]): TimeOfDay[] {
  return times
    .toSorted((a, b) => a.hour - b.hour || a.min - b.min)
    .filter((time, i, all) => i === 0 || time.hour !== all[i - 1].hour || time.min !== all[i - 1].min);
}

/** Sorted by bytes, each once. */
export function sortTexts(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted(compareNames);
}

function emptyOrigins(section: Section): Loose {
  const origins: Loose = {};
  for (const [key, node] of Object.entries(section)) {
    if (!isField(node)) origins[key] = emptyOrigins(node);
    else if (node.inherit === 'first' || node.inherit === 'union') origins[key] = GLOBAL;
  }
  return origins;
}
