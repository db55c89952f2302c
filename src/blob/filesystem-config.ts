import { member, type Json, type JsonObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import { parseShardLengths } from './sharded.ts';

/** Settings of a file system storage (spec/storage-and-maintenance.md section 1, connection info). */
export interface FilesystemConfig {
  /** Absolute. */
  path: string;
  fileMode: number;
  dirMode: number;
  /** Given to new files when the program runs as root. */
  owner?: { uid: number; gid: number };
  /** Undefined for the default layout. */
  shards?: readonly number[];
  /** Directories read at once by a list. */
  listParallelism: number;
}

const DEFAULT_PARALLELISM = 8;

export function parseFilesystemConfig(config: JsonObject, separator: '/' | '\\'): FilesystemConfig {
  const path = member(config, 'path');
  if (typeof path !== 'string' || path === '') throw bad('path', 'is missing');
  if (!isAbsolute(path, separator)) throw bad('path', `must be absolute, not ${JSON.stringify(path)}`);
  const uid = wholeNumber(config, 'uid');
  const gid = wholeNumber(config, 'gid');
  const dirShards = member(config, 'dirShards');
  const shards = parseShardLengths(dirShards);
  if (shards === undefined) throw bad('dirShards', 'is not a list of lengths');
  return {
    path,
    fileMode: wholeNumber(config, 'fileMode', 0o7777) || 0o600,
    dirMode: wholeNumber(config, 'dirMode', 0o7777) || 0o700,
    ...(uid === undefined || gid === undefined ? {} : { owner: { uid, gid } }),
    ...(dirShards === undefined || dirShards === null ? {} : { shards }),
    listParallelism: wholeNumber(config, 'listParallelism', 1024) || DEFAULT_PARALLELISM,
  };
}

function isAbsolute(path: string, separator: '/' | '\\'): boolean {
  return separator === '/' ? path.startsWith('/') : /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path);
}

function wholeNumber(config: JsonObject, name: string, most = 0xffff_ffff): number | undefined {
  const value: Json | undefined = member(config, name) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw bad(name, `is not a whole number from 0 to ${most}`);
}

function bad(name: string, why: string): CairnError {
  return new CairnError('invalid-argument', `filesystem storage: ${name} ${why}`, { data: { name } });
}
