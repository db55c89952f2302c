/** The connection file, Kopia's layout (spec/storage-and-maintenance.md section 4.1). Keys not known here are kept. */
import type { ConnectionInfo } from '../../blob/storage.ts';
import { indentJson, isObject, member, parseJson, type Json, type JsonObject } from '../../bytes/json.ts';
import { CairnError } from '../../errors.ts';
import type { Files, Random } from '../../ports.ts';
import { readOptionalFile, writePrivateFile } from './write-file.ts';

export interface ClientConfig {
  /** The storage, or for a connection through a server `apiServer`. */
  storage?: ConnectionInfo;
  apiServer?: JsonObject;
  /** As in the file: sizes in bytes, ages in seconds. Undefined: no caching section. */
  caching?: JsonObject;
  hostname: string;
  username: string;
  readonly: boolean;
  permissiveCacheLoading: boolean;
  description: string;
  enableActions: boolean;
  /** Nanoseconds; 0 for the default. */
  formatBlobCacheDuration: bigint;
  throttlingLimits?: JsonObject;
  /** Members of the file that are none of the above. */
  unknown: JsonObject;
}

const known = [
  'storage',
  'apiServer',
  'caching',
  'hostname',
  'username',
  'readonly',
  'permissiveCacheLoading',
  'description',
  'enableActions',
  'formatBlobCacheDuration',
  'throttlingLimits',
];

/** Undefined when there is no such file; `corrupt` when it is not what it should be. */
export async function readConfig(files: Files, path: string): Promise<ClientConfig | undefined> {
  const bytes = await readOptionalFile(files, path);
  return bytes === undefined ? undefined : parseConfig(new TextDecoder().decode(bytes), path);
}

export function parseConfig(text: string, path: string): ClientConfig {
  const bad = (why: string) =>
    new CairnError('corrupt', `error loading config file ${path}: ${why}`, {
      data: { path },
      hint: "connect again with 'cairn repository connect ...', or restore the file",
    });
  let json: Json;
  try {
    json = parseJson(text);
  } catch {
    throw bad('it is not JSON');
  }
  if (!isObject(json)) throw bad('it is not a JSON object');
  const file = json;
  const get = (name: string): Json | undefined => member(file, name) ?? undefined;
  const object = (name: string): JsonObject | undefined => {
    const value = get(name);
    if (value !== undefined && !isObject(value)) throw bad(`'${name}' is not an object`);
    return value as JsonObject | undefined;
  };
  const scalar = <T>(name: string, type: string, absent: T): T => {
    const value = get(name);
    if (value === undefined) return absent;
    if (typeof value !== type) throw bad(`'${name}' is not a ${type}`);
    return value as T;
  };
  const duration = get('formatBlobCacheDuration') ?? 0;
  if (typeof duration !== 'bigint' && !Number.isSafeInteger(duration))
    throw bad(`'formatBlobCacheDuration' is not a number`);
  const storage = object('storage');
  return {
    storage: storage === undefined ? undefined : connectionInfo(storage, bad),
    apiServer: object('apiServer'),
    caching: object('caching'),
    hostname: scalar('hostname', 'string', ''),
    username: scalar('username', 'string', ''),
    readonly: scalar('readonly', 'boolean', false),
    permissiveCacheLoading: scalar('permissiveCacheLoading', 'boolean', false),
    description: scalar('description', 'string', ''),
    enableActions: scalar('enableActions', 'boolean', false),
    formatBlobCacheDuration: BigInt(duration as number | bigint),
    throttlingLimits: object('throttlingLimits'),
    unknown: Object.fromEntries(
      Object.entries(file).filter(([key]) => !known.some((name) => name.toLowerCase() === key.toLowerCase())),
    ),
  };
}

/** `{"type","config"}` of a configuration file or token. */
export function connectionInfo(json: Json | undefined, bad: (why: string) => CairnError): ConnectionInfo {
  const type = isObject(json) ? member(json, 'type') : undefined;
  const config = isObject(json) ? member(json, 'config') : undefined;
  if (typeof type !== 'string' || type === '') throw bad("the storage has no 'type'");
  if (!isObject(config)) throw bad("the storage has no 'config'");
  return { type, config: config as JsonObject };
}

/** Kopia's order of keys, two spaces, no newline at the end. */
export function configToText(config: ClientConfig): string {
  return indentJson({
    storage: config.storage as unknown as JsonObject | undefined,
    apiServer: config.apiServer,
    caching: config.caching,
    hostname: config.hostname,
    username: config.username,
    readonly: config.readonly || undefined,
    permissiveCacheLoading: config.permissiveCacheLoading || undefined,
    description: config.description || undefined,
    enableActions: config.enableActions,
    formatBlobCacheDuration: config.formatBlobCacheDuration || undefined,
    throttlingLimits: config.throttlingLimits,
    ...config.unknown,
  });
}

export async function writeConfig(files: Files, random: Random, path: string, config: ClientConfig): Promise<void> {
  await writePrivateFile(files, random, path, new TextEncoder().encode(configToText(config)));
}
