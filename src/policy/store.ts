/** Policies in a repository: one manifest a target (spec/snapshots-and-policies.md section 4.1). */
import { CairnError, isCairnError } from '../errors.ts';
import type { ManifestMetadata, ManifestReader, ManifestWriter } from '../manifest/types.ts';
import type { Clock } from '../ports.ts';
import { pathBelow, policyChain } from './chain.ts';
import { policyFromJson, policyToJson } from './document.ts';
import { type EffectivePolicy, type TargetedPolicy, mergePolicies } from './merge.ts';
import { type Policy, emptyPolicy } from './policy.ts';
import {
  type SourceContext,
  type SourceInfo,
  compareSources,
  formatSource,
  parseSource,
  policyLabels,
  sourceFromLabels,
} from './source.ts';
import { type PolicyNode, buildPolicyTree } from './tree.ts';
import { validatePolicy } from './validate.ts';

export interface StoredPolicy extends TargetedPolicy {
  id: string;
}

/** A manifest that replaces another must be younger by its clock. */
const REPLACE_GAP_MS = 100;

/** The policy set on exactly this target, if there is one; of several, made by two writers at once, the newest. */
export async function definedPolicy(manifests: ManifestReader, target: SourceInfo): Promise<StoredPolicy | undefined> {
  const found = newest(await manifests.find(policyLabels(target)));
  return found === undefined ? undefined : load(manifests, found);
}

/** All policies in the order of their targets' texts. */
export async function listPolicies(manifests: ManifestReader): Promise<StoredPolicy[]> {
  const policies: StoredPolicy[] = [];
  for (const metadata of (await policyIndex(manifests)).values()) policies.push(await load(manifests, metadata));
  return policies.toSorted((a, b) => compareSources(a.target, b.target));
}

/** Puts the policy in the place of those the target has; returns the new manifest's ID. */
export async function setPolicy(
  manifests: ManifestWriter,
  target: SourceInfo,
  policy: Policy,
  clock: Pick<Clock, 'now' | 'sleep'>,
): Promise<string> {
  validatePolicy(target, policy);
  const labels = policyLabels(target);
  for (const { id, modified } of await manifests.find(labels)) {
    if (clock.now() - modified < BigInt(REPLACE_GAP_MS) * 1_000_000n) await clock.sleep(REPLACE_GAP_MS);
    await manifests.delete(id);
  }
  return manifests.put(labels, policyToJson(policy));
}

/** Removes the target's policy; `manifest-not-found` when it has none. */
export async function removePolicy(manifests: ManifestWriter, target: SourceInfo): Promise<void> {
  const found = await manifests.find(policyLabels(target));
  if (found.length === 0) {
    throw new CairnError('manifest-not-found', `there is no policy of ${formatSource(target)}`, {
      hint: '`policy list` shows the policies there are',
    });
  }
  for (const { id } of found) await manifests.delete(id);
}

/** The target that a text on the command line means: a policy's ID, or a source. */
export async function policyTarget(
  manifests: ManifestReader,
  text: string,
  context: SourceContext,
): Promise<SourceInfo> {
  if (/^[0-9a-f]{32}$/.test(text)) {
    try {
      const { metadata } = await manifests.get(text);
      if (metadata.labels.type === 'policy') return sourceFromLabels(metadata.labels);
    } catch (error) {
      if (!isCairnError(error, 'manifest-not-found')) throw error;
    }
  }
  return parseSource(text, context);
}

/** What applies to a target after inheritance, and where each value comes from. */
export async function effectivePolicy(manifests: ManifestReader, target: SourceInfo): Promise<EffectivePolicy> {
  return merged(manifests, await policyIndex(manifests), target);
}

export interface PolicyTree {
  effective: EffectivePolicy;
  root: PolicyNode;
}

/** The policies of everything below a source, for its snapshot. */
export async function policyTree(manifests: ManifestReader, source: SourceInfo): Promise<PolicyTree> {
  const index = await policyIndex(manifests);
  const effective = await merged(manifests, index, source);
  const below: StoredPolicy[] = [];
  for (const metadata of index.values()) {
    const { host, userName, path } = sourceFromLabels(metadata.labels);
    if (host !== source.host || userName !== source.userName || pathBelow(source.path, path) === undefined) continue;
    below.push(await load(manifests, metadata));
  }
  return { effective, root: buildPolicyTree(effective.policy, source, below) };
}

async function merged(manifests: ManifestReader, index: PolicyIndex, target: SourceInfo): Promise<EffectivePolicy> {
  const levels: TargetedPolicy[] = [];
  for (const level of policyChain(target)) {
    const metadata = index.get(keyOf(level));
    if (metadata !== undefined) levels.push(await load(manifests, metadata));
    else if (levels.length === 0) levels.push({ target, policy: emptyPolicy() });
  }
  return mergePolicies(levels, target);
}

/** The newest policy manifest of each target. */
type PolicyIndex = Map<string, ManifestMetadata>;

function keyOf({ host, userName, path }: SourceInfo): string {
  return `${host}\0${userName}\0${path}`;
}

async function policyIndex(manifests: ManifestReader): Promise<PolicyIndex> {
  const index: PolicyIndex = new Map();
  for (const metadata of await manifests.find({ type: 'policy' })) {
    const key = keyOf(sourceFromLabels(metadata.labels));
    const known = index.get(key);
    if (known === undefined || metadata.modified >= known.modified) index.set(key, metadata);
  }
  return index;
}

function newest(found: readonly ManifestMetadata[]): ManifestMetadata | undefined {
  return found.reduce<ManifestMetadata | undefined>(
    (best, item) => (best === undefined || item.modified >= best.modified ? item : best),
    undefined,
  );
}

async function load(manifests: ManifestReader, { id, labels }: ManifestMetadata): Promise<StoredPolicy> {
  const target = sourceFromLabels(labels);
  const { data } = await manifests.get(id);
  try {
    return { id, target, policy: policyFromJson(data) };
  } catch (error) {
    if (!(error instanceof CairnError)) throw error;
    throw new CairnError(error.code, `policy ${id} of ${formatSource(target)}: ${error.message}`, {
      cause: error,
      data: { ...error.data, manifest: id },
    });
  }
}
