import type { JsonObject } from '../../../bytes/json.ts';
import { formatTime } from '../../../bytes/time.ts';
import { CairnError } from '../../../errors.ts';
import type { Labels, ManifestMetadata } from '../../../manifest/types.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { JsonList } from '../../output/json-list.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, times } = context;
  const filter = labelsOf(flags.texts('filter'));
  const keys = flags.texts('sort');
  await withRepository(context, async ({ repository: { manifests } }) => {
    const found = await manifests.find(filter);
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    for (const metadata of found.toSorted(byLabels(keys))) {
      const { id, length, labels, modified } = metadata;
      if (list !== undefined) await list.add(manifestJson(metadata));
      else
        await console.line(
          `${id} ${String(length).padStart(10)} ${times.text(modified)} type:${labels.type} ${labelText(labels)}`,
        );
    }
    await list?.end();
  });
}

export function manifestJson({ id, length, labels, modified }: ManifestMetadata): JsonObject {
  return { id, length, labels: sorted(labels), mtime: formatTime(modified) };
}

function labelsOf(filters: readonly string[]): Labels {
  const labels: Labels = {};
  for (const filter of filters) {
    const colon = filter.indexOf(':');
    if (colon < 0) throw new CairnError('usage', `invalid list filter "${filter}", missing ':'`);
    labels[filter.slice(0, colon)] = filter.slice(colon + 1);
  }
  return labels;
}

function byLabels(keys: readonly string[]): (a: ManifestMetadata, b: ManifestMetadata) => number {
  return (a, b) => {
    for (const key of keys) {
      const [x, y] = [a.labels[key] ?? '', b.labels[key] ?? ''];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  };
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function labelText(labels: Labels): string {
  return Object.entries(sorted(labels))
    .filter(([key]) => key !== 'type')
    .map(([key, value]) => `${key}:${value}`)
    .join(' ');
}
