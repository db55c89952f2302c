import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { encodeJson, isObject, member, parseJson, type Json } from '../bytes/json.ts';
import { formatTime, parseTime } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import type { Labels } from './types.ts';

/** One item of a manifest content (spec/repository-format.md section 14). */
export interface ManifestEntry {
  id: string;
  labels: Labels;
  modified: bigint;
  deleted: boolean;
  data: Json;
}

/** Plaintext of a manifest content after gunzip. */
export function parseManifestContent(bytes: Uint8Array): ManifestEntry[] {
  const bad = (why: string, cause?: unknown) =>
    new CairnError('corrupt', `damaged manifest content: ${why}`, { cause });
  let json;
  try {
    json = parseJson(fromUtf8(bytes));
  } catch (cause) {
    throw bad('it is not JSON', cause);
  }
  const list = isObject(json) ? member(json, 'entries') : undefined;
  if (!Array.isArray(list)) throw bad('it has no entries');
  return list.map((item) => {
    if (!isObject(item)) throw bad('an entry is not an object');
    const id = member(item, 'id');
    const modified = parseTime(String(member(item, 'modified') ?? ''));
    const labels = member(item, 'labels') ?? {};
    if (typeof id !== 'string' || modified === undefined || !isObject(labels))
      throw bad('an entry lacks its ID, time or labels');
    return {
      id,
      modified,
      labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)])),
      deleted: member(item, 'deleted') === true,
      data: member(item, 'data') ?? null,
    };
  });
}

export function encodeManifestContent(entries: readonly ManifestEntry[]): Uint8Array {
  const list = entries.map(({ id, labels, modified, deleted, data }) => ({
    id,
    labels: deleted ? null : sorted(labels),
    modified: formatTime(modified),
    deleted: deleted || undefined,
    data: deleted ? null : data,
  }));
  return utf8(encodeJson({ entries: list }) + '\n');
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
