import type { JsonObject } from '../../../bytes/json.ts';
import { CairnError } from '../../../errors.ts';
import { localSource } from '../../../policy/source.ts';
import { policyTree } from '../../../policy/store.ts';
import type { PolicyNode } from '../../../policy/tree.ts';
import { estimateTree, type Estimate, type FileCounts } from '../../../upload/estimate.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { secondsText } from '../../output/progress.ts';
import { sourceContext } from '../stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags, console, signal } = context;
  const speed = flags.number('upload-speed')!;
  if (!(speed > 0)) throw new CairnError('usage', "flag '--upload-speed' takes a number above 0");
  await withRepository(context, async ({ repository }) => {
    const source = localSource(args[0], sourceContext(context, repository));
    const { root } = await policyTree(repository.manifests, source);
    const found = await estimatePath(context, source.path, root, {
      maxExamples: Math.max(0, flags.number('max-examples-per-bucket')!),
      onDirectory:
        flags.bool('quiet') || context.json ? undefined : (path) => console.info(`Analyzing ${path || '.'}...`),
      signal,
    });
    const seconds = (found.included.bytes * 8) / (speed * 1e6);
    if (context.json)
      await console.json({ ...estimateJson(found), uploadSeconds: Math.round(seconds) }, context.jsonIndent);
    else {
      await printEstimate(context, found);
      await console.line(`\nEstimated upload time: ${secondsText(seconds)} at ${speed} Mbit/s`);
    }
  });
}

interface EstimatePathOptions {
  maxExamples?: number;
  own?: ReadonlySet<string>;
  onDirectory?(path: string): void;
  signal?: AbortSignal;
}

/** What a snapshot of a local path would hold; also used for the time an upload will take. */
export async function estimatePath(
  { ports, files }: Context,
  path: string,
  root: PolicyNode,
  options: EstimatePathOptions,
): Promise<Estimate> {
  if (ports.syncFiles === undefined) throw new CairnError('unsupported', 'this runtime gives no access to local files');
  let real;
  try {
    real = await files.realPath(path);
  } catch (cause) {
    throw new CairnError('file-not-found', `cannot read the source ${path}: ${(cause as Error).message}`, {
      cause,
      hint: 'check the spelling of the path',
    });
  }
  return estimateTree(real, root, {
    syncFiles: ports.syncFiles,
    clock: ports.clock,
    separator: files.separator,
    ...options,
  });
}

export async function printEstimate(context: Context, found: Estimate): Promise<void> {
  const { console, flags, size } = context;
  const { included, excluded, excludedDirectories } = found;
  await console.line(`Snapshot includes ${included.files} file(s), total size ${size(included.bytes)}`);
  await printBuckets(context, included, flags.has('show-files') && flags.bool('show-files'));
  await console.line();
  if (excluded.files === 0) await console.line('Snapshot excludes no files.');
  else {
    await console.line(`Snapshot excludes ${excluded.files} file(s), total size ${size(excluded.bytes)}`);
    await printBuckets(context, excluded, true);
  }
  if (excludedDirectories.count === 0) await console.line('Snapshot excludes no directories.');
  else {
    await console.line(`Snapshot excludes ${excludedDirectories.count} directories. Examples:`);
    for (const path of excludedDirectories.examples) await console.line(` - ${path}`);
  }
  if (found.specialFiles > 0)
    await console.line(`Snapshot cannot hold ${found.specialFiles} socket(s), device(s) or the like.`);
  if (found.errorCount > 0) {
    await console.line(`Encountered ${found.errorCount} error(s).`);
    for (const { error } of found.errors.slice(0, 10)) console.error(error.message);
  }
}

async function printBuckets({ console, size }: Context, { buckets }: FileCounts, showFiles: boolean): Promise<void> {
  for (const [at, { minSize, count, bytes, examples }] of buckets.entries()) {
    if (count === 0) continue;
    const range =
      at === 0 ? `>= ${size(minSize)}` : `${size(minSize).padEnd(6)}...${size(buckets[at - 1].minSize).padStart(6)}`;
    await console.line(`${range.padStart(18)}: ${String(count).padStart(7)} files, total size ${size(bytes)}`);
    if (showFiles) for (const example of examples) await console.line(` - ${example.path} - ${size(example.size)}`);
  }
}

export function estimateJson(found: Estimate): JsonObject {
  const counts = ({ files, bytes, buckets }: FileCounts) => ({
    files,
    bytes,
    buckets: buckets.filter(({ count }) => count > 0).map((bucket) => ({ ...bucket })),
  });
  return {
    schema: 1,
    included: counts(found.included),
    excluded: counts(found.excluded),
    excludedDirectories: { ...found.excludedDirectories },
    directories: found.directories,
    symlinks: found.symlinks,
    specialFiles: found.specialFiles,
    errorCount: found.errorCount,
    errors: found.errors.map(({ path, error }) => ({ path, error: error.message })),
  };
}
