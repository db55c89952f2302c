import { encodeJson, isObject, member, parseJson, type Json } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';

/**
 * Blob name <-> path in a sharded tree (spec/storage-and-maintenance.md section 2.1): `<dirs>/<rest>.f` below the root.
 * Paths here are relative and use `/`; nothing touches a file system.
 */
export interface ShardLayout {
  /** Length of each directory name; empty for a flat tree. */
  readonly shards: readonly number[];
  /** Names up to this length lie in the root. */
  readonly maxNonShardedLength: number;
  /** The first whose prefix starts a name replaces `shards` for it. */
  readonly overrides: readonly ShardOverride[];
}

export interface ShardOverride {
  readonly prefix: string;
  readonly shards: readonly number[];
}

/** File in the root that holds the layout; without the suffix of blobs, so no listing shows it. */
export const SHARDS_FILE = '.shards';
export const BLOB_SUFFIX = '.f';

export function shardLayout(shards: readonly number[]): ShardLayout {
  return { shards, maxNonShardedLength: 20, overrides: [] };
}

/** Path of a blob; `invalid-argument` for a name that would leave the tree. */
export function blobPath(layout: ShardLayout, id: string): string {
  if (id === '' || /[/\\\0]/.test(id)) throw badName(id);
  if (id.length <= layout.maxNonShardedLength) return id + BLOB_SUFFIX;
  const shards = layout.overrides.find(({ prefix }) => id.startsWith(prefix))?.shards ?? layout.shards;
  let path = '';
  let rest = id;
  for (const length of shards) {
    if (rest.length <= length) break;
    if (length === 0) continue;
    const directory = rest.slice(0, length);
    if (directory === '.' || directory === '..') throw badName(id);
    path += directory + '/';
    rest = rest.slice(length);
  }
  return path + rest + BLOB_SUFFIX;
}

function badName(id: string): CairnError {
  return new CairnError('invalid-argument', `${JSON.stringify(id)} cannot be the name of a blob`, { data: { id } });
}

/** Name of the blob that a path holds; undefined for a file that is none (temporary ones, `.shards`). */
export function blobIdOf(path: string): string | undefined {
  if (!path.endsWith(BLOB_SUFFIX)) return undefined;
  const id = path.slice(0, -BLOB_SUFFIX.length).replaceAll('/', '');
  return id === '' ? undefined : id;
}

/** True when a directory whose joined names are `joined` can hold names that start with `prefix`. */
export function mayHold(joined: string, prefix: string): boolean {
  return prefix.startsWith(joined) || joined.startsWith(prefix);
}

/** `.shards` as Kopia writes it. */
export function encodeShards(layout: ShardLayout): string {
  return (
    encodeJson({
      default: layout.shards,
      maxNonShardedLength: layout.maxNonShardedLength,
      overrides:
        layout.overrides.length === 0 ? undefined : layout.overrides.map(({ prefix, shards }) => ({ prefix, shards })),
    }) + '\n'
  );
}

/** Reads `.shards`; undefined when it is malformed. Absent members are empty or zero, as Kopia takes them. */
export function parseShards(text: string): ShardLayout | undefined {
  let json: Json;
  try {
    json = parseJson(text);
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const shards = parseShardLengths(member(json, 'default'));
  const maxNonShardedLength = member(json, 'maxNonShardedLength') ?? 0;
  const list = member(json, 'overrides') ?? [];
  if (shards === undefined || !isLength(maxNonShardedLength) || !Array.isArray(list)) return undefined;
  const overrides: ShardOverride[] = [];
  for (const item of list as Json[]) {
    if (!isObject(item)) return undefined;
    const prefix = member(item, 'prefix') ?? '';
    const lengths = parseShardLengths(member(item, 'shards'));
    if (typeof prefix !== 'string' || lengths === undefined) return undefined;
    overrides.push({ prefix, shards: lengths });
  }
  return { shards, maxNonShardedLength, overrides };
}

/** A list of directory name lengths; null and absent are the empty one, anything else undefined. */
export function parseShardLengths(json: Json | undefined): number[] | undefined {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json) || json.length > 64 || !json.every(isLength)) return undefined;
  return json as number[];
}

function isLength(json: Json | undefined): json is number {
  return typeof json === 'number' && Number.isInteger(json) && json >= 0 && json <= 1024;
}
