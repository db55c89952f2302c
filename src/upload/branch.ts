import type { IgnoreContext } from '../policy/ignore.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { FileStat } from '../ports.ts';
import { joinPath, type LocalEntry } from './local.ts';

/** A directory to be walked. */
export interface Branch {
  name: string;
  path: string;
  /** Where it would lie if no action had sent the walk elsewhere. */
  sourcePath: string;
  /** From the snapshot's root: empty for the root itself, else `/a/b`. */
  relative: string;
  stat: FileStat;
  node: PolicyNode;
  /** The rules in force in its parent. */
  rules: IgnoreContext;
  /** Object IDs of the earlier directories in its place. */
  previousIds: readonly string[];
}

/** The branch that an entry of a directory is; `rules` are those in force in that directory. */
export function branchBelow(
  parent: Branch,
  { name, path, stat }: LocalEntry,
  rules: IgnoreContext,
  previousIds: readonly string[],
  separator: string,
): Branch {
  return {
    name,
    path,
    sourcePath: joinPath(parent.sourcePath, name, separator),
    relative: `${parent.relative}/${name}`,
    stat: stat!,
    node: parent.node.child(name),
    rules,
    previousIds,
  };
}
