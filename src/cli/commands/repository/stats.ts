import type { Json } from '../../../bytes/json.ts';
import { repositoryStats, type ContentSum, type RepositoryStats } from '../../../repository/stats.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';

export async function run(context: Context): Promise<void> {
  const { console, signal, jsonIndent } = context;
  await withRepository(context, async ({ repository }) => {
    const stats = await repositoryStats(repository, signal);
    for (const id of stats.unreadable)
      console.warning(`snapshot ${id} cannot be read; its data is missing in the original size`);
    const all = sumOf(stats);
    if (context.json) return console.json(statsJson(stats, all), jsonIndent);
    for (const line of lines(context, stats, all)) await console.line(line);
  });
}

function statsJson(stats: RepositoryStats, all: ContentSum): Json {
  const { original, files, directories, manifests, storage } = stats;
  return {
    schema: 1,
    ...stats,
    original: { ...original },
    files: { ...files },
    directories: { ...directories },
    manifests: { ...manifests },
    all: { ...all },
    storage: { ...storage },
  };
}

function sumOf({ files, directories, manifests }: RepositoryStats): ContentSum {
  const all = { contents: 0, unique: 0, packed: 0 };
  for (const sum of [files, directories, manifests])
    for (const key of ['contents', 'unique', 'packed'] as const) all[key] += sum[key];
  return all;
}

function lines({ size }: Context, stats: RepositoryStats, all: ContentSum): string[] {
  const { original, files, directories, manifests, storage } = stats;
  const row = (label: string, value: string, note: string) =>
    `${(label + ':').padEnd(16)} ${value.padStart(10)}   ${note}`;
  const parts = (key: 'unique' | 'packed') =>
    `files ${size(files[key])}, directories ${size(directories[key])}, manifests ${size(manifests[key])}`;
  const interrupted = stats.incomplete === 0 ? '' : `, ${stats.incomplete} of them incomplete`;
  return [
    row('Snapshots', String(stats.snapshots), `of ${stats.sources} source(s)${interrupted}`),
    row('Original data', size(original.bytes), `in ${original.files} file(s), if every snapshot were restored`),
    row('Unique data', size(all.unique), `in ${all.contents} content(s): ${parts('unique')}`),
    row('Packed data', size(all.packed), parts('packed')),
    row('Storage used', size(storage.bytes), `in ${storage.blobs} blob(s), of which packs ${size(storage.packBytes)}`),
    ...(original.bytes === 0
      ? []
      : [row('Ratio', percent(storage.bytes, original.bytes), 'storage used of original data')]),
  ];
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)}%`;
}
