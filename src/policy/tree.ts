/** Policies of the directories and files below a snapshot root (spec/snapshots-and-policies.md section 4.4). */
import { pathBelow } from './chain.ts';
import type { TargetedPolicy } from './merge.ts';
import type { Policy } from './policy.ts';
import type { SourceInfo } from './source.ts';

export interface PolicyNode {
  /** What applies here: this node's own policy, or that of the nearest ancestor with one. */
  readonly policy: Policy;
  /** The policy defined exactly here; the root has the effective one of the source. */
  readonly defined: Policy | undefined;
  /** The node of an entry of this directory. The same object is returned for all entries without policies below. */
  child(name: string): PolicyNode;
}

class Node implements PolicyNode {
  readonly children = new Map<string, Node>();
  defined: Policy | undefined;
  policy: Policy;
  private plain: Node | undefined;

  constructor(policy: Policy, defined?: Policy) {
    this.policy = policy;
    this.defined = defined;
  }

  child(name: string): PolicyNode {
    if (name === '' || name === '.') return this;
    const known = this.children.get(name);
    if (known !== undefined) return known;
    if (this.defined === undefined && this.children.size === 0) return this;
    return (this.plain ??= new Node(this.policy));
  }
}

/**
 * `root` is the effective policy of the source, `below` the stored policies of its user and host: those of paths
 * under the source count, exactly as stored. Kopia's quirk, kept: they are merged with nothing.
 */
export function buildPolicyTree(root: Policy, source: SourceInfo, below: readonly TargetedPolicy[]): PolicyNode {
  const top = new Node(root, root);
  const paths: [string[], Policy][] = [];
  for (const { target, policy } of below) {
    if (target.host !== source.host || target.userName !== source.userName) continue;
    const relative = pathBelow(source.path, target.path);
    if (relative !== undefined) paths.push([relative.split('/'), policy]);
  }
  // Shorter ones first, so that a node's policy is known when its children are made.
  paths.sort((a, b) => a[0].length - b[0].length);
  for (const [names, policy] of paths) {
    let node = top;
    for (const name of names) {
      let next = node.children.get(name);
      if (next === undefined) node.children.set(name, (next = new Node(node.policy)));
      node = next;
    }
    node.defined = policy;
    node.policy = policy;
  }
  return top;
}
