import type { JsonObject } from '../../../bytes/json.ts';
import { formatCount } from '../../../bytes/size.ts';
import { fromSeconds } from '../../../bytes/time.ts';
import type { ContentInfo } from '../../../content/types.ts';
import { compressorById } from '../../../kernels/compressors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { compressionPercent } from '../../output/histogram.ts';
import { JsonList } from '../../output/json-list.ts';
import { contentFilter } from './range.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  const wanted = contentFilter(context);
  const deletedOnly = flags.bool('deleted-only');
  const withDeleted = deletedOnly || flags.bool('deleted');
  await withRepository(context, async ({ repository }) => {
    const list = context.json ? new JsonList(console, context.jsonIndent) : undefined;
    let count = 0;
    let total = 0;
    for (const info of repository.contents.entries()) {
      if (!wanted(info) || (info.deleted ? !withDeleted : deletedOnly)) continue;
      count++;
      total += info.packedLength;
      if (list === undefined) await console.line(contentLine(context, info));
      else await list.add(contentJson(info));
    }
    await list?.end();
    if (flags.bool('summary') && list === undefined) {
      const human = flags.bool('human');
      const shown = human ? formatCount(count) : count;
      await console.line(`Total: ${shown} contents, ${human ? context.size(total) : total} total size`);
    }
  });
}

function contentLine(context: Context, info: ContentInfo): string {
  const { flags, times } = context;
  const size = (bytes: number) => (flags.bool('human') ? context.size(bytes) : String(bytes));
  const deleted = info.deleted ? ' (deleted)' : '';
  if (flags.bool('compression'))
    return `${info.id} length ${size(info.originalLength)} packed ${size(info.packedLength)} ${compression(info)} ${deleted}`;
  if (!flags.bool('long')) return info.id;
  const time = times.text(fromSeconds(info.timestamp));
  return `${info.id} ${size(info.originalLength)} ${time} ${info.packBlob} ${info.packOffset}+${size(info.packedLength)}${deleted} ${compression(info)}`;
}

function compression(info: ContentInfo): string {
  if (info.compression === 0) return '-';
  return `${compressorName(info.compression)} ${compressionPercent(info.originalLength, info.packedLength)}`;
}

export function compressorName(id: number): string {
  try {
    return compressorById(id).name;
  } catch {
    return `unknown-${id.toString(16)}`;
  }
}

export function contentJson(info: ContentInfo): JsonObject {
  return {
    packFile: info.packBlob || undefined,
    time: info.timestamp,
    originalLength: info.originalLength,
    length: info.packedLength,
    packOffset: info.packOffset || undefined,
    compression: info.compression || undefined,
    contentID: info.id,
    deleted: info.deleted,
    formatVersion: info.formatVersion,
  };
}
