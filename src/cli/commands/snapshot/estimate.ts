/** What a snapshot is going to read, counted beside the upload by the same rules: for the time left, nothing else. */
import { enterDirectory, IgnoreContext, ignoreFileNames, skipsCaches } from '../../../policy/ignore.ts';
import type { PolicyNode } from '../../../policy/tree.ts';
import type { Clock, SyncFiles } from '../../../ports.ts';
import { isCacheDirectory, joinPath, localEntries, readIgnoreFile } from '../../../upload/local.ts';

interface Place {
  path: string;
  /** From the source, `/a/b`. */
  relative: string;
  device: number;
  node: PolicyNode;
  context: IgnoreContext;
}

export interface EstimateOptions {
  files: SyncFiles;
  clock: Clock;
  separator: string;
  own: ReadonlySet<string>;
  signal: AbortSignal;
}

/** The event loop gets a turn at least this often, milliseconds. */
const TURN = 20;

/** Bytes of the files below a local path; what cannot be looked at counts nothing. */
export async function estimateBytes(path: string, root: PolicyNode, options: EstimateOptions): Promise<number> {
  const { files, clock, signal } = options;
  const stat = files.lstat(path);
  if (stat.kind !== 'directory') return stat.size;
  const stack: Place[] = [{ path, relative: '', device: stat.device, node: root, context: IgnoreContext.empty }];
  let total = 0;
  let turned = clock.monotonic();
  while (stack.length > 0) {
    try {
      total += countDirectory(stack.pop()!, stack, options);
    } catch {
      // The upload meets the same error and reports it.
    }
    if (clock.monotonic() - turned < TURN) continue;
    await clock.sleep(0, signal);
    turned = clock.monotonic();
  }
  return total;
}

/** Bytes of the files right in a directory; its directories are pushed. */
function countDirectory(place: Place, stack: Place[], { files, separator, own }: EstimateOptions): number {
  const { path, relative, device, node } = place;
  const names = files.list(path).map(({ name }) => name);
  const present = new Set(names);
  if (skipsCaches(node) && isCacheDirectory(files, path, present, separator)) return 0;
  const ignoreFiles = ignoreFileNames(place.context, node).flatMap((name) => {
    const data = present.has(name) ? readIgnoreFile(files, joinPath(path, name, separator), separator) : undefined;
    return data === undefined ? [] : [{ name, data }];
  });
  const context = enterDirectory(place.context, node, relative, ignoreFiles);
  let total = 0;
  for (const { name, stat } of localEntries(files, path, names, separator)) {
    const at = joinPath(path, name, separator);
    if (stat === undefined || own.has(at)) continue;
    const candidate = { name, kind: stat.kind, size: stat.size, device: stat.device };
    if (context.judge(relative, candidate, device) !== 'include') continue;
    if (stat.kind === 'file') total += stat.size;
    else if (stat.kind === 'directory')
      stack.push({ path: at, relative: `${relative}/${name}`, device: stat.device, node: node.child(name), context });
  }
  return total;
}
